package process

import (
	"io"
	"os"
	"sync"
	"syscall"
)

// A capture reads what a process writes to stdout and stderr, which are one
// pipe so that their order is kept. It reads at all times: a full pipe would
// hold up the function.
type capture struct {
	to   io.Writer
	pipe *os.File
	raw  syscall.RawConn
	done chan struct{} // closed when run returned

	mu     sync.Mutex // held over a read and the write that follows
	buffer []byte
}

func newCapture(pipe *os.File, to io.Writer) (*capture, error) {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &capture{to: to, pipe: pipe, raw: raw, done: make(chan struct{}), buffer: make([]byte, 64<<10)}, nil
}

// run reads until the writers are gone or close is called.
func (c *capture) run() {
	defer close(c.done)
	for end := false; !end; {
		err := c.raw.Read(func(fd uintptr) bool {
			n, again := c.step(int(fd))
			end = n == 0 && !again
			return n > 0 || end
		})
		if err != nil {
			return
		}
	}
}

// step reads once without waiting. It returns the bytes taken; when there were
// none, again says whether more may come.
func (c *capture) step(fd int) (n int, again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		n, err := syscall.Read(fd, c.buffer)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return 0, true
		case err != nil || n == 0:
			return 0, false
		}
		c.to.Write(c.buffer[:n])
		return n, true
	}
}

// drainSteps bounds drain: a function that never stops writing cannot hold up
// its own END line.
const drainSteps = 64

// drain takes over what was written until now, without waiting for more.
func (c *capture) drain() {
	c.raw.Control(func(fd uintptr) {
		for range drainSteps {
			if n, _ := c.step(int(fd)); n == 0 {
				return
			}
		}
	})
}

// close takes what is left and stops run, even if somebody (a grandchild that
// survived) still holds the other end.
func (c *capture) close() {
	c.drain()
	c.pipe.Close()
	<-c.done
}
