package daemon

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// plainEvery is how often progress is told where no line can be rewritten.
const plainEvery = 10 * time.Second

// A console is the two outputs of the command. Writes to either come out whole.
// On a terminal a status line stands below them while something takes long.
type console struct {
	terminal bool // err is one
	live     bool // err can rewrite its last line

	mu     sync.Mutex
	out    io.Writer
	err    io.Writer
	status string    // the line that is shown
	drawn  bool      // it is on the screen now
	told   time.Time // when progress was last told as a plain line
}

func newConsole(out, err io.Writer) *console {
	terminal := isTerminal(err)
	return &console{terminal: terminal, live: terminal && os.Getenv("TERM") != "dumb", out: out, err: err}
}

// A stream is one output of a console.
type stream struct {
	*console
	to io.Writer
}

func (s stream) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	n, err := s.to.Write(text)
	if len(text) > 0 && text[len(text)-1] == '\n' {
		s.draw()
	}
	return n, err
}

// show makes text the status line; empty takes it away. Without a terminal it
// does nothing.
func (c *console) show(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.live || text == c.status {
		return
	}
	c.erase()
	c.status = shorten(text, 78)
	c.draw()
}

// progress shows text as the status line, or prints it as a line now and then.
func (c *console) progress(text string) {
	c.show(text)
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); !c.live && text != "" && now.Sub(c.told) >= plainEvery {
		c.told = now
		fmt.Fprintln(c.err, text)
	}
}

func (c *console) erase() {
	if c.drawn {
		io.WriteString(c.err, "\r\x1b[K")
		c.drawn = false
	}
}

func (c *console) draw() {
	if c.status != "" {
		io.WriteString(c.err, c.status)
		c.drawn = true
	}
}
