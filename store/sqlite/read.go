package sqlite

import (
	"context"
	"database/sql/driver"

	"github.com/penstock/penstock/store"
)

// A page ends after so many rows or so many bytes.
type page struct{ rows, bytes int }

func newPage(max int) (page, error) {
	rows, err := store.ValidPage(max)
	return page{rows, store.MaxPageBytes}, err
}

// more counts a row and says whether there is room for another.
func (p *page) more(bytes int) bool {
	p.rows--
	p.bytes -= bytes
	return p.rows > 0 && p.bytes > 0
}

// Get returns a key; see store.KV.
func (s *Store) Get(ctx context.Context, key string) (found store.Pair, err error) {
	if err := store.ValidName("key", key); err != nil {
		return store.Pair{}, err
	}
	err = s.read(ctx, func(c *conn) error {
		row, err := c.row("SELECT revision, value FROM keys WHERE key=? AND value IS NOT NULL", key)
		if err == nil && row == nil {
			err = store.ErrNotFound
		}
		if err == nil {
			found = store.Pair{Key: key, Revision: store.Revision(number(row[0])), Value: blob(row[1])}
		}
		return err
	})
	return found, err
}

// List returns a page of keys; see store.KV.
func (s *Store) List(ctx context.Context, prefix, after string, most int) (list []store.Pair, err error) {
	p, err := newPage(most)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, func(c *conn) error {
		return c.query(func(row []driver.Value) bool {
			pair := store.Pair{Key: text(row[0]), Revision: store.Revision(number(row[1])), Value: blob(row[2])}
			list = append(list, pair)
			return p.more(len(pair.Value))
		}, "SELECT key, revision, value FROM keys WHERE key>=? AND key<? AND value IS NOT NULL ORDER BY key", max(prefix, next(after)), beyond(prefix))
	})
	return list, err
}

// Watch waits for changes; see store.KV.
func (s *Store) Watch(ctx context.Context, prefix string, after store.Revision, max int) ([]store.Change, error) {
	p, err := newPage(max)
	if err != nil {
		return nil, err
	}
	for first := true; ; first = false {
		s.changes.Lock()
		changed := s.changes.Hear("")
		s.changes.Unlock()
		list, seen, err := s.changed(ctx, prefix, after, p, first && after == 0)
		if err != nil || len(list) > 0 {
			return list, err
		}
		after = seen
		select {
		case <-changed:
		case <-s.ended:
			return nil, store.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// changed returns the changes since after, and what it has seen when there is
// none: it need not look there again.
func (s *Store) changed(ctx context.Context, prefix string, after store.Revision, p page, all bool) (list []store.Change, seen store.Revision, err error) {
	err = s.read(ctx, func(c *conn) error {
		last, _, err := c.number("SELECT ifnull(max(revision), 0) FROM keys")
		if err != nil {
			return err
		}
		seen = max(after, store.Revision(last))
		// "+key": by revision, not by the index of keys.
		err = c.query(func(row []driver.Value) bool {
			change := store.Change{Pair: store.Pair{Key: text(row[1]), Revision: store.Revision(number(row[0]))}, Deleted: number(row[3]) != 0}
			if !change.Deleted {
				change.Value = blob(row[2])
			}
			list = append(list, change)
			return p.more(len(change.Value))
		}, "SELECT revision, key, value, value IS NULL FROM keys WHERE revision>? AND +key>=? AND +key<? ORDER BY revision", int64(after), prefix, beyond(prefix))
		if err != nil || all {
			return err
		}
		// Read after the changes: what was forgotten before they were read is known.
		forgotten, _, err := c.number("SELECT forgotten FROM counters")
		if err == nil && int64(after) < forgotten {
			list, err = nil, store.ErrTrimmed
		}
		return err
	})
	return list, seen, err
}

// Read returns a page of a log; see store.Log.
func (s *Store) Read(ctx context.Context, log string, after store.Position, max int) (list []store.LogEntry, err error) {
	p, err := newPage(max)
	if err == nil {
		err = store.ValidName("log", log)
	}
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, func(c *conn) error {
		return c.query(func(row []driver.Value) bool {
			e := store.LogEntry{Position: store.Position(number(row[0])), Value: blob(row[1])}
			list = append(list, e)
			return p.more(len(e.Value))
		}, "SELECT position, value FROM log_entries WHERE log=(SELECT log FROM logs WHERE name=?) AND position>? ORDER BY position", log, int64(after))
	})
	return list, err
}

// Bounds returns a log's ends; see store.Log.
func (s *Store) Bounds(ctx context.Context, log string) (first, last store.Position, err error) {
	if err := store.ValidName("log", log); err != nil {
		return 0, 0, err
	}
	err = s.read(ctx, func(c *conn) error {
		row, err := c.row("SELECT last, ifnull((SELECT min(position) FROM log_entries e WHERE e.log=l.log), last+1) FROM logs l WHERE name=?", log)
		if err != nil {
			return err
		}
		first, last = 1, 0
		if row != nil {
			first, last = store.Position(number(row[1])), store.Position(number(row[0]))
		}
		return nil
	})
	return first, last, err
}
