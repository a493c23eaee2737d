package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/penstock/penstock/store"
)

var transactionCases = []testCase{
	{"a transaction is written as a whole", func(r *rig) {
		r.put("old", "x", store.Any)
		r.commit(store.Txn{Append: []store.Append{{Log: "l", Value: []byte("0")}}})
		held, acked := r.enqueue("q", "held", time.Time{}), r.enqueue("q", "acked", time.Time{})
		whole := everything(held, acked)
		done := r.commit(whole)
		r.wants("a", "1")
		r.wants("b", "2")
		r.wants("old", "-")
		if done.Revisions[1] <= done.Revisions[0] || done.Positions[1] <= done.Positions[0] || done.IDs[1] <= done.IDs[0] || done.IDs[0] <= acked {
			r.Fatalf("numbers do not grow: %+v", done)
		}
		r.reads("l", 0, "1", "2")
		list := r.claims("q", 10, 0, "first", "second")
		if list[0].ID != done.IDs[0] || list[1].ID != done.IDs[1] || string(list[0].Note) != "n" {
			r.Fatalf("entries %+v, want IDs %v", list, done.IDs)
		}
		r.counts("q", 3)
	}},
	{"a transaction whose condition fails writes nothing", func(r *rig) {
		revision := r.put("old", "x", store.Any)
		r.commit(store.Txn{Append: []store.Append{{Log: "l", Value: []byte("0")}}})
		held, acked := r.enqueue("q", "held", time.Time{}), r.enqueue("q", "acked", time.Time{})
		lost, err := r.Acquire(r.ctx, "name", "me", time.Hour)
		r.ok(err)
		r.ok(r.Release(r.ctx, lost))
		for name, c := range map[string]struct {
			change func(t *store.Txn)
			kind   error
		}{
			"check of an absent key": {func(t *store.Txn) { t.Check = append(t.Check, store.Check{Key: "none", If: 1}) }, store.ErrConflict},
			"check of a revision":    {func(t *store.Txn) { t.Check = append(t.Check, store.Check{Key: "old", If: revision + 1}) }, store.ErrConflict},
			"check of absence":       {func(t *store.Txn) { t.Check = append(t.Check, store.Check{Key: "old", If: store.Absent}) }, store.ErrConflict},
			"the last put":           {func(t *store.Txn) { t.Put[1].If = 99 }, store.ErrConflict},
			"the delete":             {func(t *store.Txn) { t.Delete[0].If = revision + 1 }, store.ErrConflict},
			"the fence":              {func(t *store.Txn) { t.Fence = append(t.Fence, lost) }, store.ErrLost},
			"the hold":               {func(t *store.Txn) { t.Hold = append(t.Hold, store.Hold{ID: 999}) }, store.ErrNotFound},
			"the trim":               {func(t *store.Txn) { t.Trim[0].Through = 99 }, store.ErrInvalid},
		} {
			t := everything(held, acked)
			c.change(&t)
			if _, err := r.Commit(r.ctx, t); err == nil {
				r.Fatalf("%s: no error", name)
			} else {
				r.fails(err, c.kind)
			}
			r.wants("a", "-")
			r.wants("b", "-")
			r.wants("old", "x")
			r.reads("l", 0, "0")
			r.counts("q", 2)
			r.claims("none", 1, 0)
		}
		r.claims("q", 10, 0, "held", "acked")
		r.commit(store.Txn{Check: []store.Check{{Key: "old", If: revision}, {Key: "none", If: store.Absent}, {Key: "any"}}, Put: []store.Put{{Key: "old", If: revision}}})
	}},
	{"what breaks a limit is refused by name", limits},
	{"who fails leaves the others alone", func(r *rig) {
		fixed := r.put("fixed", "x", store.Any)
		var won atomic.Int64
		race(r, 24, func(i int) {
			for k := range 8 {
				key := fmt.Sprint("k/", i, "/", k)
				t := store.Txn{Put: []store.Put{{Key: key, Value: []byte(key)}}, Append: []store.Append{{Log: "l", Value: []byte(key)}}}
				if i%3 == 0 {
					t.Put = append(t.Put, store.Put{Key: "fixed", If: fixed + 1})
				}
				_, err := r.Commit(r.ctx, t)
				if failed := err != nil; failed != (i%3 == 0) {
					r.Errorf("writer %d: error %v", i, err)
				}
				if p, err := r.Get(r.ctx, key); (err == nil) != (i%3 != 0) || err == nil && string(p.Value) != key {
					r.Errorf("writer %d: own key %q, %v", i, p.Value, err)
				}
				if err == nil {
					won.Add(1)
				}
			}
		})
		list, err := r.Read(r.ctx, "l", 0, store.MaxPage)
		r.ok(err)
		if len(list) != 16*8 || won.Load() != 16*8 {
			r.Fatalf("%d entries of %d commits, want %d", len(list), won.Load(), 16*8)
		}
	}},
	{"a context that is done writes nothing", func(r *rig) {
		ctx, cancel := context.WithCancel(r.ctx)
		cancel()
		_, err := store.Set(ctx, r, "k", nil, store.Any)
		r.fails(err, context.Canceled)
		_, err = r.Acquire(ctx, "name", "me", time.Hour)
		r.fails(err, context.Canceled)
		_, err = r.Get(ctx, "k")
		r.fails(err, context.Canceled)
		r.wants("k", "-")
		_, err = r.Acquire(r.ctx, "name", "other", time.Hour)
		r.ok(err)
	}},
	{"a transaction of nothing is none", func(r *rig) {
		before := r.put("k", "", store.Any)
		r.commit(store.Txn{})
		if after := r.put("k", "", before); after <= before {
			r.Fatal("revisions do not grow")
		}
	}},
}

// everything is a transaction of every part.
func everything(held, acked store.ID) store.Txn {
	return store.Txn{
		Put:    []store.Put{{Key: "a", Value: []byte("1")}, {Key: "b", Value: []byte("2"), If: store.Absent}},
		Delete: []store.Delete{{Key: "old"}},
		Append: []store.Append{{Log: "l", Value: []byte("1")}, {Log: "l", Value: []byte("2")}},
		Trim:   []store.Trim{{Log: "l", Through: 1}},
		Queue:  []store.Item{{Queue: "q", Payload: []byte("first"), Note: []byte("n")}, {Queue: "q", Payload: []byte("second")}},
		Hold:   []store.Hold{{ID: held, Due: time.Now().Add(time.Hour)}},
		Ack:    []store.ID{acked},
	}
}

func limits(r *rig) {
	long, far := strings.Repeat("x", store.MaxName), time.Date(2263, 1, 1, 0, 0, 0, 0, time.UTC)
	bad := func(name string, t store.Txn) {
		r.Helper()
		t.Put = append(t.Put, store.Put{Key: "good"})
		if _, err := r.Commit(r.ctx, t); err == nil || !strings.Contains(err.Error(), name) {
			r.Errorf("error %v, want one that names %s", err, name)
		} else {
			r.fails(err, store.ErrInvalid)
		}
	}
	for _, name := range []string{"", long + "x", "\xff", "a\x00b"} {
		bad("Put[0].Key", store.Txn{Put: []store.Put{{Key: name}}})
		bad("Delete[0].Key", store.Txn{Delete: []store.Delete{{Key: name}}})
		bad("Check[0].Key", store.Txn{Check: []store.Check{{Key: name}}})
		bad("Append[0].Log", store.Txn{Append: []store.Append{{Log: name}}})
		bad("Trim[0].Log", store.Txn{Trim: []store.Trim{{Log: name}}})
		bad("Queue[0].Queue", store.Txn{Queue: []store.Item{{Queue: name}}})
		bad("Fence[0].Name", store.Txn{Fence: []store.Lease{{Name: name}}})
		_, err := r.Get(r.ctx, name)
		r.fails(err, store.ErrInvalid)
		_, err = r.Claim(r.ctx, name, 1, 0)
		r.fails(err, store.ErrInvalid)
		_, err = r.Read(r.ctx, name, 0, 1)
		r.fails(err, store.ErrInvalid)
		_, err = r.Acquire(r.ctx, name, "me", 1)
		r.fails(err, store.ErrInvalid)
		_, err = r.Acquire(r.ctx, "name", name, 1)
		r.fails(err, store.ErrInvalid)
	}
	over := make([]byte, store.MaxValue+1)
	bad("Put[0].Value", store.Txn{Put: []store.Put{{Key: "k", Value: over}}})
	bad("Append[0].Value", store.Txn{Append: []store.Append{{Log: "l", Value: over}}})
	bad("Queue[0].Payload", store.Txn{Queue: []store.Item{{Queue: "q", Payload: over}}})
	bad("Queue[0].Note", store.Txn{Queue: []store.Item{{Queue: "q", Note: over}}})
	bad("Queue[0].Due", store.Txn{Queue: []store.Item{{Queue: "q", Due: far}}})
	bad("Put[1].Key", store.Txn{Put: []store.Put{{Key: "k"}, {Key: "k"}}})
	bad("Delete[0].Key", store.Txn{Put: []store.Put{{Key: "k"}}, Delete: []store.Delete{{Key: "k"}}})
	bad("Ack[0]", store.Txn{Hold: []store.Hold{{ID: 1}}, Ack: []store.ID{1}})
	bad("Ack[1]", store.Txn{Ack: []store.ID{1, 1}})
	bad("Txn", store.Txn{Check: make([]store.Check, store.MaxTxn)})
	total := store.Txn{}
	for i := range store.MaxTxnBytes/store.MaxValue + 1 {
		total.Put = append(total.Put, store.Put{Key: fmt.Sprint(i), Value: over[1:]})
	}
	bad("Txn", total)
	_, err := r.Acquire(r.ctx, "name", "me", 0)
	r.fails(err, store.ErrInvalid)
	_, err = r.List(r.ctx, "", "", 0)
	r.fails(err, store.ErrInvalid)
	_, err = r.Claim(r.ctx, "q", -1, 0)
	r.fails(err, store.ErrInvalid)
	if list, err := r.List(r.ctx, "", "", 10); err != nil || len(list) > 0 {
		r.Errorf("%v was written, %v", list, err)
	}
	r.put(long, "long names fit", store.Any)
	r.wants(long, "long names fit")
}
