package storetest

import (
	"context"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/store"
)

var endCases = []testCase{
	{"what waits ends with Close, and nothing works after it", func(r *rig) {
		ended := make(chan error, 2)
		go func() {
			_, err := r.Watch(r.ctx, "", 0, 1)
			ended <- err
		}()
		go func() {
			_, err := r.Claim(r.ctx, "q", 1, time.Hour)
			ended <- err
		}()
		synctest.Wait()
		began := time.Now()
		r.ok(r.Close())
		r.fails(<-ended, store.ErrClosed)
		r.fails(<-ended, store.ErrClosed)
		r.took(began, 0)
		for name, call := range calls(r.Store) {
			if err := call(r.ctx); err == nil {
				r.Errorf("%s works after Close", name)
			} else {
				r.fails(err, store.ErrClosed)
			}
		}
		r.Store = nil
	}},
	{"a claim ends with its context", func(r *rig) {
		ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
		defer cancel()
		began := time.Now()
		_, err := r.Claim(ctx, "q", 1, time.Hour)
		r.fails(err, context.DeadlineExceeded)
		r.took(began, time.Minute)
		r.enqueue("q", "x", time.Time{})
		_, err = r.Claim(ctx, "q", 1, time.Hour)
		r.fails(err, context.DeadlineExceeded)
		r.claims("q", 1, 0, "x")
	}},
}

// calls are all methods of a store.
func calls(s store.Store) map[string]func(ctx context.Context) error {
	l := store.Lease{Name: "l", Holder: "h", Token: 1}
	return map[string]func(ctx context.Context) error{
		"Commit":  func(ctx context.Context) error { _, err := s.Commit(ctx, store.Txn{}); return err },
		"Get":     func(ctx context.Context) error { _, err := s.Get(ctx, "k"); return err },
		"List":    func(ctx context.Context) error { _, err := s.List(ctx, "", "", 1); return err },
		"Watch":   func(ctx context.Context) error { _, err := s.Watch(ctx, "", 0, 1); return err },
		"Read":    func(ctx context.Context) error { _, err := s.Read(ctx, "l", 0, 1); return err },
		"Bounds":  func(ctx context.Context) error { _, _, err := s.Bounds(ctx, "l"); return err },
		"Claim":   func(ctx context.Context) error { _, err := s.Claim(ctx, "q", 1, 0); return err },
		"Unclaim": func(ctx context.Context) error { return s.Unclaim(ctx, 1) },
		"Ack":     func(ctx context.Context) error { return s.Ack(ctx, 1) },
		"Next":    func(ctx context.Context) error { _, _, err := s.Next(ctx, "q"); return err },
		"Count":   func(ctx context.Context) error { _, err := s.Count(ctx, "q"); return err },
		"Queues":  func(ctx context.Context) error { _, err := s.Queues(ctx, "", 1); return err },
		"Acquire": func(ctx context.Context) error { _, err := s.Acquire(ctx, "l", "h", 1); return err },
		"Renew":   func(ctx context.Context) error { _, err := s.Renew(ctx, l, 1); return err },
		"Release": func(ctx context.Context) error { return s.Release(ctx, l) },
		"Close":   func(context.Context) error { return s.Close() },
	}
}

var reopenCases = []testCase{
	{"what was committed is there again", func(r *rig) {
		a := r.put("a", "1", store.Any)
		r.put("gone", "1", store.Any)
		r.ok(store.Remove(r.ctx, r, "gone", store.Any))
		r.commit(store.Txn{Append: []store.Append{{Log: "l", Value: []byte("x")}, {Log: "l", Value: []byte("y")}}})
		r.commit(store.Txn{Trim: []store.Trim{{Log: "l", Through: 1}}})
		r.enqueue("q", "later", time.Now().Add(time.Hour))
		r.enqueue("q", "now", time.Time{})
		mine := r.acquire("shard", "me", time.Hour)
		r.reopen()
		r.wants("a", "1")
		r.wants("gone", "-")
		r.put("a", "2", a)
		r.watches("g", a, 10, "gone deleted")
		r.reads("l", 0, "y")
		r.bounds("l", 2, 2)
		r.counts("q", 2)
		r.queues("", 10, "q")
		_, err := r.Acquire(r.ctx, "shard", "you", time.Hour)
		r.fails(err, store.ErrHeld)
		r.write(mine, nil)
		r.claims("q", 2, 0, "now")
		r.claims("q", 2, time.Hour, "later")
	}},
	{"claims end with the process, acknowledgements do not", func(r *rig) {
		var ids []store.ID
		for _, v := range numbered("%d", 6) {
			ids = append(ids, r.enqueue("q", v, time.Time{}))
		}
		r.claims("q", 10, 0, "0", "1", "2", "3", "4", "5")
		r.ok(r.Ack(r.ctx, ids[0], ids[3]))
		due := time.Now().Add(time.Minute)
		r.commit(store.Txn{Hold: []store.Hold{{ID: ids[1], Due: due, Note: []byte("n")}}, Ack: []store.ID{ids[2]}})
		r.ok(r.Ack(r.ctx, ids[4]))
		r.counts("q", 2)
		r.reopen()
		r.counts("q", 2)
		r.claims("q", 10, 0, "5")
		e := r.claims("q", 10, time.Hour, "1")[0]
		if e.ID != ids[1] || !e.Due.Equal(due) || string(e.Note) != "n" {
			r.Fatalf("entry %+v", e)
		}
	}},
	{"no number is given out twice", func(r *rig) {
		revision := r.put("k", "", store.Any)
		r.ok(store.Remove(r.ctx, r, "k", store.Any))
		position := r.commit(store.Txn{Append: []store.Append{{Log: "l"}}}).Positions[0]
		r.commit(store.Txn{Trim: []store.Trim{{Log: "l", Through: position}}})
		id := r.enqueue("q", "", time.Time{})
		r.commit(store.Txn{Ack: []store.ID{id}})
		mine := r.acquire("shard", "me", time.Hour)
		r.ok(r.Release(r.ctx, mine))
		r.reopen()
		r.bounds("l", position+1, position)
		done := r.commit(store.Txn{Put: []store.Put{{Key: "k"}}, Append: []store.Append{{Log: "l"}}, Queue: []store.Item{{Queue: "q"}}})
		yours := r.acquire("shard", "you", time.Hour)
		if done.Revisions[0] <= revision+1 || done.Positions[0] <= position || done.IDs[0] <= id || yours.Token <= mine.Token {
			r.Fatalf("%+v, %+v after revision %d, position %d, entry %d, token %d", done, yours, revision+1, position, id, mine.Token)
		}
	}},
	{"it can be opened again and again", func(r *rig) {
		for i := range 20 {
			r.put(fmt.Sprint(i), "v", store.Absent)
			r.reopen()
		}
		if list, err := r.List(r.ctx, "", "", 100); err != nil || len(list) != 20 {
			r.Fatalf("%d keys, %v, want 20", len(list), err)
		}
	}},
}
