package poller_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/sources"
)

// A hastyFeed never waits.
type hastyFeed struct {
	sources.Queue
	receives atomic.Int64
}

func (f *hastyFeed) Receive(ctx context.Context, max int, _ time.Duration) ([]sources.Record, error) {
	f.receives.Add(1)
	return f.Queue.Receive(ctx, max, 0)
}

// A server that answers empty long polls at once is not asked without end, and
// what it has is found soon all the same.
func TestFeedThatDoesNotWait(t *testing.T) {
	for _, window := range []time.Duration{0, 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := settings{batch: 10, window: window, visibility: time.Minute, timeout: time.Second, retries: -1}
			queue := newQueue(s)
			engine := newEngine(s, queue, invoke.Bytes(func(context.Context, []byte) ([]byte, error) { return nil, nil }), nil)
			engine.Observe = nil
			feed := &hastyFeed{Queue: engine.Feed}
			engine.Feed = feed
			time.AfterFunc(30*time.Second+time.Millisecond, func() { queue.PutBodies("late") })
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			engine.Run(ctx)
			if n := feed.receives.Load(); n > 100 {
				t.Errorf("window %v: %d receives in a minute", window, n)
			}
			if len(queue.Acked()) != 1 {
				t.Errorf("window %v: the message was not found", window)
			}
		})
	}
}
