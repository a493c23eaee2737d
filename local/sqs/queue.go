package sqs

import (
	"hash/fnv"
	"maps"
	"slices"
	"sync"
	"time"
)

// A queue is the state of one queue. Fields above mu never change.
type queue struct {
	svc    *Service
	place  // region and name
	arn    string
	fifo   bool
	key    uint64 // of its receipt handles: a queue created anew has another
	scoped bool   // deduplicates by message group; as AWS, fixed at creation

	mu       sync.Mutex
	gone     bool // deleted, or the Service is closed
	set      settings
	tags     map[string]string
	created  time.Time
	modified time.Time
	purged   time.Time

	last     uint64 // place of the latest message
	messages map[uint64]*message
	flying   int   // messages in flight
	waiting  int   // messages delayed
	ready    order // standard queues
	groups   groups
	hidden   order
	age      order
	dedup    dedup
	attempts attempts

	waiters []*waiter
	timer   *time.Timer
	armed   time.Time // what timer is set to; zero: nothing
}

func newQueue(s *Service, p place, set settings, fifo bool, now time.Time) *queue {
	h := fnv.New64a()
	h.Write([]byte(s.newID()))
	q := &queue{
		svc: s, place: p, arn: s.arn(p), fifo: fifo, key: h.Sum64(), set: set,
		scoped:  set.values["DeduplicationScope"] == "messageGroup",
		created: now, modified: now,
	}
	q.clear()
	return q
}

// clear forgets all messages and what was known about them.
func (q *queue) clear() {
	q.messages = map[uint64]*message{}
	q.flying, q.waiting = 0, 0
	q.ready = order{slot: slotReady, less: func(a, b *message) bool { return a.place < b.place }}
	q.hidden = order{slot: slotHidden, less: func(a, b *message) bool {
		return a.due.Before(b.due) || a.due.Equal(b.due) && a.place < b.place
	}}
	q.age = order{slot: slotAge, less: func(a, b *message) bool { return a.enqueued.Before(b.enqueued) }}
	q.groups = newGroups()
	q.dedup = dedup{}
	q.attempts = attempts{}
}

// add takes a new message in, hidden until due if that lies ahead.
func (q *queue) add(m *message, due, now time.Time) {
	q.last++
	m.place = q.last
	if q.fifo && m.sequence == "" {
		m.sequence = sequenceNumber(q.last)
	}
	if due.After(now) {
		m.state, m.due = delayed, due
	}
	q.insert(m)
}

// insert puts a message with a place into all orders its state demands.
func (q *queue) insert(m *message) {
	q.messages[m.place] = m
	q.age.push(m)
	switch {
	case m.state != visible:
		q.count(m.state, +1)
		q.hidden.push(m)
	case !q.fifo:
		q.ready.push(m)
	}
	if q.fifo {
		q.groups.insert(m)
	}
}

// drop takes m out of the queue.
func (q *queue) drop(m *message) {
	delete(q.messages, m.place)
	q.age.remove(m)
	q.ready.remove(m)
	q.hidden.remove(m)
	q.count(m.state, -1)
	if q.fifo {
		q.groups.remove(m)
	}
}

func (q *queue) count(s state, by int) {
	switch s {
	case inFlight:
		q.flying += by
	case delayed:
		q.waiting += by
	}
}

// hide keeps m from being received until due. The caller has taken it out of
// ready, or refreshes its group.
func (q *queue) hide(m *message, s state, due time.Time) {
	q.hidden.remove(m)
	q.count(m.state, -1)
	q.count(s, +1)
	m.state, m.due = s, due
	q.hidden.push(m)
}

// release makes a hidden message visible at its old place.
func (q *queue) release(m *message) {
	q.hidden.remove(m)
	q.count(m.state, -1)
	m.state = visible
	if q.fifo {
		q.groups.refresh(q.groups.of(m))
	} else {
		q.ready.push(m)
	}
}

// settle lets everything happen that is due by now: delays and timeouts end,
// messages past their retention go. Every operation begins with it, so nothing
// has to happen on time in a queue that nobody looks at.
func (q *queue) settle(now time.Time) {
	for m := q.hidden.top(); m != nil && !m.due.After(now); m = q.hidden.top() {
		q.release(m)
		q.note(Released, m, m.due, nil)
	}
	for m := q.age.top(); m != nil && !m.enqueued.Add(q.set.retention).After(now); m = q.age.top() {
		q.drop(m)
		q.note(Expired, m, now, nil)
	}
}

// receivable reports whether a receive would find something.
func (q *queue) receivable() bool {
	if q.fifo {
		return q.groups.ready.Len() > 0
	}
	return q.ready.len() > 0
}

// close makes the queue unusable and wakes whoever waits on it.
func (q *queue) close() {
	q.gone = true
	if q.timer != nil {
		q.timer.Stop()
	}
	q.wakeAll()
}

// inOrder returns the messages by place.
func (q *queue) inOrder() []*message {
	return slices.SortedFunc(maps.Values(q.messages), func(a, b *message) int {
		return int(int64(a.place) - int64(b.place))
	})
}
