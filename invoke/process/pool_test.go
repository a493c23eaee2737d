package process

import (
	"testing"
	"time"
)

// TestLastOutOfARetiredEnvironment: also an invocation that never ran makes room
// for those that wait.
func TestLastOutOfARetiredEnvironment(t *testing.T) {
	p := &Process{host: &Host{}, fn: Function{Concurrency: 2, PerProcess: 2}}
	p.pool.init(p)
	c := &child{exited: make(chan struct{})}
	e := &environment{p: p, child: c, busy: 1, idle: time.AfterFunc(time.Hour, func() {})}
	p.pool.envs = append(p.pool.envs, e)
	p.pool.work.Add(1)
	p.pool.retire(e)
	waits := make(chan *environment, 1)
	p.pool.waiting = append(p.pool.waiting, waits)
	close(c.exited)
	p.pool.mu.Lock()
	p.pool.giveBack(e)
	p.pool.mu.Unlock()
	select {
	case got := <-waits:
		if got != e || !e.starting || e.busy != 1 {
			t.Errorf("got %p, starting %v, busy %d", got, e.starting, e.busy)
		}
	default:
		t.Error("the environment is retired for ever")
	}
}

// TestPollersOfAnotherProcess: what a process that was given up still does is
// no room in the one that took its place.
func TestPollersOfAnotherProcess(t *testing.T) {
	p := &Process{host: &Host{}, fn: Function{Concurrency: 1, PerProcess: 1}}
	p.pool.init(p)
	old, now := &child{exited: make(chan struct{})}, &child{exited: make(chan struct{})}
	e := &environment{p: p, child: now}
	p.pool.envs = append(p.pool.envs, e)
	if p.pool.polled(old, 1); p.pool.free() != nil {
		t.Error("a poller of the old process is room in the new one")
	}
	if p.pool.polled(now, 1); p.pool.free() != e {
		t.Error("a poller of the new process is no room")
	}
}
