package sqlite

import (
	"context"
	"database/sql/driver"
	"math"
	"slices"
	"time"

	"github.com/penstock/penstock/store"
)

// Claim hands out what is due; see store.Due.
func (s *Store) Claim(ctx context.Context, queue string, max int, wait time.Duration) ([]store.Entry, error) {
	p, err := newPage(max)
	if err == nil {
		err = store.ValidName("queue", queue)
	}
	if err != nil {
		return nil, err
	}
	until := time.Now().Add(wait)
	for {
		s.backlog.mu.Lock()
		rang := s.rings.Hear(queue)
		s.backlog.mu.Unlock()
		now := time.Now()
		list, err := s.claim(ctx, queue, p, now.UnixNano())
		left := until.Sub(now)
		if err != nil || len(list) > 0 || left <= 0 {
			return list, err
		}
		due, ok, err := s.Next(ctx, queue)
		if err != nil {
			return nil, err
		}
		if ok {
			left = min(left, due.Sub(now))
		}
		if err := s.sleep(ctx, rang, left); err != nil {
			return nil, err
		}
	}
}

func (s *Store) sleep(ctx context.Context, rang <-chan struct{}, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-rang:
		return nil
	case <-s.ended:
		return store.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) claim(ctx context.Context, name string, p page, now int64) (list []store.Entry, err error) {
	q := s.find(name)
	q.reading.Lock()
	defer q.reading.Unlock()
	behind := q.behind
	err = s.scan(ctx, q, now, "id, due, added, note, payload", func(row []driver.Value) bool {
		at := mark{number(row[1]), store.ID(number(row[0]))}
		behind = at
		if !s.take(q, at) {
			return true
		}
		list = append(list, store.Entry{
			ID:    at.id,
			Item:  store.Item{Queue: name, Due: moment(at.due), Note: blob(row[3]), Payload: blob(row[4])},
			Added: moment(number(row[2])),
		})
		return p.more(len(list[len(list)-1].Payload) + len(list[len(list)-1].Note))
	})
	if err != nil {
		s.giveBack(list)
		return nil, err
	}
	q.behind = behind
	return list, nil
}

// scan reads a queue's entries behind its mark that are due by then, in order.
// Two statements: those of the mark's very time, then later ones; either is a
// walk along the index.
func (s *Store) scan(ctx context.Context, q *queue, then int64, columns string, each func([]driver.Value) bool) error {
	return s.read(ctx, func(c *conn) error {
		more := true
		next := func(row []driver.Value) bool {
			more = each(row)
			return more
		}
		if q.behind.due <= then {
			err := c.query(next, "SELECT "+columns+" FROM due WHERE queue=? AND due=? AND id>? ORDER BY id", q.name, q.behind.due, int64(q.behind.id))
			if err != nil || !more {
				return err
			}
		}
		return c.query(next, "SELECT "+columns+" FROM due WHERE queue=? AND due>? AND due<=? ORDER BY due, id", q.name, q.behind.due, then)
	})
}

// take claims an entry, unless it is claimed.
func (b *backlog) take(q *queue, at mark) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.claims[at.id] != nil {
		return false
	}
	b.claims[at.id] = &claim{queue: q, due: at.due}
	return true
}

// giveBack ends claims that nobody was told of.
func (b *backlog) giveBack(list []store.Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range list {
		delete(b.claims, e.ID)
	}
}

// Unclaim ends claims; see store.Due.
func (s *Store) Unclaim(ctx context.Context, ids ...store.ID) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	for _, id := range ids {
		s.backlog.mu.Lock()
		c := s.claims[id]
		s.backlog.mu.Unlock()
		if c == nil {
			continue
		}
		s.change(c.queue.name, func(q *queue) {
			if s.claims[id] == c && !c.acked {
				delete(s.claims, id)
				s.offer(q, mark{c.due, id})
			}
		})
	}
	return nil
}

// Ack removes claimed entries with a later commit; see store.Due.
func (s *Store) Ack(ctx context.Context, ids ...store.ID) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	s.backlog.mu.Lock()
	for _, id := range ids {
		if c := s.claims[id]; c != nil && !c.acked {
			c.acked = true
			c.queue.size--
			s.acks = append(s.acks, place{queue: c.queue.name, id: id, acked: true})
		}
	}
	full := len(s.acks) >= store.MaxPage
	s.backlog.mu.Unlock()
	if !full {
		return nil
	}
	_, err := s.Commit(context.WithoutCancel(ctx), store.Txn{})
	return err
}

// Next returns when the first entry is due; see store.Due.
func (s *Store) Next(ctx context.Context, queue string) (due time.Time, ok bool, err error) {
	if err := store.ValidName("queue", queue); err != nil {
		return time.Time{}, false, err
	}
	q := s.find(queue)
	q.reading.Lock()
	defer q.reading.Unlock()
	err = s.scan(ctx, q, math.MaxInt64, "id, due", func(row []driver.Value) bool {
		s.backlog.mu.Lock()
		defer s.backlog.mu.Unlock()
		if ok = s.claims[store.ID(number(row[0]))] == nil; ok {
			due = moment(number(row[1]))
		}
		return !ok
	})
	return due, ok, err
}

// Count returns the size of a queue; see store.Due.
func (s *Store) Count(ctx context.Context, queue string) (int64, error) {
	if err := store.ValidName("queue", queue); err != nil {
		return 0, err
	}
	if err := s.usable(ctx); err != nil {
		return 0, err
	}
	s.backlog.mu.Lock()
	defer s.backlog.mu.Unlock()
	if q := s.queues[queue]; q != nil {
		return max(q.size, 0), nil
	}
	return 0, nil
}

// Queues returns a page of names; see store.Due.
func (s *Store) Queues(ctx context.Context, after string, max int) ([]string, error) {
	max, err := store.ValidPage(max)
	if err != nil {
		return nil, err
	}
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	s.backlog.mu.Lock()
	defer s.backlog.mu.Unlock()
	var page []string
	for name, q := range s.queues {
		if q.size > 0 && name > after {
			page = append(page, name)
		}
	}
	slices.Sort(page)
	return page[:min(max, len(page))], nil
}
