package sqlite

import (
	"context"
	"math/bits"
	"runtime"
	"sync"
	"time"

	"github.com/penstock/penstock/store"
)

// A committer groups writes: leader and followers.
type committer struct {
	// Of the leader alone:
	conn     *conn
	counters counters
	deletes  int // of keys, since deletes were last forgotten

	mu      sync.Mutex // guards what follows
	waiting []*write
	leading bool // somebody is the leader
	closed  bool
	stats   Stats
}

// A write waits for its commit.
type write struct {
	// apply checks its conditions before it writes anything, so that an error
	// of its own leaves the transaction to the others.
	apply func(*committer) error
	// then is called after the commit, before anybody hears of it.
	then  func()
	bytes int
	err   error
	lead  bool          // wake: become the leader, instead of: done
	wake  chan struct{} // closed
}

// Limits of a group: what one transaction may grow to.
const (
	maxGroup      = 1024
	maxGroupBytes = 16 << 20
)

// Stats counts since Open.
type Stats struct {
	Writes  uint64        // calls that wanted to write
	Refused uint64        // those that failed alone: a condition did not hold
	Failed  uint64        // those that failed with their group: trouble of the machine
	Groups  uint64        // transactions, each with one sync unless it wrote nothing
	Sizes   [11]uint64    // groups by writes: 1, 2-3, 4-7 ... 1024
	Time    time.Duration // of all groups together, syncs included
}

// Stats returns the counts of this moment, for metrics.
func (c *committer) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// do has w committed, with others or alone, and returns its result. Once the
// leader has taken it, ctx does not matter any more: an error of ctx means
// that nothing was written.
func (s *Store) do(ctx context.Context, w *write) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.wake = make(chan struct{})
	c := &s.committer
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return store.ErrClosed
	}
	lead := c.join(w)
	c.mu.Unlock()
	if lead {
		s.lead()
	}
	return s.await(ctx, w)
}

// join puts w in the row, and says whether who brings it has to lead.
func (c *committer) join(w *write) (lead bool) {
	c.waiting = append(c.waiting, w)
	lead = !c.leading
	c.leading = true
	return lead
}

func (s *Store) await(ctx context.Context, w *write) error {
	select {
	case <-w.wake:
	case <-ctx.Done():
		if s.withdraw(w) {
			return ctx.Err()
		}
		<-w.wake
	}
	if w.lead {
		s.lead()
	}
	return trouble(s.path, w.err)
}

// withdraw takes w back, unless a leader has it or it is to lead.
func (c *committer) withdraw(w *write) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, other := range c.waiting {
		if other == w && !w.lead {
			c.waiting = append(c.waiting[:i:i], c.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// lead commits one group, with the leader's own write in it, and hands on to
// the first of those who came meanwhile.
func (s *Store) lead() {
	group := s.gather()
	began := time.Now()
	err := s.transact(group)
	took := time.Since(began)

	c := &s.committer
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count(group, took, err)
	for _, w := range group {
		if !w.lead {
			close(w.wake)
		}
	}
	if c.leading = len(c.waiting) > 0; c.leading {
		c.waiting[0].lead = true
		close(c.waiting[0].wake)
	}
}

// gather takes the writes of a group. Those who were woken by the commit before
// are about to come again: while the row grows they are let in.
func (s *Store) gather() []*write {
	c := &s.committer
	c.mu.Lock()
	defer c.mu.Unlock()
	for before := 0; before < len(c.waiting) && len(c.waiting) < maxGroup; {
		before = len(c.waiting)
		c.mu.Unlock()
		runtime.Gosched()
		c.mu.Lock()
	}
	n, bytes := 0, 0
	for n < len(c.waiting) && n < maxGroup && (n == 0 || bytes+c.waiting[n].bytes <= maxGroupBytes) {
		bytes += c.waiting[n].bytes
		n++
	}
	group := c.waiting[:n:n]
	c.waiting = append([]*write(nil), c.waiting[n:]...)
	return group
}

func (c *committer) count(group []*write, took time.Duration, err error) {
	c.stats.Writes += uint64(len(group))
	c.stats.Time += took
	switch {
	case err != nil:
		c.stats.Failed += uint64(len(group))
		return
	case len(group) > 0:
		c.stats.Groups++
		c.stats.Sizes[bits.Len(uint(len(group)))-1]++
	}
	for _, w := range group {
		if w.err != nil {
			c.stats.Refused++
		}
	}
}

// transact writes a group. Its error is everybody's, whose own error goes with
// the transaction; without one each has its own.
func (s *Store) transact(group []*write) error {
	c := &s.committer
	acks := s.takeAcks()
	err := c.transaction(group, acks)
	if err != nil {
		s.returnAcks(acks)
		for _, w := range group {
			w.err = err
		}
		return err
	}
	s.settle(effects{removed: acks})
	for _, w := range group {
		if w.err == nil && w.then != nil {
			w.then()
		}
	}
	return nil
}

func (c *committer) transaction(group []*write, acks []place) error {
	c.conn.err = nil
	before := c.counters
	if err := c.conn.once("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, p := range acks {
		if c.conn.err == nil {
			_, _, _ = c.remove(p.id)
		}
	}
	for _, w := range group {
		if c.conn.err == nil {
			w.err = w.apply(c)
		}
	}
	err := c.conn.err
	if err == nil && c.deletes >= trimDeletes {
		err = c.forget()
	}
	if err == nil && c.counters != before {
		err = c.counters.save(c.conn)
	}
	if err == nil {
		err = c.conn.once("COMMIT")
	}
	if err != nil {
		_ = c.conn.once("ROLLBACK") // SQLite may have done so
		c.counters = before
	}
	return err
}

// finish lets nobody in any more, and commits what is there.
func (s *Store) finish() error {
	w := &write{apply: func(*committer) error { return nil }, wake: make(chan struct{})}
	c := &s.committer
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return store.ErrClosed
	}
	c.closed = true
	lead := c.join(w)
	c.mu.Unlock()
	if lead {
		s.lead()
	}
	return s.await(context.Background(), w)
}
