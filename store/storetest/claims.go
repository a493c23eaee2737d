package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/penstock/penstock/store"
)

var claimCases = []testCase{
	{"a claim is exclusive until it ends", func(r *rig) {
		a, b := r.enqueue("q", "a", time.Time{}), r.enqueue("q", "b", time.Time{})
		r.claims("q", 1, 0, "a")
		r.claims("q", 5, 0, "b")
		time.Sleep(24 * time.Hour)
		r.claims("q", 5, 0)
		r.ok(r.Unclaim(r.ctx, b, 999))
		r.claims("q", 5, 0, "b")
		r.ok(r.Unclaim(r.ctx, b, a))
		r.ok(r.Unclaim(r.ctx, b, a))
		r.claims("q", 5, 0, "a", "b")
		r.claims("q", 5, 0)
	}},
	{"a hold changes due time and note and ends the claim", func(r *rig) {
		a := r.commit(store.Txn{Queue: []store.Item{{Queue: "q", Payload: []byte("a"), Note: []byte("old")}}}).IDs[0]
		r.enqueue("q", "b", time.Now().Add(time.Minute))
		added := r.claims("q", 1, 0, "a")[0].Added
		due := time.Now().Add(2 * time.Minute)
		r.commit(store.Txn{Hold: []store.Hold{{ID: a, Due: due, Note: []byte("tried once")}}})
		r.claims("q", 2, 0)
		r.counts("q", 2)
		time.Sleep(2 * time.Minute)
		e := r.claims("q", 2, 0, "b", "a")[1]
		if !e.Due.Equal(due) || string(e.Note) != "tried once" || e.ID != a || !e.Added.Equal(added) {
			r.Fatalf("entry %+v, want it due %v, added %v", e, due, added)
		}
		r.commit(store.Txn{Hold: []store.Hold{{ID: a}}})
		if e := r.claims("q", 2, 0, "a")[0]; len(e.Note) != 0 || !e.Due.Equal(time.Now()) {
			r.Fatalf("entry %+v, want no note, due now", e)
		}
		_, err := r.Commit(r.ctx, store.Txn{Hold: []store.Hold{{ID: 999}}})
		r.fails(err, store.ErrNotFound)
	}},
	{"a hold may move what nobody claimed, to the front too", func(r *rig) {
		r.enqueue("q", "a", time.Time{})
		b := r.enqueue("q", "b", time.Now().Add(time.Hour))
		r.claims("q", 1, 0, "a")
		r.commit(store.Txn{Hold: []store.Hold{{ID: b, Due: time.Now().Add(-time.Hour)}}})
		r.claims("q", 1, 0, "b")
	}},
	{"what is acknowledged does not come again", func(r *rig) {
		var ids []store.ID
		for _, v := range []string{"a", "b", "c"} {
			ids = append(ids, r.enqueue("q", v, time.Time{}))
		}
		r.ok(r.Ack(r.ctx, ids...)) // nothing is claimed
		r.counts("q", 3)
		r.claims("q", 2, 0, "a", "b")
		r.ok(r.Ack(r.ctx, ids...))
		r.ok(r.Ack(r.ctx, ids...))
		r.counts("q", 1)
		r.ok(r.Unclaim(r.ctx, ids...))
		r.claims("q", 5, 0, "c")
		r.commit(store.Txn{Ack: []store.ID{ids[2], ids[0], 999}})
		r.counts("q", 0)
		r.ok(r.Unclaim(r.ctx, ids...))
		r.claims("q", 5, 0)
		d := r.enqueue("q", "d", time.Now().Add(time.Hour))
		r.commit(store.Txn{Ack: []store.ID{d}}) // nobody claimed it
		r.counts("q", 0)
		_, err := r.Commit(r.ctx, store.Txn{Hold: []store.Hold{{ID: d}}})
		r.fails(err, store.ErrNotFound)
	}},
	{"acknowledgements ride in any number", func(r *rig) {
		const n = 2*store.MaxPage + 10
		t := store.Txn{}
		for range n {
			t.Queue = append(t.Queue, store.Item{Queue: "q"})
		}
		ids := r.commit(t).IDs
		for range 3 {
			_, err := r.Claim(r.ctx, "q", store.MaxPage, 0)
			r.ok(err)
		}
		for i, id := range ids {
			r.ok(r.Ack(r.ctx, id))
			if i%100 == 0 {
				r.counts("q", int64(n-i-1))
			}
		}
		r.commit(store.Txn{})
		r.counts("q", 0)
		_, err := r.Commit(r.ctx, store.Txn{Hold: []store.Hold{{ID: ids[n-1]}}})
		r.fails(err, store.ErrNotFound)
	}},
	{"a queue behaves as its model", func(r *rig) {
		for seed := range uint64(6) {
			m := &model{rig: r, random: rand.New(rand.NewPCG(seed, 1)), queue: fmt.Sprint("q", seed)}
			for range 300 {
				m.step()
			}
		}
	}},
}

// A model of one queue: every entry in a list.
type model struct {
	*rig
	random  *rand.Rand
	queue   string
	entries []modelEntry
}

type modelEntry struct {
	id      store.ID
	due     time.Time
	note    string
	claimed bool
}

func (m *model) step() {
	pick := -1
	if len(m.entries) > 0 {
		pick = m.random.IntN(len(m.entries))
	}
	due := time.Now().Add(time.Duration(m.random.IntN(9)-4) * time.Second)
	switch op := m.random.IntN(10); {
	case op < 3 || pick < 0:
		id := m.commit(store.Txn{Queue: []store.Item{{Queue: m.queue, Due: due}}}).IDs[0]
		m.entries = append(m.entries, modelEntry{id: id, due: due})
	case op < 6:
		m.claim(1 + m.random.IntN(4))
	case op == 6:
		note := fmt.Sprint(m.random.IntN(100))
		m.commit(store.Txn{Hold: []store.Hold{{ID: m.entries[pick].id, Due: due, Note: []byte(note)}}})
		m.entries[pick] = modelEntry{id: m.entries[pick].id, due: due, note: note}
	case op == 7:
		if m.random.IntN(2) == 0 {
			m.commit(store.Txn{Ack: []store.ID{m.entries[pick].id}})
			m.entries = slices.Delete(m.entries, pick, pick+1)
		} else if claimed := m.entries[pick].claimed; true {
			m.ok(m.Ack(m.ctx, m.entries[pick].id))
			if claimed {
				m.entries = slices.Delete(m.entries, pick, pick+1)
			}
		}
	case op == 8:
		m.ok(m.Unclaim(m.ctx, m.entries[pick].id))
		m.entries[pick].claimed = false
	default:
		time.Sleep(time.Duration(m.random.IntN(2000)) * time.Millisecond)
	}
	m.counts(m.queue, int64(len(m.entries)))
}

func (m *model) claim(max int) {
	slices.SortFunc(m.entries, func(a, b modelEntry) int {
		if c := a.due.Compare(b.due); c != 0 {
			return c
		}
		return int(a.id - b.id)
	})
	var want []modelEntry
	for i := range m.entries {
		if e := &m.entries[i]; len(want) < max && !e.claimed && !e.due.After(time.Now()) {
			e.claimed = true
			want = append(want, *e)
		}
	}
	got, err := m.Claim(m.ctx, m.queue, max, 0)
	m.ok(err)
	same := slices.EqualFunc(got, want, func(e store.Entry, w modelEntry) bool {
		return e.ID == w.id && e.Due.Equal(w.due) && string(e.Note) == w.note
	})
	if !same {
		m.Fatalf("queue %s: claimed %+v, want %+v", m.queue, got, want)
	}
}
