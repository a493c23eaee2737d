// Package memory is the reference implementation of a queue that lends: what a
// kind of source must do, done in memory. It keeps visibility timeouts, counts
// receives, moves poison messages to a list of dead letters and delivers FIFO
// groups by SQS's rule. It has no goroutine and tells time by package time
// alone, so it works in a testing/synctest bubble. It refuses to be a service:
// nothing is stored, repeated sends are not recognised, messages do not expire.
package memory

import (
	"container/list"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/sources"
)

// A Queue is a queue in memory. The zero value is a standard queue with a
// visibility timeout of 30 seconds. Set the fields before the first call; the
// methods are safe for concurrent use.
type Queue struct {
	// Name is the kind's name. Empty: "memory".
	Name string
	// Match is the kind's Match. nil: every source is of this kind.
	Match func(sources.Spec) bool
	// Shape renders the kind's events. Zero: {"Records":[...]} of Name.
	Shape events.Shape
	// Limits are the kind's. Call and Wait, when zero, become 10 records and
	// 20 seconds, and are enforced.
	Limits sources.Limits
	// Render makes a record of a message, as it stands in the event. nil: the
	// body, as it is if it is JSON, else as a JSON string.
	Render func(Message, sources.Spec) json.RawMessage
	// Visibility is for how long a received message is hidden. Zero: 30
	// seconds. Negative: until it is settled; records then have no Loan.
	Visibility time.Duration
	// MaxReceives: a message that was received so often becomes a dead letter
	// instead of being received again (SQS: maxReceiveCount). Zero: never.
	MaxReceives int
	// FIFO: a message is not handed out while an earlier one of its Group is
	// hidden or delayed.
	FIFO bool
	// Holds makes the feeds sources.Holder.
	Holds bool

	mu      sync.Mutex
	lanes   []*lane // in the order in which they are served next
	changed chan struct{}
	sent    int
	fault   func(Op, []sources.Record) error
	dead    []Message
	acked   []string
}

// A Message is what Put takes and Dead returns.
type Message struct {
	// ID is empty in Put for the next of "msg-1", "msg-2" ...
	ID   string
	Body string
	// Group is the FIFO group; on a queue that is not FIFO it is only kept.
	Group string
	// Attributes are for Render.
	Attributes map[string]string
	// Delay hides the message at first.
	Delay time.Duration

	// Sent is when Put took it, First when it was first received, Died when it
	// became a dead letter; zero: never.
	Sent, First, Died time.Time
	// Sequence counts the messages of the queue from 1.
	Sequence int
	// Receives counts how often it was received.
	Receives int
	// Note is what Hold stored.
	Note []byte
}

// A lane is what is served in turn: one FIFO group, or a whole standard queue.
type lane struct {
	group    string
	messages list.List // of *entry, in the order sent
}

type entry struct {
	Message
	// hidden is until when it is not handed out; zero: now.
	hidden time.Time
	lane   *lane
	place  *list.Element // nil: deleted
}

// A receipt is a record's Token: one receive of one message.
type receipt struct {
	entry *entry
	n     int
}

// forever stands for a loan that does not end.
var forever = time.Unix(1<<40, 0)

// Kind describes the queue as a kind of source; every feed it opens reads the
// same queue, and closing one leaves the queue as it is.
func (q *Queue) Kind() sources.Kind {
	k := sources.Kind{
		Name:   q.Name,
		Doc:    "A queue in memory.",
		Match:  q.Match,
		Shape:  q.Shape,
		Limits: q.limits(),
		Queue:  func(_ context.Context, s sources.Spec) (sources.Queue, error) { return q.Open(s), nil },
	}
	if k.Name == "" {
		k.Name = "memory"
	}
	if k.Match == nil {
		k.Match = func(sources.Spec) bool { return true }
	}
	if k.Shape.Event == nil {
		k.Shape = events.Shape{Name: k.Name, Event: events.List("Records"), Envelope: events.ListEnvelope("Records")}
	}
	return k
}

// Open returns a feed of the queue, a sources.Holder if Holds is set.
func (q *Queue) Open(s sources.Spec) sources.Queue {
	f := &feed{q: q, spec: s}
	if q.Holds {
		return holder{f}
	}
	return f
}

func (q *Queue) limits() sources.Limits {
	l := q.Limits
	if l.Call == 0 {
		l.Call = 10
	}
	if l.Wait == 0 {
		l.Wait = 20 * time.Second
	}
	return l
}

// Put sends messages at once, so that a waiting receive sees all of them, and
// returns their IDs.
func (q *Queue) Put(messages ...Message) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids := make([]string, len(messages))
	now := time.Now()
	for i, m := range messages {
		q.sent++
		if m.ID == "" {
			m.ID = fmt.Sprintf("msg-%d", q.sent)
		}
		m.Attributes = maps.Clone(m.Attributes)
		m.Sent, m.First, m.Died, m.Sequence, m.Receives, m.Note = now, time.Time{}, time.Time{}, q.sent, 0, nil
		e := &entry{Message: m, lane: q.lane(m.Group)}
		if m.Delay > 0 {
			e.hidden = now.Add(m.Delay)
		}
		e.place = e.lane.messages.PushBack(e)
		ids[i] = m.ID
	}
	q.wake()
	return ids
}

// PutBodies is Put for messages that have only a body.
func (q *Queue) PutBodies(bodies ...string) []string {
	messages := make([]Message, len(bodies))
	for i, b := range bodies {
		messages[i].Body = b
	}
	return q.Put(messages...)
}

// lane returns the lane a message of the group goes to. q.mu is held.
func (q *Queue) lane(group string) *lane {
	if !q.FIFO {
		group = ""
	}
	for _, l := range q.lanes {
		if l.group == group {
			return l
		}
	}
	l := &lane{group: group}
	q.lanes = append(q.lanes, l)
	return l
}

// wake lets every waiting receive look again. q.mu is held.
func (q *Queue) wake() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}
