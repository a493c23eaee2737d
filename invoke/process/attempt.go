package process

import (
	"time"

	"github.com/penstock/penstock/invoke"
)

// settleTime is how long a caller waits, once there is an answer, for the
// runtime to be through with the invocation, so that the log it gets is whole.
// Only a runtime that works on after its answer takes noticeable time; on a busy
// machine the next poll of any other may be 100 ms late.
const settleTime = 500 * time.Millisecond

// An attempt is one invocation in its environment, from START to REPORT.
type attempt struct {
	e        *environment
	inv      *invocation
	c        *child // nil: none was started, and there is an answer
	begun    time.Time
	cold     bool
	initTook time.Duration // shown by the REPORT line
}

// begin writes START and gives the event to a process; when there is none, wait
// starts one.
func (e *environment) begin(inv *invocation) *attempt {
	t := &attempt{e: e, inv: inv, begun: time.Now()}
	t.c, t.initTook = e.p.pool.hold(e)
	t.cold = t.c == nil || t.initTook > 0
	if t.c != nil {
		t.c.capture.drain() // older output is not this invocation's
	}
	inv.deadline = t.begun.Add(e.p.fn.Timeout)
	inv.clock = time.NewTimer(e.p.fn.Timeout)
	e.log.begin(inv, e.p.lines.start(inv.id))
	if t.c != nil {
		t.c.api.deliver(inv)
	}
	return t
}

// start starts a process within the invocation and gives it the event. A failed
// init is the answer. An error means that nothing could be started.
func (t *attempt) start() (err error) {
	t.cold, t.initTook = true, 0
	t.c, err = t.e.startInside(t.inv, t.inv.clock.C)
	if t.c != nil {
		t.c.api.deliver(t.inv)
	}
	return err
}

// wait returns when the runtime is through with the invocation: it polled
// again, or ended, or used up its time and is killed. It returns false, and may
// be called again, when leave is closed or when there was an answer settleTime
// ago.
func (t *attempt) wait(leave <-chan struct{}, patient bool) (over bool) {
	for restarted := false; t.c != nil; {
		select {
		case <-t.inv.done:
		case <-leave:
			return false
		case <-t.inv.clock.C:
			if left := time.Until(t.inv.deadline); left > 0 && t.inv.hasAnswer() {
				t.inv.clock.Reset(left)
				if !patient {
					return false
				}
				continue
			}
			t.e.expire(t.c, t.inv)
		case <-t.c.exited:
			if !t.inv.wasHanded() && !restarted && t.e.p.pool.restart(t.e) && t.start() == nil {
				restarted = true
				continue // it ended before it saw the event
			}
			if t.c != nil {
				t.inv.answer(exited(t.inv.id, t.c.spawned.exit))
			}
		}
		break
	}
	return true
}

// conclude writes the closing lines and returns the result. An error means that
// Shutdown cut the invocation off.
func (t *attempt) conclude() (invoke.Result, error) {
	p, inv := t.e.p, t.inv
	inv.clock.Stop()
	if !inv.hasAnswer() {
		inv.answer(answer{payload: failureObject("Sandbox.Failure", "RequestId: "+inv.id+" Error: the process could not be started again"), status: "failure"})
	}
	a := inv.outcome()
	if t.e.isAborted() && (a.kind == "Runtime.ExitError" || a.status == "timeout") {
		t.e.log.end(inv)
		return invoke.Result{}, errClosed
	}
	f := figures{took: min(time.Since(t.begun), p.fn.Timeout), init: t.initTook, answer: a, peakMB: t.e.peakMB()}
	if t.c != nil {
		t.c.capture.drain()
	}
	var notes []string
	switch {
	case a.status == "timeout":
		notes = append(notes, p.lines.timeout(inv.id, p.fn.Timeout, time.Now()))
	case a.kind == "Runtime.ExitError" || a.kind == "Runtime.InvalidEntrypoint":
		notes = append(notes, p.lines.crash(a)...)
	}
	t.e.log.end(inv, append(notes, p.lines.end(inv.id, f)...)...)
	return p.result(inv.id, a, inv.tail, t.cold), nil
}
