package sourcetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

// rig is the suite's view of a queue in memory.
func rig(q *memory.Queue) QueueRig {
	group := 0
	r := QueueRig{
		Kind:       q.Kind(),
		Feed:       q.Open(sources.Spec{}),
		Visibility: max(0, cmp.Or(q.Visibility, 30*time.Second)),
		Put: func(body string) error {
			group++
			q.Put(memory.Message{Body: body, Group: fmt.Sprint("own-", group)})
			return nil
		},
		Fail: func(err error) { q.FailNext(-1, err) },
		Spoil: func(r sources.Record) sources.Record {
			r.Token = "garbage"
			return r
		},
	}
	if q.FIFO {
		r.PutGroup = func(group, body string) error {
			q.Put(memory.Message{Body: body, Group: group})
			return nil
		}
	}
	return r
}

// TestMemory proves the reference implementation, and with it that the suite
// asks nothing that cannot be had.
func TestMemory(t *testing.T) {
	for name, open := range map[string]func() *memory.Queue{
		"standard":      standard,
		"fifo":          fifo,
		"holder":        holder,
		"never expires": func() *memory.Queue { return &memory.Queue{Holds: true, Visibility: -1} },
		"short loans":   func() *memory.Queue { return &memory.Queue{Visibility: 2 * time.Second} },
		"calls of two": func() *memory.Queue {
			return &memory.Queue{Limits: sources.Limits{Call: 2, Wait: 5 * time.Second}}
		},
		"calls of one": func() *memory.Queue { return &memory.Queue{Limits: sources.Limits{Call: 1}} },
	} {
		t.Run(name, func(t *testing.T) {
			Queue(t, func(*testing.T) QueueRig { return rig(open()) })
		})
	}
}

func standard() *memory.Queue { return &memory.Queue{} }
func fifo() *memory.Queue     { return &memory.Queue{FIFO: true} }
func holder() *memory.Queue   { return &memory.Queue{Holds: true} }

// A mutant is a feed with a fault. Nil functions are the feed's own.
type mutant struct {
	sources.Queue
	receive func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error)
	ack     func(ctx context.Context, records []sources.Record) error
	nack    func(ctx context.Context, records []sources.Record) error
	hold    func(ctx context.Context, held []sources.Held) error
}

func (m *mutant) Receive(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
	if m.receive != nil {
		return m.receive(ctx, max, wait)
	}
	return m.Queue.Receive(ctx, max, wait)
}

func (m *mutant) Ack(ctx context.Context, records []sources.Record) error {
	if m.ack != nil {
		return m.ack(ctx, records)
	}
	return m.Queue.Ack(ctx, records)
}

func (m *mutant) Nack(ctx context.Context, records []sources.Record) error {
	if m.nack != nil {
		return m.nack(ctx, records)
	}
	return m.Queue.Nack(ctx, records)
}

func (m *mutant) Hold(ctx context.Context, held []sources.Held) error {
	if m.hold != nil {
		return m.hold(ctx, held)
	}
	return m.Queue.(sources.Holder).Hold(ctx, held)
}

// TestSuiteCatches runs each fault against the case that must see it: no other
// case is needed to find it.
func TestSuiteCatches(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			i := slices.IndexFunc(queueCases, func(c queueCase) bool { return c.name == f.caught })
			if i < 0 {
				t.Fatalf("there is no case %q", f.caught)
			}
			synctest.Test(t, func(t *testing.T) {
				release := func() {}
				err := prove(t, func(*testing.T) QueueRig {
					q := f.queue()
					r := rig(q)
					m := &mutant{Queue: r.Feed}
					if undo := f.seed(m, q); undo != nil {
						release = undo
					}
					r.Feed = m
					if !q.Holds {
						r.Feed = struct{ sources.Queue }{m}
					}
					return r
				}, queueCases[i], fakeTime)
				release()
				if err == nil {
					t.Errorf("not caught by %q", f.caught)
				}
				t.Log(err)
			})
		})
	}
}

func TestIncompleteRigIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*QueueRig){
		"no Fail":          func(r *QueueRig) { r.Fail = nil },
		"no Put":           func(r *QueueRig) { r.Put = nil },
		"no Feed":          func(r *QueueRig) { r.Feed = nil },
		"no Kind":          func(r *QueueRig) { r.Kind = sources.Kind{} },
		"short visibility": func(r *QueueRig) { r.Visibility = time.Second },
	} {
		err := prove(t, func(*testing.T) QueueRig {
			r := rig(&memory.Queue{})
			spoil(&r)
			return r
		}, queueCases[0], realTime)
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
