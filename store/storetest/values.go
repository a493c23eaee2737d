package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/penstock/penstock/store"
)

var valueCases = []testCase{
	{"a key is put, read, replaced and deleted", func(r *rig) {
		r.wants("k", "-")
		first := r.put("k", "one", store.Any)
		r.wants("k", "one")
		second := r.put("k", "two", store.Any)
		r.wants("k", "two")
		if first <= 0 || second <= first {
			r.Fatalf("revisions %d, %d do not grow", first, second)
		}
		r.ok(store.Remove(r.ctx, r, "k", store.Any))
		r.wants("k", "-")
		r.ok(store.Remove(r.ctx, r, "k", store.Any))
		if third := r.put("k", "three", store.Any); third <= second+1 {
			r.Fatalf("revision %d after the delete of %d", third, second)
		}
	}},
	{"an empty value is a value", func(r *rig) {
		r.commit(store.Txn{Put: []store.Put{{Key: "nil"}, {Key: "empty", Value: []byte{}}}})
		r.wants("nil", "")
		r.wants("empty", "")
		list, err := r.List(r.ctx, "", "", 10)
		r.ok(err)
		changes, err := r.Watch(r.ctx, "", 0, 10)
		r.ok(err)
		if len(list) != 2 || len(changes) != 2 || changes[0].Deleted || changes[0].Value == nil || list[0].Value == nil {
			r.Fatalf("%+v, %+v", list, changes)
		}
	}},
	{"values are copies", func(r *rig) {
		value := []byte("mine")
		done, err := r.Commit(r.ctx, store.Txn{Put: []store.Put{{Key: "k", Value: value}}, Append: []store.Append{{Log: "l", Value: value}}})
		r.ok(err)
		copy(value, "gone")
		p, err := r.Get(r.ctx, "k")
		r.ok(err)
		copy(p.Value, "lost")
		r.wants("k", "mine")
		copy(r.reads("l", 0, "mine")[0].Value, "lost")
		r.reads("l", done.Positions[0]-1, "mine")
	}},
	{"compare and set", func(r *rig) {
		conflict := func(err error, want, have store.Revision) {
			r.Helper()
			var c *store.ConflictError
			if !errors.Is(err, store.ErrConflict) || !errors.As(err, &c) || c.Key != "k" || c.Want != want || c.Have != have {
				r.Fatalf("error %v, want a conflict of %d with %d", err, want, have)
			}
		}
		set := func(condition store.Revision) error {
			_, err := store.Set(r.ctx, r, "k", []byte("never"), condition)
			return err
		}
		conflict(set(7), 7, store.Absent)
		conflict(store.Remove(r.ctx, r, "k", 7), 7, store.Absent)
		first := r.put("k", "one", store.Absent)
		conflict(set(store.Absent), store.Absent, first)
		conflict(set(first+1), first+1, first)
		second := r.put("k", "two", first)
		conflict(set(first), first, second)
		conflict(store.Remove(r.ctx, r, "k", first), first, second)
		r.wants("k", "two")
		r.ok(store.Remove(r.ctx, r, "k", second))
		conflict(set(second), second, store.Absent)
		r.wants("k", "-")
		r.put("k", "three", store.Absent)
		r.fails(set(-2), store.ErrInvalid)
	}},
	{"of many who create a key one wins", func(r *rig) {
		for round := range 20 {
			var won atomic.Int64
			key := fmt.Sprint("key-", round)
			race(r, 16, func(i int) {
				_, err := store.Set(r.ctx, r, key, fmt.Append(nil, i), store.Absent)
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, store.ErrConflict) {
					r.Errorf("error %v", err)
				}
			})
			if won.Load() != 1 {
				r.Fatalf("%d won, want 1", won.Load())
			}
		}
	}},
	{"no increment by compare and set is lost", func(r *rig) {
		r.put("n", "", store.Any)
		race(r, 8, func(int) {
			for done := 0; done < 25; {
				p, err := r.Get(r.ctx, "n")
				if err == nil {
					_, err = store.Set(r.ctx, r, "n", append(p.Value, '+'), p.Revision)
				}
				if err == nil {
					done++
				} else if !errors.Is(err, store.ErrConflict) {
					r.Errorf("error %v", err)
					return
				}
			}
		})
		r.wants("n", strings.Repeat("+", 200))
	}},
	{"keys are listed by prefix, in order of bytes, in pages", func(r *rig) {
		keys := []string{"A", "a", "a!", "a%", "a/1", "a/10", "a/2", "a/_", "a/é", "a/日本", "a/\U0010ffff", "a0", "b/1"}
		for i := range keys {
			r.put(keys[(i*5)%len(keys)], "v", store.Any)
		}
		r.put("a/gone", "v", store.Any)
		r.ok(store.Remove(r.ctx, r, "a/gone", store.Any))
		for _, c := range []struct{ prefix, after string }{{"", ""}, {"a/", ""}, {"a/", "A"}, {"a/", "a/10"}, {"a/", "b"}, {"a%", ""}, {"a/_", ""}, {"x", ""}, {"", "a/2"}, {"a/1", "a/1"}} {
			var want, got []string
			for _, k := range keys {
				if strings.HasPrefix(k, c.prefix) && k > c.after {
					want = append(want, k)
				}
			}
			for after := c.after; ; {
				page, err := r.List(r.ctx, c.prefix, after, 2)
				r.ok(err)
				if len(page) == 0 {
					break
				}
				if len(page) > 2 {
					r.Fatalf("page of %d, want 2", len(page))
				}
				for _, p := range page {
					got = append(got, p.Key)
					if p.Revision <= 0 || string(p.Value) != "v" {
						r.Fatalf("pair %+v", p)
					}
				}
				after = page[len(page)-1].Key
			}
			if !slices.Equal(got, want) {
				r.Errorf("prefix %q after %q: %q, want %q", c.prefix, c.after, got, want)
			}
		}
	}},
	{"large values fit, and end a page", func(r *rig) {
		value := large(store.MaxValue)
		r.commit(store.Txn{Put: []store.Put{{Key: "1", Value: value}}})
		r.wants("1", string(value))
		r.commit(store.Txn{Put: []store.Put{{Key: "2", Value: value[:store.MaxValue/2]}, {Key: "3", Value: value[:store.MaxValue/2]}, {Key: "4"}}})
		for _, c := range []struct{ after, last string }{{"", "1"}, {"1", "3"}, {"3", "4"}} {
			page, err := r.List(r.ctx, "", c.after, 10)
			r.ok(err)
			if len(page) == 0 || page[len(page)-1].Key != c.last {
				r.Fatalf("page after %q has %d keys, want it to end with %q", c.after, len(page), c.last)
			}
		}
		if page, err := r.Watch(r.ctx, "", 0, 10); err != nil || len(page) != 1 {
			r.Fatalf("%d changes, %v, want 1", len(page), err)
		}
	}},
}

// race runs f n times at once and waits for all.
func race(r *rig, n int, f func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	wg.Wait()
	if r.Failed() {
		r.FailNow()
	}
}
