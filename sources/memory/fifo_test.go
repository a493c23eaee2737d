package memory_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

// TestFIFO replays recordings of SQS: what may be delivered while earlier
// messages of a group are hidden, and what unblocks it.
func TestFIFO(t *testing.T) {
	put := func(q *memory.Queue, groups ...string) {
		for _, g := range groups {
			q.Put(memory.Message{Group: g, ID: fmt.Sprint(g, "-", q.Counts().Visible+q.Counts().Hidden)})
		}
	}
	for name, run := range map[string]func(*testing.T, *memory.Queue, sources.Queue, time.Time){
		"groups in order, first group first": func(t *testing.T, q *memory.Queue, feed sources.Queue, _ time.Time) {
			put(q, "g1", "g2", "g1", "g1")
			receive(t, feed, "g1-0,g1-2,g1-3,g2-1")
		},
		"a hidden message blocks its group": func(t *testing.T, q *memory.Queue, feed sources.Queue, start time.Time) {
			put(q, "g1", "g1", "g1", "g2")
			two, err := feed.Receive(t.Context(), 2, 0)
			must(t, err)
			if ids(two) != "g1-0,g1-1" {
				t.Fatal(ids(two))
			}
			receive(t, feed, "g2-3")
			put(q, "g1")
			receive(t, feed, "")
			at(start, 30*time.Second)
			receive(t, feed, "g1-0,g1-1,g1-2,g1-4,g2-3")
		},
		"only what is before the first hidden one": func(t *testing.T, q *memory.Queue, feed sources.Queue, _ time.Time) {
			put(q, "g1", "g1", "g1")
			records := receive(t, feed, "g1-0,g1-1,g1-2")
			must(t, feed.Nack(t.Context(), records[:1]))
			receive(t, feed, "g1-0")
		},
		"acknowledging all unblocks": func(t *testing.T, q *memory.Queue, feed sources.Queue, _ time.Time) {
			put(q, "g1", "g1", "g1")
			two, _ := feed.Receive(t.Context(), 2, 0)
			must(t, feed.Ack(t.Context(), two[:1]))
			receive(t, feed, "")
			must(t, feed.Ack(t.Context(), two[1:]))
			receive(t, feed, "g1-2")
		},
		"a dead letter unblocks": func(t *testing.T, q *memory.Queue, feed sources.Queue, start time.Time) {
			q.MaxReceives = 1
			put(q, "g1", "g1")
			one, _ := feed.Receive(t.Context(), 1, 0)
			_ = one
			at(start, 30*time.Second)
			receive(t, feed, "g1-1")
		},
		"groups take turns": func(t *testing.T, q *memory.Queue, feed sources.Queue, _ time.Time) {
			put(q, "g1", "g1", "g2")
			one, _ := feed.Receive(t.Context(), 1, 0)
			must(t, feed.Nack(t.Context(), one))
			receive(t, feed, "g2-2,g1-0,g1-1")
		},
		"a delay blocks": func(t *testing.T, q *memory.Queue, feed sources.Queue, start time.Time) {
			q.Put(memory.Message{ID: "slow", Group: "g1", Delay: 5 * time.Second}, memory.Message{ID: "next", Group: "g1"})
			receive(t, feed, "")
			at(start, 5*time.Second)
			receive(t, feed, "slow,next")
		},
		"an expired receipt": func(t *testing.T, q *memory.Queue, feed sources.Queue, start time.Time) {
			put(q, "g1")
			records := receive(t, feed, "g1-0")
			at(start, 30*time.Second)
			for _, err := range []error{feed.Ack(t.Context(), records), feed.Nack(t.Context(), records)} {
				var failed *sources.Failed
				if !errors.As(err, &failed) || ids(failed.Records) != "g1-0" || !errors.Is(err, sources.ErrExpired) {
					t.Errorf("got %v", err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := &memory.Queue{FIFO: true}
				run(t, q, q.Open(sources.Spec{}), time.Now())
			})
		})
	}
}
