package process

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"
)

// An environment is one place where a function runs: a temporary folder, a log
// stream, and one process after the other. The folder outlives a process that
// crashed or timed out, as /tmp does on AWS.
type environment struct {
	p    *Process
	plan *plan
	tmp  string
	log  *recorder

	// Guarded by pool.mu.
	child    *child // nil or dead: the next invocation starts one
	busy     int    // invocations
	starting bool
	retired  bool          // takes no more invocations until its process has ended
	initTook time.Duration // of a start nobody was told of yet
	used     time.Time
	idle     *time.Timer
	timed    bool // idle runs

	mu      sync.Mutex
	process *child // the last one started
	aborted bool   // by Shutdown: start nothing more
}

func newEnvironment(p *Process, made *plan) (*environment, error) {
	tmp, err := p.host.tempFolder()
	if err != nil {
		return nil, err
	}
	e := &environment{
		p: p, plan: made, tmp: tmp, used: time.Now(),
		log: &recorder{
			sink: p.host.Logs, function: p.fn.Name, quota: p.host.LogLimit,
			stream: newStream(time.Now(), p.fn.Version),
		},
	}
	if e.log.quota <= 0 {
		e.log.quota = 4 << 20
	}
	e.idle = time.AfterFunc(time.Hour, func() { p.pool.reap(e) })
	e.idle.Stop()
	return e, nil
}

func (e *environment) alive() bool { return e.child != nil && !e.child.ended() }

// room says whether an invocation can go here now. pool.mu is held.
func (e *environment) room(perProcess int) bool {
	switch {
	case e.starting || e.retired:
		return false
	case !e.alive():
		return e.busy == 0
	}
	return e.child.pollers > 0 && e.busy < perProcess
}

// initialise starts the first process outside of any invocation. When it fails
// there is none, and the invocation repeats it.
func (e *environment) initialise() (*child, time.Duration) {
	begun := time.Now()
	e.log.say(e.p.lines.initStart())
	c, err := e.launch()
	if err != nil {
		return nil, 0
	}
	limit := e.p.host.InitLimit
	if limit <= 0 {
		limit = 10 * time.Second
	}
	failed, a := c.awaitInit("", time.After(limit))
	took := time.Since(begun)
	if failed {
		c.kill()
		e.log.say(e.p.lines.initReport(took, "init", a))
		return nil, 0
	}
	return c, took
}

// startInside starts a process within an invocation, under its deadline. A
// failed init answers the invocation and leaves no process.
func (e *environment) startInside(inv *invocation, deadline <-chan time.Time) (*child, error) {
	begun := time.Now()
	c, err := e.launch()
	if entry := (*entryError)(nil); errors.As(err, &entry) {
		inv.answer(e.p.badEntrypoint(inv.id, entry))
		e.p.pool.started(e, nil)
		return nil, nil
	}
	if err != nil {
		e.p.pool.started(e, nil)
		return nil, err
	}
	failed, a := c.awaitInit(inv.id, deadline)
	if failed {
		if a.status == "timeout" {
			a = timedOut(inv.id, e.p.fn.Timeout)
		}
		inv.answer(a)
		c.kill()
		e.log.say(e.p.lines.initReport(time.Since(begun), "invoke", a))
		c = nil
	}
	e.p.pool.started(e, c)
	return c, nil
}

// expire ends an invocation's time. A process with nothing else to do is killed
// at once; one that is shared takes no more, and ends with its last invocation.
func (e *environment) expire(c *child, inv *invocation) {
	inv.answer(timedOut(inv.id, e.p.fn.Timeout))
	if e.p.fn.PerProcess == 1 {
		c.kill()
		return
	}
	c.api.expire(inv)
	e.p.pool.retire(e)
}

// stop ends the environment: by force, or with a SIGTERM first.
func (e *environment) stop(force bool) {
	e.mu.Lock()
	c := e.process
	e.aborted = true
	e.mu.Unlock()
	if c != nil && !c.ended() {
		if !force {
			c.terminate(e.p.host.grace())
		}
		c.kill()
	}
	os.RemoveAll(e.tmp)
}

func (e *environment) isAborted() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.aborted
}

func (e *environment) peakMB() int {
	e.mu.Lock()
	c := e.process
	e.mu.Unlock()
	if c == nil {
		return 0
	}
	return int((c.peakKB() + 1023) / 1024)
}

// launch starts a process for this environment.
func (e *environment) launch() (*child, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.aborted {
		return nil, errClosed
	}
	from, err := e.p.host.launch()
	if err != nil {
		return nil, err
	}
	c, err := startChild(e, from)
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return nil, notRunnable(e.plan.argv, errno)
	}
	if err != nil {
		return nil, err
	}
	e.process = c
	return c, nil
}

func (h *Host) grace() time.Duration {
	if h.Grace > 0 {
		return h.Grace
	}
	return 500 * time.Millisecond
}
