package sqs

import (
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"
)

// A moveTask moves messages out of a dead-letter queue, a few at each tick of a
// timer. Its lock is never held together with a queue's.
type moveTask struct {
	svc       *Service
	id        string
	source    *queue
	to        string // ARN; empty: where each message came from
	perSecond *int
	started   time.Time

	step sync.Mutex // held while a tick moves messages

	mu     sync.Mutex
	status string
	reason string
	total  int
	moved  int
	next   time.Time // of the tick to come, on the Service's clock
	timer  *time.Timer
}

// unpaced is how many messages a task without a rate moves at one tick.
const unpaced = 100

func (t *moveTask) handle() string {
	text, _ := json.Marshal(taskHandle{t.id, t.source.arn}) // two strings cannot fail
	return base64.StdEncoding.EncodeToString(text)
}

func (t *moveTask) running() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.status == "RUNNING"
}

// begin counts what is to be moved and sets the first tick.
func (t *moveTask) begin() {
	t.source.mu.Lock()
	t.source.settle(t.svc.now())
	total := len(t.source.messages) - t.source.flying - t.source.waiting
	t.source.mu.Unlock()
	t.mu.Lock()
	t.total = total
	t.mu.Unlock()
	t.schedule(0)
}

// schedule sets the next tick, if the task still runs.
func (t *moveTask) schedule(after time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.status == "RUNNING" {
		t.next = t.svc.now().Add(after)
		t.timer = time.AfterFunc(after, t.tick)
	}
}

// hurry looks at the clock again after it was advanced.
func (t *moveTask) hurry() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.status == "RUNNING" && t.timer != nil && t.timer.Stop() {
		t.timer = time.AfterFunc(max(0, t.next.Sub(t.svc.now())), t.tick)
	}
}

func (t *moveTask) tick() {
	t.step.Lock()
	defer t.step.Unlock()
	count, pause := unpaced, time.Duration(0)
	if t.perSecond != nil {
		count, pause = 1, time.Second/time.Duration(*t.perSecond)
	}
	for range count {
		if !t.running() {
			return
		}
		more, failure := t.moveOne()
		if !more {
			t.end(failure)
			break
		}
	}
	t.svc.journal.flush(t.svc)
	t.schedule(pause)
}

// moveOne moves the next message. more is false when none is left or when the task
// cannot go on, for which failure has the reason.
func (t *moveTask) moveOne() (more bool, failure string) {
	now := t.svc.now()
	q := t.source
	q.mu.Lock()
	q.settle(now)
	m := q.first()
	if m == nil || q.gone {
		q.mu.Unlock()
		return false, ""
	}
	target := t.to
	if target == "" {
		target = m.source
	}
	to := t.svc.byARN(target)
	switch {
	case target == "":
		failure = "CouldNotDetermineMessageSource"
	case to == nil || to.fifo != q.fifo:
		failure = "AWS.SimpleQueueService.NonExistentQueue"
	}
	if failure != "" {
		q.mu.Unlock()
		return false, failure
	}
	q.drop(m)
	q.mu.Unlock()
	if !t.deliver(m, to, now) {
		q.mu.Lock()
		q.insert(m)
		q.changed(now)
		q.mu.Unlock()
		return false, "AWS.SimpleQueueService.NonExistentQueue"
	}
	t.mu.Lock()
	t.moved++
	t.mu.Unlock()
	return true, ""
}

// deliver adds m to its destination as a new message; false: the queue is gone.
func (t *moveTask) deliver(m *message, to *queue, now time.Time) bool {
	to.mu.Lock()
	defer to.mu.Unlock()
	if to.gone {
		return false
	}
	fresh := m.moved(now)
	fresh.id = t.svc.newID()
	to.add(fresh, time.Time{}, now)
	t.source.note(Moved, m, now, func(e *Event) { e.To, e.NewID = to.arn, fresh.id })
	to.changed(now)
	return true
}

// first returns the message that would be received next, without hiding it.
func (q *queue) first() *message {
	if !q.fifo {
		return q.ready.top()
	}
	if e := q.groups.ready.Front(); e != nil {
		return e.Value.(*group).head
	}
	return nil
}

func (t *moveTask) end(failure string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.status != "RUNNING":
	case failure != "":
		t.status, t.reason = "FAILED", failure
	default:
		t.status = "COMPLETED"
	}
}

// cancel ends the task and returns how many messages it moved; false if it had
// ended before. It waits for a tick that is at work, so none moves after it.
func (t *moveTask) cancel() (int, bool) {
	t.mu.Lock()
	was := t.status
	if was == "RUNNING" {
		t.status = "CANCELLED"
		if t.timer != nil {
			t.timer.Stop()
		}
	}
	t.mu.Unlock()
	t.step.Lock()
	defer t.step.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.moved, was == "RUNNING"
}

func (t *moveTask) stop() { t.cancel() }

func (t *moveTask) describe() MoveTask {
	t.mu.Lock()
	defer t.mu.Unlock()
	total := t.total
	out := MoveTask{Status: t.status, SourceARN: t.source.arn, DestinationARN: t.to, PerSecond: t.perSecond,
		Moved: t.moved, ToMove: &total, FailureReason: t.reason, Started: t.started.UnixMilli()}
	if t.status == "RUNNING" {
		out.TaskHandle = t.handle()
	}
	return out
}
