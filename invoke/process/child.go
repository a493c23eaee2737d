package process

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// killTime is how long a killed process may take to be gone.
	killTime = 2 * time.Second
	// exitTime is what a runtime gets to end by itself after it reported that
	// init failed; its last lines of log come in that time.
	exitTime = 200 * time.Millisecond
	// sampleTime is the shortest time between two looks at a process's memory.
	sampleTime = 50 * time.Millisecond
	// headerLimit admits the X-Ray cause header, of up to 1 MiB, and the rest.
	headerLimit = 4 << 20
)

// A child is one process of a function, its Runtime API and its output. The
// Runtime API carries nothing that tells processes apart: hence one listener
// for each.
type child struct {
	api     *api
	from    launcher
	spawned *spawned
	capture *capture
	server  *http.Server
	exited  chan struct{} // closed when it is gone and all it said was taken
	pollers int           // polls that wait and are promised to nobody; guarded by pool.mu

	sampled atomic.Int64 // Unix nanoseconds
	peak    atomic.Int64 // KiB
}

// startChild starts a process; the caller ends it with kill.
func startChild(e *environment, from launcher) (*child, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	out, in, err := os.Pipe()
	if err != nil {
		listener.Close()
		return nil, err
	}
	defer in.Close()
	c := &child{from: from, exited: make(chan struct{})}
	fn := e.p.fn
	c.api = newAPI(fn.PerProcess, extensionInfo{fn.Name, fn.Version, fn.Handler}, func(n int) { e.p.pool.polled(c, n) })
	c.capture, err = newCapture(out, e.log)
	if err == nil {
		c.spawned, err = from.start(e.plan.argv, e.variables(listener.Addr().String()), fn.CodeDir, in)
	}
	if err != nil {
		out.Close()
		listener.Close()
		return nil, err
	}
	c.server = &http.Server{
		Handler: c.api,
		// No time limits: a poll lasts as long as there is nothing to do.
		MaxHeaderBytes: headerLimit,
		ErrorLog:       log.New(io.Discard, "", 0),
	}
	var serving sync.WaitGroup
	serving.Go(func() { c.server.Serve(listener) })
	serving.Go(c.capture.run)
	go func() {
		<-c.spawned.done
		// An answer may have arrived just before the end: let it be read.
		ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
		c.server.Shutdown(ctx)
		cancel()
		c.server.Close()
		c.capture.close()
		serving.Wait()
		close(c.exited)
		e.p.pool.ended()
	}()
	return c, nil
}

func (c *child) ended() bool {
	select {
	case <-c.exited:
		return true
	default:
		return false
	}
}

// awaitInit waits for the first poll. When it does not come, a says why; limit
// reached means status "timeout".
func (c *child) awaitInit(id string, limit <-chan time.Time) (failed bool, a answer) {
	select {
	case <-c.api.started:
		return false, a
	case a = <-c.api.initFailed:
		c.leave(exitTime)
		return true, a
	case <-limit:
		return true, answer{status: "timeout"}
	case <-c.exited:
	}
	select {
	case <-c.api.started:
		return false, a
	case a = <-c.api.initFailed:
		return true, a
	default:
		return true, exited(id, c.spawned.exit)
	}
}

// leave waits until the process is gone, at most d.
func (c *child) leave(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c.exited:
	case <-t.C:
	}
}

// terminate asks the process group to end and waits for it, at most grace.
func (c *child) terminate(grace time.Duration) {
	c.from.signal(c.spawned, syscall.SIGTERM)
	c.leave(grace)
}

// kill ends the process and everything it started, and waits.
func (c *child) kill() {
	if c.ended() {
		return
	}
	c.from.kill(c.spawned)
	c.leave(killTime)
}

// peakKB is the most memory the process held, as far as is known: it is looked
// up at most every sampleTime while it runs.
func (c *child) peakKB() int64 {
	select {
	case <-c.spawned.done:
		return max(c.peak.Load(), c.spawned.exit.MaxRSS)
	default:
	}
	now := time.Now().UnixNano()
	if last := c.sampled.Load(); now-last > int64(sampleTime) && c.sampled.CompareAndSwap(last, now) {
		c.peak.Store(max(c.peak.Load(), peakKB(c.spawned.pid)))
	}
	return c.peak.Load()
}
