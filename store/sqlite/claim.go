package sqlite

import (
	"database/sql/driver"
	"math"
	"slices"
	"sync"

	"github.com/penstock/penstock/store"
)

// A backlog is what is known in memory of the due queues: which entries are
// claimed, where to look for the next, and how many there are. It grows with
// claims and with names of queues, not with entries.
//
// Locks: a queue's reading before mu.
type backlog struct {
	mu     sync.Mutex
	queues map[string]*queue
	claims map[store.ID]*claim
	acks   []place // of claims, to ride with the next commit
	rings  store.Bells
}

type queue struct {
	name string
	size int64

	// reading is held while the table is read for claims. A commit's effects
	// wait for it, so that a read cannot give out what was settled meanwhile.
	reading sync.Mutex
	behind  mark // all entries up to here are claimed or gone; under reading
}

// A mark is a place in the order of a queue.
type mark struct {
	due int64
	id  store.ID
}

// start is before every entry.
var start = mark{math.MinInt64, math.MinInt64}

func (m mark) before(other mark) bool {
	return m.due < other.due || m.due == other.due && m.id < other.id
}

type claim struct {
	queue *queue
	due   int64
	acked bool
}

// effects are what a commit changes in a backlog.
type effects struct {
	added   []place // put or held; held ones first
	removed []place
}

type place struct {
	queue string
	id    store.ID
	due   int64 // of added
	held  bool  // of added: was there already
	acked bool  // of removed: is not counted any more
}

// load reads the names of queues and their sizes.
func (b *backlog) load(c *conn) error {
	b.queues, b.claims = map[string]*queue{}, map[store.ID]*claim{}
	return c.query(func(row []driver.Value) bool {
		b.queue(text(row[0])).size = number(row[1])
		return true
	}, "SELECT name, size FROM queues")
}

// queue returns a queue, under mu.
func (b *backlog) queue(name string) *queue {
	q := b.queues[name]
	if q == nil {
		q = &queue{name: name, behind: start}
		b.queues[name] = q
	}
	return q
}

func (b *backlog) find(name string) *queue {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.queue(name)
}

// settle takes in what was committed.
func (b *backlog) settle(e effects) {
	for _, p := range e.removed {
		b.change(p.queue, func(q *queue) {
			if c := b.claims[p.id]; !p.acked && (c == nil || !c.acked) {
				q.size--
			}
			delete(b.claims, p.id)
		})
	}
	for _, p := range e.added {
		b.change(p.queue, func(q *queue) {
			if p.held {
				delete(b.claims, p.id)
			} else {
				q.size++
			}
			b.offer(q, mark{p.due, p.id})
		})
	}
}

// change waits until nobody reads a queue.
func (b *backlog) change(name string, f func(*queue)) {
	q := b.find(name)
	q.reading.Lock()
	defer q.reading.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	f(q)
}

// offer has an entry found by those who look for one.
func (b *backlog) offer(q *queue, at mark) {
	if !q.behind.before(at) {
		q.behind = mark{at.due, at.id - 1}
	}
	b.rings.Ring(q.name)
}

// takeAcks hands what was acknowledged to a commit.
func (b *backlog) takeAcks() []place {
	b.mu.Lock()
	defer b.mu.Unlock()
	acks := b.acks
	b.acks = nil
	return acks
}

// returnAcks takes them back from one that failed.
func (b *backlog) returnAcks(acks []place) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acks = slices.Concat(acks, b.acks)
}
