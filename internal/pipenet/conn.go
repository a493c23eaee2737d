package pipenet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// bufferLimit is how many bytes one direction holds before a writer waits.
const bufferLimit = 64 << 10

// conn is one end of a connection: it reads from one lane and writes to the other.
type conn struct {
	in, out *lane
}

func pair() (near, far *conn) {
	a, b := newLane(), newLane()
	return &conn{in: a, out: b}, &conn{in: b, out: a}
}

func (c *conn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *conn) Write(p []byte) (int, error) { return c.out.write(p) }

// Close ends both directions: the other end reads what was written and then io.EOF.
func (c *conn) Close() error {
	c.out.closeWrite()
	c.in.closeRead()
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return addr{} }
func (c *conn) RemoteAddr() net.Addr { return addr{} }

func (c *conn) SetDeadline(t time.Time) error {
	c.in.readBy.set(t)
	c.out.writeBy.set(t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error  { c.in.readBy.set(t); return nil }
func (c *conn) SetWriteDeadline(t time.Time) error { c.out.writeBy.set(t); return nil }

// A lane carries bytes one way. A condition variable is used because waiting on
// it counts as blocked in a synctest bubble, and a wait can have three causes.
type lane struct {
	mu              sync.Mutex
	moved           *sync.Cond
	buf             []byte
	ended           bool // the writer is gone
	abandoned       bool // the reader is gone
	readBy, writeBy deadline
}

func newLane() *lane {
	l := &lane{}
	l.moved = sync.NewCond(&l.mu)
	l.readBy.lane, l.writeBy.lane = l, l
	return l
}

func (l *lane) read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.abandoned:
			return 0, net.ErrClosed
		case l.readBy.passed:
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case len(l.buf) > 0:
			n := copy(p, l.buf)
			l.buf = l.buf[n:]
			if len(l.buf) == 0 {
				l.buf = nil
			}
			l.moved.Broadcast()
			return n, nil
		case l.ended:
			return 0, io.EOF
		}
		l.moved.Wait()
	}
}

func (l *lane) write(p []byte) (written int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.ended:
			return written, net.ErrClosed
		case l.abandoned:
			return written, syscall.EPIPE
		case l.writeBy.passed:
			return written, os.ErrDeadlineExceeded
		case len(p) == 0:
			return written, nil
		case len(l.buf) < bufferLimit:
			n := min(len(p), bufferLimit-len(l.buf))
			l.buf = append(l.buf, p[:n]...)
			p, written = p[n:], written+n
			l.moved.Broadcast()
			continue
		}
		l.moved.Wait()
	}
}

func (l *lane) closeWrite() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.writeBy.stop()
	l.moved.Broadcast()
}

func (l *lane) closeRead() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.abandoned, l.buf = true, nil
	l.readBy.stop()
	l.moved.Broadcast()
}

// A deadline makes the waits of one end of a lane fail from a moment on.
// Its fields are guarded by the lane's mutex.
type deadline struct {
	lane   *lane
	timer  *time.Timer
	passed bool
	serial int // tells a timer that fires late from the deadline set after it
}

func (d *deadline) set(t time.Time) {
	d.lane.mu.Lock()
	defer d.lane.mu.Unlock()
	d.stop()
	d.passed = false
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.passed = true
		d.lane.moved.Broadcast()
		return
	}
	serial := d.serial
	d.timer = time.AfterFunc(left, func() {
		d.lane.mu.Lock()
		defer d.lane.mu.Unlock()
		if d.serial == serial {
			d.passed = true
			d.lane.moved.Broadcast()
		}
	})
}

func (d *deadline) stop() {
	d.serial++
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
