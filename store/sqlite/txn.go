package sqlite

import (
	"context"
	"time"

	"github.com/penstock/penstock/store"
)

// counters are the table of this name, kept by the leader.
type counters struct{ revision, id, token, forgotten int64 }

func (n *counters) load(c *conn) error {
	row, err := c.row("SELECT revision, id, token, forgotten FROM counters")
	if err == nil && row != nil {
		*n = counters{number(row[0]), number(row[1]), number(row[2]), number(row[3])}
	}
	return err
}

func (n *counters) save(c *conn) error {
	_, err := c.exec("UPDATE counters SET revision=?, id=?, token=?, forgotten=?", n.revision, n.id, n.token, n.forgotten)
	return err
}

// Commit writes t; see store.Committer.
func (s *Store) Commit(ctx context.Context, t store.Txn) (done store.Committed, err error) {
	if err := t.Validate(); err != nil {
		return store.Committed{}, err
	}
	var e effects
	err = s.do(ctx, &write{
		bytes: t.Bytes(),
		apply: func(c *committer) error {
			done, e = store.Committed{}, effects{}
			if err := c.allows(t, &e); err != nil {
				return err
			}
			return c.apply(t, &done, &e)
		},
		then: func() {
			s.settle(e)
			if len(t.Put)+len(t.Delete) > 0 {
				s.changes.Lock()
				s.changes.Ring("")
				s.changes.Unlock()
			}
		},
	})
	if err != nil {
		return store.Committed{}, err
	}
	return done, nil
}

// allows says whether all conditions of t hold, and notes whose the entries
// are that it holds.
func (c *committer) allows(t store.Txn, e *effects) error {
	for _, l := range t.Fence {
		if err := c.holds(l); err != nil {
			return err
		}
	}
	for _, k := range t.Check {
		if err := c.check(k.Key, k.If); err != nil {
			return err
		}
	}
	for _, p := range t.Put {
		if err := c.check(p.Key, p.If); err != nil {
			return err
		}
	}
	for _, d := range t.Delete {
		if err := c.check(d.Key, d.If); err != nil {
			return err
		}
	}
	for i, k := range t.Trim {
		last, _, err := c.conn.number("SELECT last FROM logs WHERE name=?", k.Log)
		if err != nil {
			return err
		}
		if k.Through < 0 || int64(k.Through) > last {
			return store.TrimBeyond(i, k, store.Position(last))
		}
	}
	for _, h := range t.Hold {
		row, err := c.conn.row("SELECT queue FROM due WHERE id=?", int64(h.ID))
		if err != nil {
			return err
		}
		if row == nil {
			return store.ErrNotFound
		}
		e.added = append(e.added, place{queue: text(row[0]), id: h.ID, held: true})
	}
	return nil
}

func (c *committer) check(key string, want store.Revision) error {
	if want == store.Any {
		return nil
	}
	have, ok, err := c.conn.number("SELECT revision FROM keys WHERE key=? AND value IS NOT NULL", key)
	if err != nil {
		return err
	}
	if !ok {
		have = int64(store.Absent)
	}
	if int64(want) != have {
		return &store.ConflictError{Key: key, Want: want, Have: store.Revision(have)}
	}
	return nil
}

// apply writes t, all of whose conditions hold. Its errors are the machine's.
func (c *committer) apply(t store.Txn, done *store.Committed, e *effects) error {
	for _, p := range t.Put {
		c.counters.revision++
		if _, err := c.conn.exec("REPLACE INTO keys (revision, key, value) VALUES (?, ?, ?)", c.counters.revision, p.Key, p.Value); err != nil {
			return err
		}
		done.Revisions = append(done.Revisions, store.Revision(c.counters.revision))
	}
	for _, d := range t.Delete {
		n, err := c.conn.exec("UPDATE keys SET revision=?, value=NULL WHERE key=? AND value IS NOT NULL", c.counters.revision+1, d.Key)
		if err != nil {
			return err
		}
		c.counters.revision += n
		c.deletes += int(n)
	}
	if err := c.applyLogs(t, done); err != nil {
		return err
	}
	return c.applyEntries(t, done, e)
}

func (c *committer) applyLogs(t store.Txn, done *store.Committed) error {
	for _, a := range t.Append {
		row, err := c.conn.row("INSERT INTO logs (name, last) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET last=last+1 RETURNING log, last", a.Log)
		if err != nil {
			return err
		}
		if _, err := c.conn.exec("INSERT INTO log_entries (log, position, value) VALUES (?, ?, ?)", row[0], row[1], a.Value); err != nil {
			return err
		}
		done.Positions = append(done.Positions, store.Position(number(row[1])))
	}
	for _, k := range t.Trim {
		if _, err := c.conn.exec("DELETE FROM log_entries WHERE log=(SELECT log FROM logs WHERE name=?) AND position<=?", k.Log, int64(k.Through)); err != nil {
			return err
		}
	}
	return nil
}

func (c *committer) applyEntries(t store.Txn, done *store.Committed, e *effects) error {
	now := time.Now().UnixNano()
	at := func(due time.Time) int64 {
		if due.IsZero() {
			return now
		}
		return due.UnixNano()
	}
	for _, item := range t.Queue {
		c.counters.id++
		id, due := c.counters.id, at(item.Due)
		if _, err := c.conn.exec("INSERT INTO due (id, queue, due, added, note, payload) VALUES (?, ?, ?, ?, ?, ?)",
			id, item.Queue, due, now, item.Note, item.Payload); err != nil {
			return err
		}
		if _, err := c.conn.exec("INSERT INTO queues (name, size) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET size=size+1", item.Queue); err != nil {
			return err
		}
		done.IDs = append(done.IDs, store.ID(id))
		e.added = append(e.added, place{queue: item.Queue, id: store.ID(id), due: due})
	}
	for i, h := range t.Hold {
		e.added[i].due = at(h.Due) // allows put the held ones first
		if _, err := c.conn.exec("UPDATE due SET due=?, note=? WHERE id=?", e.added[i].due, h.Note, int64(h.ID)); err != nil {
			return err
		}
	}
	for _, id := range t.Ack {
		queue, ok, err := c.remove(id)
		if err != nil {
			return err
		}
		if ok {
			e.removed = append(e.removed, place{queue: queue, id: id})
		}
	}
	return nil
}

// remove deletes an entry, if it is there.
func (c *committer) remove(id store.ID) (queue string, ok bool, err error) {
	row, err := c.conn.row("DELETE FROM due WHERE id=? RETURNING queue", int64(id))
	if err != nil || row == nil {
		return "", false, err
	}
	queue = text(row[0])
	if _, err := c.conn.exec("UPDATE queues SET size=size-1 WHERE name=?", queue); err != nil {
		return "", false, err
	}
	_, err = c.conn.exec("DELETE FROM queues WHERE name=? AND size<=0", queue)
	return queue, true, err
}

// trimDeletes is after how many deletes of keys those that are too many are
// looked for.
const trimDeletes = 1000

// forget drops the deletes that Watch need not report any more.
func (c *committer) forget() error {
	c.deletes = 0
	last, found, err := c.conn.number("SELECT revision FROM keys WHERE value IS NULL ORDER BY revision DESC LIMIT 1 OFFSET ?", int64(store.KeptDeletes))
	if err != nil || !found {
		return err
	}
	c.counters.forgotten = last
	_, err = c.conn.exec("DELETE FROM keys WHERE value IS NULL AND revision<=?", last)
	return err
}

// beyond is greater than every name that begins with prefix: names are UTF-8.
func beyond(prefix string) string { return prefix + "\xff" }

// next is the least name greater than name: names have no NUL.
func next(name string) string {
	if name == "" {
		return ""
	}
	return name + "\x00"
}
