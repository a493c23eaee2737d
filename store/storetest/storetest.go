// Package storetest proves that an engine keeps what package store promises:
// call Run from its tests. It owns the cases; it refuses to know engines.
//
// Every case runs in a bubble of testing/synctest: hours pass in no time, and
// what waits for longer than it says, or for nobody, fails.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/store"
)

// An Engine is what Run tries.
type Engine struct {
	// Open opens the store in a folder: an empty one the first time, the same
	// again after a Close when the engine is Persistent. It is called in a
	// bubble and must not leave goroutines behind a Close.
	Open func(t *testing.T, dir string) store.Store

	// Persistent: what is kept survives Close.
	Persistent bool
}

// Run runs all cases, each with stores of its own.
func Run(t *testing.T, e Engine) {
	groups := [][]testCase{valueCases, watchCases, transactionCases, logCases, dueCases, claimCases, leaseCases, endCases}
	if e.Persistent {
		groups = append(groups, reopenCases)
	}
	for _, c := range slices.Concat(groups...) {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				r := &rig{T: t, engine: e, dir: dir, ctx: context.Background()}
				r.open()
				c.run(r)
				if r.Store != nil {
					r.ok(r.Close())
				}
			})
		})
	}
}

type testCase struct {
	name string
	run  func(r *rig)
}

// A rig is a test with its store.
type rig struct {
	*testing.T
	store.Store
	engine Engine
	dir    string
	ctx    context.Context
}

func (r *rig) open() { r.Store = r.engine.Open(r.T, r.dir) }

// reopen closes the store and opens it again.
func (r *rig) reopen() {
	r.Helper()
	r.ok(r.Store.Close())
	r.open()
}

// must returns what a call returned beside its error, of which there must be
// none: must(r)(call()) reads badly, so the calls are wrapped below.
func (r *rig) ok(err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("error %v", err)
	}
}

// fails wants an error of a kind.
func (r *rig) fails(err, kind error) {
	r.Helper()
	if !errors.Is(err, kind) {
		r.Fatalf("error %v, want %v", err, kind)
	}
}

func (r *rig) commit(t store.Txn) store.Committed {
	r.Helper()
	done, err := r.Commit(r.ctx, t)
	r.ok(err)
	if len(done.Revisions) != len(t.Put) || len(done.Positions) != len(t.Append) || len(done.IDs) != len(t.Queue) {
		r.Fatalf("committed %+v: not as much as was written", done)
	}
	return done
}

func (r *rig) put(key, value string, condition store.Revision) store.Revision {
	r.Helper()
	revision, err := store.Set(r.ctx, r, key, []byte(value), condition)
	r.ok(err)
	return revision
}

// wants says what a key must have; "-" is no such key.
func (r *rig) wants(key, value string) {
	r.Helper()
	p, err := r.Get(r.ctx, key)
	if value == "-" {
		r.fails(err, store.ErrNotFound)
		return
	}
	r.ok(err)
	if p.Key != key || string(p.Value) != value || p.Value == nil || p.Revision <= 0 {
		r.Fatalf("key %q: %+v, want %q", key, p, value)
	}
}

func (r *rig) enqueue(queue, payload string, due time.Time) store.ID {
	r.Helper()
	return r.commit(store.Txn{Queue: []store.Item{{Queue: queue, Due: due, Payload: []byte(payload)}}}).IDs[0]
}

// claims wants these payloads from a queue, in order, within wait.
func (r *rig) claims(queue string, max int, wait time.Duration, payloads ...string) []store.Entry {
	r.Helper()
	list, err := r.Claim(r.ctx, queue, max, wait)
	r.ok(err)
	got := make([]string, 0, len(list))
	for _, e := range list {
		got = append(got, string(e.Payload))
		if e.Queue != queue {
			r.Fatalf("entry of queue %q, want %q", e.Queue, queue)
		}
	}
	if !slices.Equal(got, payloads) {
		r.Fatalf("claimed %q, want %q", got, payloads)
	}
	return list
}

func (r *rig) counts(queue string, want int64) {
	r.Helper()
	n, err := r.Count(r.ctx, queue)
	r.ok(err)
	if n != want {
		r.Fatalf("queue %q has %d entries, want %d", queue, n, want)
	}
}

// reads wants these values in a log after a position.
func (r *rig) reads(log string, after store.Position, values ...string) []store.LogEntry {
	r.Helper()
	list, err := r.Read(r.ctx, log, after, store.MaxPage)
	r.ok(err)
	got := make([]string, 0, len(list))
	for i, e := range list {
		got = append(got, string(e.Value))
		if e.Position <= after || i > 0 && e.Position <= list[i-1].Position {
			r.Fatalf("positions of %+v do not grow", list)
		}
	}
	if !slices.Equal(got, values) {
		r.Fatalf("log %q has %q, want %q", log, got, values)
	}
	return list
}

// took wants that time has passed since began.
func (r *rig) took(began time.Time, want time.Duration) {
	r.Helper()
	if took := time.Since(began); took != want {
		r.Fatalf("took %v, want %v", took, want)
	}
}

func numbered(format string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	return list
}

func large(n int) []byte { return bytes.Repeat([]byte("0123456789abcdef"), n/16) }
