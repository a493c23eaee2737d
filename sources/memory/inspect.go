package memory

import (
	"slices"
	"time"

	"github.com/penstock/penstock/sources"
)

// An Op is a call of a feed.
type Op string

// The calls that can be made to fail.
const (
	Receive Op = "receive"
	Ack     Op = "ack"
	Nack    Op = "nack"
	Hold    Op = "hold"
)

// Fault sets a hook that every later call asks first, with the records it got
// (none for Receive). What it returns fails the call before it does anything,
// except that after a *sources.Failed the records it does not name are
// handled. The hook must not call the queue. nil: no more trouble.
func (q *Queue) Fault(hook func(op Op, records []sources.Record) error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fault = hook
}

// FailNext makes the next n calls of the ops fail with err; no ops: of any.
// It replaces the hook of Fault.
func (q *Queue) FailNext(n int, err error, ops ...Op) {
	q.Fault(func(op Op, _ []sources.Record) error {
		if n == 0 || len(ops) > 0 && !slices.Contains(ops, op) {
			return nil
		}
		n--
		return err
	})
}

// begin asks the hook. q.mu is held.
func (f *feed) begin(op Op, records []sources.Record) error {
	if f.q.fault == nil {
		return nil
	}
	return f.q.fault(op, records)
}

func named(records []sources.Record, r sources.Record) bool {
	return slices.ContainsFunc(records, func(f sources.Record) bool { return f.Token == r.Token })
}

// Close fails the feed's later and waiting calls. Closing again does nothing.
func (f *feed) Close() error {
	f.q.mu.Lock()
	defer f.q.mu.Unlock()
	f.closed = true
	f.q.wake()
	return nil
}

// Counts says where messages are. A message is in exactly one of Visible,
// Delayed, Hidden and Dead until it is acknowledged or deleted.
type Counts struct {
	// Visible could be received now, but for an earlier one of its group.
	Visible int
	// Delayed were never received and are not yet visible.
	Delayed int
	// Hidden were received and are lent or held.
	Hidden int
	// Dead became dead letters.
	Dead int
	// Acked were acknowledged.
	Acked int
}

// Counts is a snapshot.
func (q *Queue) Counts() Counts {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := Counts{Dead: len(q.dead), Acked: len(q.acked)}
	now := time.Now()
	for _, l := range q.lanes {
		for at := l.messages.Front(); at != nil; at = at.Next() {
			switch e := at.Value.(*entry); {
			case !e.hidden.After(now):
				c.Visible++
			case e.Receives == 0:
				c.Delayed++
			default:
				c.Hidden++
			}
		}
	}
	return c
}

// Dead returns the dead letters in the order they became so. As on SQS that
// happens at the receive that would have been one too many.
func (q *Queue) Dead() []Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.dead)
}

// Acked returns the IDs of acknowledged messages in order.
func (q *Queue) Acked() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.acked)
}
