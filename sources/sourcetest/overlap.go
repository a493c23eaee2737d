package sourcetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/penstock/penstock/sources"
)

// receivesOverlap: calls that run side by side know nothing of each other.
// What a call might keep in the feed instead of on its stack is made to differ
// between them, so that a feed that is not safe fails here every time.
func receivesOverlap(b *bench) error {
	long, short := min(6*time.Second, b.longest()), min(2*time.Second, b.longest()/2)
	first := b.receiveAside(b.ctx, 1, long)
	second := b.receiveAside(b.ctx, b.call(), short)
	third := b.receiveAside(b.ctx, b.call(), long)
	fourth := b.receiveAside(b.ctx, 1, short)
	for i, c := range []<-chan reply{first, second, third, fourth} {
		wait := []time.Duration{long, short, long, short}[i]
		r := <-c
		if r.err != nil || len(r.records) > 0 {
			return fmt.Errorf("an empty queue answers %d records and error %v", len(r.records), r.err)
		}
		if r.after < wait-50*time.Millisecond || r.after > wait+b.slack {
			return fmt.Errorf("of four receives side by side one with wait %v took %v", wait, r.after)
		}
	}
	if err := settleWhileWaiting(b); err != nil {
		return err
	}
	return recordsStay(b)
}

// settleWhileWaiting: no call waits for a receive that waits.
func settleWhileWaiting(b *bench) error {
	records, err := b.putAndCollect(2)
	if err != nil {
		return err
	}
	narrow := b.receiveAside(b.ctx, 1, b.longest())
	start := time.Now()
	if err := b.Feed.Ack(b.ctx, records[:1]); err != nil {
		return fmt.Errorf("ack: %w", err)
	}
	if err := b.within("an ack beside a waiting receive", start, 0, 0); err != nil {
		return err
	}
	if err := b.Feed.Nack(b.ctx, records[1:]); err != nil {
		return fmt.Errorf("nack: %w", err)
	}
	r := <-narrow
	if r.err != nil || len(r.records) != 1 || r.records[0].ID != records[1].ID {
		return fmt.Errorf("a waiting receive got %q and error %v, want %q that was returned", names(r.records), r.err, records[1].ID)
	}
	if err := b.within("a nack beside a waiting receive", start, 0, 0); err != nil {
		return err
	}
	return b.Feed.Ack(b.ctx, r.records)
}

// recordsStay: records belong to the caller; the next receive leaves them alone.
func recordsStay(b *bench) error {
	if err := b.put(6); err != nil {
		return err
	}
	var all []sources.Record
	var kept [][]sources.Record
	var bodies []string
	for len(all) < 6 {
		got, err := b.Feed.Receive(b.ctx, min(3, b.call()), b.short())
		if err != nil || len(got) == 0 {
			return fmt.Errorf("received %d records of 6, then %d and error %v", len(all), len(got), err)
		}
		kept = append(kept, got)
		all = append(all, got...) // copies
		for _, r := range got {
			bodies = append(bodies, string(r.Body))
		}
	}
	for i, r := range slices.Concat(kept...) {
		if r.ID != all[i].ID || string(r.Body) != bodies[i] {
			return fmt.Errorf("record %q changed to %q under a later receive", all[i].ID, r.ID)
		}
	}
	return b.Feed.Ack(b.ctx, all[:min(len(all), b.call())])
}

// crowd: many receive and acknowledge at once; nothing is lost or handed out
// twice.
func crowd(b *bench) error {
	const messages, receivers = 40, 8
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		seen  = map[string]int{}
		errs  []error
	)
	for i := range receivers {
		group.Go(func() {
			for {
				got, err := b.Feed.Receive(b.ctx, 1+i%min(3, b.call()), min(2*time.Second, b.longest()))
				if err == nil && len(got) > 0 {
					err = b.Feed.Ack(b.ctx, got)
				}
				mu.Lock()
				for _, r := range got {
					seen[r.ID]++
				}
				if err != nil {
					errs = append(errs, err)
				}
				mu.Unlock()
				if err != nil || len(got) == 0 {
					return
				}
			}
		})
	}
	b.settle()
	putErr := b.put(messages)
	group.Wait()
	if err := errors.Join(append(errs, putErr)...); err != nil {
		return err
	}
	for id, n := range seen {
		if n > 1 {
			return fmt.Errorf("record %q was handed to %d of %d receivers", id, n, receivers)
		}
	}
	if len(seen) != messages {
		return fmt.Errorf("%d receivers got %d records of %d", receivers, len(seen), messages)
	}
	return b.nothing("all were acknowledged")
}
