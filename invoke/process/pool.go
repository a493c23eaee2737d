package process

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// errClosed is the fate of invocations that come too late.
var errClosed = errors.New("the function is closed")

// A pool holds the environments of one function. It starts one when an
// invocation finds none free, up to the limit; beyond it invocations wait in
// order.
type pool struct {
	p    *Process
	most int // environments

	// work counts invocations, starts and idle stops: what Close waits for.
	work sync.WaitGroup

	mu      sync.Mutex
	envs    []*environment
	waiting []chan *environment // each of capacity 1
	closed  bool
}

func (l *pool) init(p *Process) {
	l.p = p
	l.most = (p.fn.Concurrency + p.fn.PerProcess - 1) / p.fn.PerProcess
}

// acquire returns an environment with room for one invocation, now taken.
func (l *pool) acquire(ctx context.Context, made *plan) (*environment, error) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil, errClosed
	}
	if e := l.free(); e != nil {
		l.take(e)
		l.mu.Unlock()
		return e, nil
	}
	got := make(chan *environment, 1)
	l.waiting = append(l.waiting, got)
	if err := l.grow(made); err != nil {
		l.forget(got)
		l.mu.Unlock()
		return nil, err
	}
	l.mu.Unlock()

	select {
	case e := <-got:
		if e == nil {
			return nil, errClosed
		}
		return e, nil
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.forget(got) {
			if e := <-got; e != nil {
				l.giveBack(e)
			}
		}
		return nil, context.Cause(ctx)
	}
}

// grow starts an environment if those that wait are more than those that are
// starting will serve. mu is held.
func (l *pool) grow(made *plan) error {
	coming := 0
	for _, e := range l.envs {
		if e.starting { // by an invocation, which has its place, or before any
			coming += l.p.fn.PerProcess - e.busy
		}
	}
	if len(l.envs) >= l.most || len(l.waiting) <= coming {
		return nil
	}
	e, err := newEnvironment(l.p, made)
	if err != nil {
		return err
	}
	e.starting = true
	l.envs = append(l.envs, e)
	l.work.Go(func() {
		c, took := e.initialise()
		l.mu.Lock()
		defer l.mu.Unlock()
		e.starting, e.child, e.initTook = false, c, took
		l.rest(e)
		l.dispatch()
	})
	return nil
}

// free finds an environment with room; the one used last, so that the others
// grow old and are stopped. mu is held.
func (l *pool) free() *environment {
	var best *environment
	for _, e := range l.envs {
		if e.room(l.p.fn.PerProcess) && (best == nil || e.used.After(best.used)) {
			best = e
		}
	}
	return best
}

// take marks room in e as used. mu is held.
func (l *pool) take(e *environment) {
	l.work.Add(1)
	e.busy++
	e.used = time.Now()
	if e.alive() {
		e.child.pollers--
		return
	}
	e.starting, e.child = true, nil // the invocation starts a process
}

// giveBack undoes take for an invocation that never ran. mu is held.
func (l *pool) giveBack(e *environment) {
	if e.child == nil {
		e.starting = false
	} else {
		e.child.pollers++
	}
	l.leave(e)
}

// release ends an invocation's hold on e.
func (l *pool) release(e *environment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.used = time.Now()
	l.leave(e)
}

// leave lets an invocation out of e. The last one out of a retired environment
// ends its process. mu is held, but not while the process ends.
func (l *pool) leave(e *environment) {
	defer l.work.Done()
	e.busy--
	if e.retired && e.busy == 0 {
		c := e.child
		l.mu.Unlock()
		if c != nil {
			c.kill()
		}
		l.mu.Lock()
		e.retired, e.child = false, nil
	}
	l.rest(e)
	l.dispatch()
}

// polled counts n pollers that came to c; negative: that went away without an
// event. One that was promised to an invocation may go as well: the count is
// then below zero until the next comes and takes that invocation.
func (l *pool) polled(c *child, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.pollers += n
	l.dispatch()
}

// ended serves those that wait for an environment whose process is gone: they
// start another.
func (l *pool) ended() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dispatch()
}

// started ends the start of a process inside an invocation. The invocation has
// the first poller.
func (l *pool) started(e *environment, c *child) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.starting, e.child = false, c
	if c != nil {
		c.pollers--
	}
	l.dispatch()
}

// hold returns what an invocation works with: the process, nil if it has to
// start one, and how long init took if nobody was told yet.
func (l *pool) hold(e *environment) (c *child, init time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	init, e.initTook = e.initTook, 0
	return e.child, init
}

// restart forgets e's process, which is gone, and lets the caller start another.
// It fails while other invocations share the environment.
func (l *pool) restart(e *environment) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.starting || e.busy > 1 {
		return false
	}
	e.starting, e.child = true, nil
	return true
}

// retire keeps new invocations from e until its process has ended.
func (l *pool) retire(e *environment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.retired = true
}

// dispatch serves those that wait. mu is held.
func (l *pool) dispatch() {
	for len(l.waiting) > 0 {
		e := l.free()
		if e == nil {
			return
		}
		l.take(e)
		l.waiting[0] <- e
		l.waiting = l.waiting[1:]
	}
}

// forget takes a waiter out of the queue; false: it was served. mu is held.
func (l *pool) forget(got chan *environment) bool {
	i := slices.Index(l.waiting, got)
	if i < 0 {
		return false
	}
	l.waiting = slices.Delete(l.waiting, i, i+1)
	return true
}

// rest starts the idle clock of an environment without work, unless it runs: it
// is left to run while there is work, and looks again then. mu is held.
func (l *pool) rest(e *environment) {
	if e.busy == 0 && !l.closed && !e.timed {
		e.timed = true
		e.idle.Reset(l.p.host.idle())
	}
}

// reap stops an environment that was idle long enough.
func (l *pool) reap(e *environment) {
	l.mu.Lock()
	e.timed = false
	if left := l.p.host.idle() - time.Since(e.used); l.closed || e.busy > 0 || e.starting || left > 0 {
		if left > 0 && e.busy == 0 && !e.starting && !l.closed {
			e.timed = true
			e.idle.Reset(left)
		} // else rest comes
		l.mu.Unlock()
		return
	}
	l.envs = slices.DeleteFunc(l.envs, func(other *environment) bool { return other == e })
	l.work.Add(1)
	defer l.work.Done()
	l.mu.Unlock()
	e.stop(false)
}

// close ends everything; first says that this call was the first.
func (l *pool) close(ctx context.Context) (err error, first bool) {
	l.mu.Lock()
	first = !l.closed
	l.closed = true
	for _, got := range l.waiting {
		close(got)
	}
	l.waiting = nil
	l.mu.Unlock()
	if !first {
		l.work.Wait()
		return nil, false
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		l.work.Wait()
	}()
	select {
	case <-over:
	case <-ctx.Done():
		err = context.Cause(ctx)
		l.each(func(e *environment) { e.stop(true) })
		<-over
	}
	l.each(func(e *environment) { e.stop(err != nil) })
	return err, true
}

// each calls f for every environment, at the same time.
func (l *pool) each(f func(*environment)) {
	l.mu.Lock()
	envs := slices.Clone(l.envs)
	l.mu.Unlock()
	var all sync.WaitGroup
	for _, e := range envs {
		all.Go(func() { f(e) })
	}
	all.Wait()
}

func (h *Host) idle() time.Duration {
	if h.Idle > 0 {
		return h.Idle
	}
	return 5 * time.Minute
}
