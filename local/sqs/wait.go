package sqs

import (
	"slices"
	"time"
)

// A waiter is one long poll that found nothing.
type waiter struct{ woken chan struct{} }

// wait puts a long poll in the row; q is locked.
func (q *queue) wait(now time.Time) *waiter {
	w := &waiter{woken: make(chan struct{}, 1)}
	q.waiters = append(q.waiters, w)
	q.arm(now)
	return w
}

// leave takes a waiter out of the row; q is locked. If it was woken and leaves
// without looking, the one behind it is woken instead.
func (q *queue) leave(w *waiter) {
	if i := slices.Index(q.waiters, w); i >= 0 {
		q.waiters = slices.Delete(q.waiters, i, i+1)
		return
	}
	q.wake()
}

// changed wakes a long poll if there is something for it, and makes sure that one
// is woken when the next hidden message ends its wait. Every operation that may
// have changed either calls it last.
func (q *queue) changed(now time.Time) {
	q.wake()
	q.arm(now)
}

// wake wakes the first long poll if it would find something. When that one has
// taken its share it wakes the next, so a message never wakes a herd.
func (q *queue) wake() {
	if len(q.waiters) == 0 || !q.receivable() {
		return
	}
	q.waiters[0].woken <- struct{}{} // buffered, and signalled once only
	q.waiters = slices.Delete(q.waiters, 0, 1)
}

func (q *queue) wakeAll() {
	for _, w := range q.waiters {
		w.woken <- struct{}{}
	}
	q.waiters = nil
}

// arm sets the queue's timer to the next due time. Without long polls there is
// nothing to set it for.
func (q *queue) arm(now time.Time) {
	next := q.hidden.top()
	if next == nil || len(q.waiters) == 0 || q.gone || next.due.Equal(q.armed) {
		return
	}
	if q.timer != nil {
		q.timer.Stop()
	}
	q.armed = next.due
	q.timer = time.AfterFunc(next.due.Sub(now), q.tick)
}

// tick runs when the timer ends. A late tick of a timer already replaced does no
// harm: it looks, and sets the timer again.
func (q *queue) tick() {
	q.mu.Lock()
	now := q.svc.now()
	q.settle(now)
	q.armed = time.Time{}
	q.changed(now)
	q.mu.Unlock()
	q.svc.journal.flush(q.svc)
}
