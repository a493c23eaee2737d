package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/penstock/penstock/store"
)

var dueCases = []testCase{
	{"entries come when due, by time, then by order", func(r *rig) {
		now := time.Now()
		r.enqueue("q", "second", now.Add(2*time.Second))
		r.enqueue("q", "third a", now.Add(3*time.Second))
		r.enqueue("q", "third b", now.Add(3*time.Second))
		r.enqueue("q", "first", now.Add(time.Second+time.Nanosecond))
		r.enqueue("other", "not ours", now)
		r.enqueue("q", "now", time.Time{})
		r.enqueue("q", "past", now.Add(-time.Hour))
		r.claims("q", 10, 0, "past", "now")
		r.claims("q", 10, 0)
		time.Sleep(time.Second)
		r.claims("q", 10, 0)
		time.Sleep(time.Nanosecond)
		r.claims("q", 10, 0, "first")
		time.Sleep(time.Minute)
		r.claims("q", 2, 0, "second", "third a")
		r.claims("q", 2, 0, "third b")
		r.claims("q", 2, 0)
	}},
	{"an entry comes back as it was put", func(r *rig) {
		now := time.Now()
		due := now.Add(-90*time.Minute - 7*time.Nanosecond)
		id := r.commit(store.Txn{Queue: []store.Item{{Queue: "q", Due: due, Payload: []byte("payload"), Note: []byte("note")}}}).IDs[0]
		e := r.claims("q", 1, 0, "payload")[0]
		if e.ID != id || id <= 0 || !e.Due.Equal(due) || string(e.Note) != "note" || !e.Added.Equal(now) || e.Due.Location() != time.UTC {
			r.Fatalf("entry %+v, put at %v", e, now)
		}
		r.commit(store.Txn{Queue: []store.Item{{Queue: "q"}}})
		e = r.claims("q", 1, 0, "")[0]
		if !e.Due.Equal(now) || e.Payload == nil || e.Note == nil {
			r.Fatalf("entry %+v of zeroes, put at %v", e, now)
		}
	}},
	{"a claim waits until something is due", func(r *rig) {
		began := time.Now()
		r.claims("q", 1, -1)
		r.claims("q", 1, 5*time.Second)
		r.took(began, 5*time.Second)
		r.enqueue("q", "later", time.Now().Add(time.Minute))
		r.claims("q", 1, time.Hour, "later")
		r.took(began, 65*time.Second)
		for _, wake := range []struct {
			by   string
			do   func()
			want string
		}{
			{"put", func() { r.try(store.Txn{Queue: []store.Item{{Queue: "q", Payload: []byte("put")}}}) }, "put"},
			{"put for later", func() {
				r.try(store.Txn{Queue: []store.Item{{Queue: "q", Due: time.Now().Add(time.Second), Payload: []byte("timed")}}})
			}, "timed"},
		} {
			went := time.Now()
			go func() {
				time.Sleep(time.Minute)
				r.try(store.Txn{Queue: []store.Item{{Queue: "elsewhere"}}})
				time.Sleep(time.Minute)
				wake.do()
			}()
			r.claims("q", 1, time.Hour, wake.want)
			if took := time.Since(went).Truncate(time.Minute); took != 2*time.Minute {
				r.Fatalf("%s woke after %v", wake.by, took)
			}
		}
	}},
	{"a hold and the end of a claim wake", func(r *rig) {
		id := r.enqueue("q", "x", time.Time{})
		r.claims("q", 1, 0, "x")
		began := time.Now()
		go func() {
			time.Sleep(time.Minute)
			r.errors(r.Unclaim(r.ctx, id))
		}()
		r.claims("q", 1, time.Hour, "x")
		r.took(began, time.Minute)
		go func() {
			time.Sleep(time.Minute)
			r.try(store.Txn{Hold: []store.Hold{{ID: id, Due: time.Now().Add(time.Minute)}}})
		}()
		r.claims("q", 1, time.Hour, "x")
		r.took(began, 3*time.Minute)
	}},
	{"next, count and the names of queues", func(r *rig) {
		next := func(want time.Time) {
			r.Helper()
			due, ok, err := r.Next(r.ctx, "q")
			r.ok(err)
			if ok == want.IsZero() || ok && !due.Equal(want) {
				r.Fatalf("next due %v %v, want %v", due, ok, want)
			}
		}
		now := time.Now()
		next(time.Time{})
		r.counts("q", 0)
		a := r.enqueue("q", "a", now.Add(time.Minute))
		b := r.enqueue("q", "b", now.Add(time.Hour))
		r.enqueue("r", "c", now)
		r.enqueue("p/é", "d", now)
		next(now.Add(time.Minute))
		r.counts("q", 2)
		time.Sleep(time.Minute)
		r.claims("q", 1, 0, "a")
		next(now.Add(time.Hour))
		r.counts("q", 2)
		r.ok(r.Unclaim(r.ctx, a))
		next(now.Add(time.Minute))
		r.claims("q", 1, 0, "a")
		r.ok(r.Ack(r.ctx, a))
		r.counts("q", 1)
		r.queues("", 10, "p/é", "q", "r")
		r.queues("", 1, "p/é")
		r.queues("p/é", 1, "q")
		r.commit(store.Txn{Ack: []store.ID{b}})
		next(time.Time{})
		r.counts("q", 0)
		r.queues("", 10, "p/é", "r")
		_, err := r.Queues(r.ctx, "", 0)
		r.fails(err, store.ErrInvalid)
	}},
	{"many of one moment come in order, each once", func(r *rig) {
		t, want := store.Txn{}, numbered("%d", 3000)
		for _, v := range want {
			t.Queue = append(t.Queue, store.Item{Queue: "q", Payload: []byte(v)})
		}
		r.commit(t)
		var got []string
		for i := 0; len(got) < len(want); i++ {
			list, err := r.Claim(r.ctx, "q", 7+i%90, 0)
			r.ok(err)
			if len(list) == 0 {
				break
			}
			for _, e := range list {
				got = append(got, string(e.Payload))
			}
		}
		if !slices.Equal(got, want) {
			r.Fatalf("claimed %d, want %d in order", len(got), len(want))
		}
	}},
	{"large entries end a page", func(r *rig) {
		big := large(store.MaxValue / 2)
		r.commit(store.Txn{Queue: []store.Item{{Queue: "q", Payload: big}, {Queue: "q", Note: big}, {Queue: "q", Payload: big}}})
		for _, want := range []int{2, 1, 0} {
			if page, err := r.Claim(r.ctx, "q", 10, 0); err != nil || len(page) != want {
				r.Fatalf("page of %d, %v, want %d", len(page), err, want)
			}
		}
	}},
	{"a queue drained by many hands each entry to one", func(r *rig) {
		const n = 400
		seen := make(chan store.ID, 2*n)
		race(r, 8, func(w int) {
			if w < 4 { // producers
				for i := range n / 4 {
					r.try(store.Txn{Queue: []store.Item{{Queue: "q", Payload: fmt.Append(nil, w, "/", i), Due: time.Now().Add(time.Duration(i%5-2) * time.Millisecond)}}})
				}
				return
			}
			for {
				list, err := r.Claim(r.ctx, "q", 3, time.Minute)
				if err != nil || len(list) == 0 {
					r.errors(err)
					return
				}
				for i, e := range list {
					seen <- e.ID
					if i%2 == 0 {
						r.errors(r.Ack(r.ctx, e.ID))
					} else {
						r.try(store.Txn{Ack: []store.ID{e.ID}})
					}
				}
			}
		})
		close(seen)
		once := map[store.ID]bool{}
		for id := range seen {
			if once[id] {
				r.Fatalf("entry %d was handed out twice", id)
			}
			once[id] = true
		}
		if len(once) != n {
			r.Fatalf("%d entries handed out, want %d", len(once), n)
		}
		r.counts("q", 0)
		r.queues("", 10)
	}},
}

// try commits in a goroutine.
func (r *rig) try(t store.Txn) {
	r.Helper()
	_, err := r.Commit(r.ctx, t)
	r.errors(err)
}

func (r *rig) queues(after string, max int, want ...string) {
	r.Helper()
	got, err := r.Queues(r.ctx, after, max)
	r.ok(err)
	if !slices.Equal(got, want) {
		r.Fatalf("queues %q, want %q", got, want)
	}
}
