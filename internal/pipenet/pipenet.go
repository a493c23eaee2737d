// Package pipenet is a network inside this process: a net.Listener and a dialer
// joined by buffered in-memory connections. It lets net/http servers and clients
// talk without ports, also inside a testing/synctest bubble, where real sockets
// would keep the fake clock from moving.
//
// It refuses to be a network: there are no addresses to tell apart, no packets,
// no latency and no faults. Whoever dials a Listener reaches that Listener.
package pipenet

import (
	"context"
	"net"
	"sync"
)

// A Listener accepts the connections that its own DialContext opens.
// It is safe for concurrent use. Close it when done.
type Listener struct {
	incoming chan *conn
	done     chan struct{}
	once     sync.Once
}

// Listen returns an open Listener. It cannot fail and takes no port.
func Listen() *Listener {
	return &Listener{incoming: make(chan *conn), done: make(chan struct{})}
}

// Accept waits for the next connection. After Close it returns net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, l.failed("accept", net.ErrClosed)
	default:
	}
	select {
	case c := <-l.incoming:
		return c, nil
	case <-l.done:
		return nil, l.failed("accept", net.ErrClosed)
	}
}

// Close stops accepting and makes waiting and later dials fail. Connections
// that are already open stay open, as with TCP; their owners close them.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr returns a fixed address that names no port.
func (l *Listener) Addr() net.Addr { return addr{} }

// DialContext opens a connection to l, whatever the network and the address say:
// it is what an http.Transport wants as its DialContext. It waits until the
// connection is accepted, ctx is done, or l is closed.
func (l *Listener) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, l.failed("dial", err)
	}
	near, far := pair()
	select {
	case <-l.done:
		return nil, l.failed("dial", net.ErrClosed)
	default:
	}
	select {
	case l.incoming <- far:
		return near, nil
	case <-l.done:
		return nil, l.failed("dial", net.ErrClosed)
	case <-ctx.Done():
		return nil, l.failed("dial", ctx.Err())
	}
}

func (l *Listener) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: addr{}.Network(), Addr: addr{}, Err: err}
}

type addr struct{}

func (addr) Network() string { return "pipe" }
func (addr) String() string  { return "pipe" }
