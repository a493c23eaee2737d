package poller_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

// coarse is a feed that waits in whole seconds, as SQS does.
type coarse struct{ sources.Queue }

func (c coarse) Receive(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
	return c.Queue.Receive(ctx, max, (wait + time.Second - 1).Truncate(time.Second))
}

// A source that rounds waits up does not make a batch wait longer than its
// window, and what arrives in the last moment of it is still taken.
func TestWindowIsAnUpperBoundWhenWaitsAreRounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &memory.Queue{Limits: sources.Limits{WaitUnit: time.Second}}
		kind := q.Kind()
		began := time.Now()
		var sizes []int
		var at []time.Duration
		engine := poller.Queue{
			Pipe: poller.Pipe{
				Name: "m", Shape: kind.Shape, Policy: mapping.Policy{Shape: kind.Shape},
				Target: invoke.Bytes(func(context.Context, []byte) ([]byte, error) { return nil, nil }),
				Observe: func(s poller.Step) {
					if s.Action == poller.Delivered {
						sizes = append(sizes, len(s.Records))
						at = append(at, s.Start.Sub(began))
					}
				},
			},
			Feed: coarse{q.Open(sources.Spec{})}, Limits: kind.Limits,
			BatchSize: 100, Window: 2500 * time.Millisecond,
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for _, after := range []time.Duration{1200, 2350} {
			time.AfterFunc(after*time.Millisecond, func() { q.PutBodies(`1`) })
		}
		if err := engine.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(sizes, []int{2}) || !slices.Equal(at, []time.Duration{2500 * time.Millisecond}) {
			t.Errorf("batches of %v at %v, want one of 2 at 2.5s", sizes, at)
		}
	})
}
