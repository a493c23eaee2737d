package storetest

import (
	"fmt"
	"slices"

	"github.com/penstock/penstock/store"
)

var logCases = []testCase{
	{"a log is appended to, read and trimmed", func(r *rig) {
		r.bounds("l", 1, 0)
		r.reads("l", 0)
		var last store.Position
		for _, v := range []string{"a", "b", "c"} {
			last = r.commit(store.Txn{Append: []store.Append{{Log: "l", Value: []byte(v)}, {Log: "other", Value: []byte("x")}}}).Positions[0]
		}
		list := r.reads("l", 0, "a", "b", "c")
		r.bounds("l", list[0].Position, last)
		r.reads("l", list[0].Position, "b", "c")
		r.reads("l", last)
		r.commit(store.Txn{Trim: []store.Trim{{Log: "l", Through: list[1].Position}}})
		r.reads("l", 0, "c")
		r.bounds("l", last, last)
		r.commit(store.Txn{Trim: []store.Trim{{Log: "l", Through: list[0].Position}}})
		r.reads("l", 0, "c")
		r.reads("other", 0, "x", "x", "x")
		r.commit(store.Txn{Trim: []store.Trim{{Log: "l", Through: last}}})
		r.reads("l", 0)
		r.bounds("l", last+1, last)
		if next := r.commit(store.Txn{Append: []store.Append{{Log: "l"}}}).Positions[0]; next <= last {
			r.Fatalf("position %d after %d", next, last)
		}
	}},
	{"a log is read in pages", func(r *rig) {
		t, want := store.Txn{}, numbered("%d", 2500)
		for _, v := range want {
			t.Append = append(t.Append, store.Append{Log: "l", Value: []byte(v)})
		}
		r.commit(t)
		var got []string
		for after := store.Position(0); ; {
			page, err := r.Read(r.ctx, "l", after, 1_000_000)
			r.ok(err)
			if len(page) == 0 {
				break
			}
			if len(page) > store.MaxPage {
				r.Fatalf("page of %d", len(page))
			}
			for _, e := range page {
				got = append(got, string(e.Value))
				after = e.Position
			}
		}
		if !slices.Equal(got, want) {
			r.Fatalf("read %d entries, want %d in order", len(got), len(want))
		}
		big := large(store.MaxValue / 2)
		r.commit(store.Txn{Append: []store.Append{{Log: "big", Value: big}, {Log: "big", Value: big}, {Log: "big", Value: big}}})
		if page, err := r.Read(r.ctx, "big", 0, 10); err != nil || len(page) != 2 {
			r.Fatalf("page of %d, %v, want 2", len(page), err)
		}
	}},
	{"appends from many come in one order", func(r *rig) {
		positions := make([][]store.Position, 8)
		race(r, 8, func(w int) {
			for i := range 25 {
				done, err := r.Commit(r.ctx, store.Txn{Append: []store.Append{{Log: "l", Value: fmt.Append(nil, w, "/", i)}}})
				if err != nil {
					r.Errorf("append: %v", err)
					return
				}
				positions[w] = append(positions[w], done.Positions[0])
			}
		})
		list, err := r.Read(r.ctx, "l", 0, store.MaxPage)
		r.ok(err)
		if len(list) != 200 {
			r.Fatalf("%d entries, want 200", len(list))
		}
		for w, mine := range positions {
			for i, p := range mine {
				at, ok := slices.BinarySearchFunc(list, p, func(e store.LogEntry, p store.Position) int { return int(e.Position - p) })
				if !ok || string(list[at].Value) != fmt.Sprint(w, "/", i) || i > 0 && p <= mine[i-1] {
					r.Fatalf("writer %d, append %d: position %d has something else", w, i, p)
				}
			}
		}
	}},
}

func (r *rig) bounds(log string, first, last store.Position) {
	r.Helper()
	f, l, err := r.Bounds(r.ctx, log)
	r.ok(err)
	if f != first || l != last {
		r.Fatalf("log %q has %d to %d, want %d to %d", log, f, l, first, last)
	}
}
