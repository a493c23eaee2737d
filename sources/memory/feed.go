package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/penstock/penstock/sources"
)

var errClosed = errors.New("feed is closed")

// A feed is one opened view of the queue.
type feed struct {
	q      *Queue
	spec   sources.Spec
	closed bool // guarded by q.mu
}

// A holder is a feed of a queue with Holds set.
type holder struct{ *feed }

// Receive fails for a wait below zero or above Limits.Wait, for a max that is
// not 1 to Limits.Call, and with ctx's error if it was cancelled while empty.
func (f *feed) Receive(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
	limits := f.q.limits()
	switch {
	case max < 1:
		return nil, fmt.Errorf("receive: max is %d, must be at least 1", max)
	case max > limits.Call:
		return nil, fmt.Errorf("receive: max is %d, limit %d: %w", max, limits.Call, sources.ErrTooMany)
	case wait < 0 || wait > limits.Wait:
		return nil, fmt.Errorf("receive: wait is %v, must be 0 to %v", wait, limits.Wait)
	}
	f.q.mu.Lock()
	defer f.q.mu.Unlock()
	if err := f.begin(Receive, nil); err != nil {
		return nil, err
	}
	end := time.Now().Add(wait)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if f.closed {
			return nil, errClosed
		}
		if records := f.q.take(max, f.spec); len(records) > 0 {
			return records, nil
		}
		now := time.Now()
		if !now.Before(end) {
			return nil, nil
		}
		f.q.sleep(ctx, f.q.next(now, end).Sub(now))
	}
}

// sleep gives up q.mu until something changed, d passed or ctx is done.
func (q *Queue) sleep(ctx context.Context, d time.Duration) {
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	changed := q.changed
	q.mu.Unlock()
	defer q.mu.Lock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Ack deletes. As in SQS an old receipt is no error on a standard queue, and
// deletes if the message was not received again; on a FIFO queue it fails with
// sources.ErrExpired. Deleting again is no error.
func (f *feed) Ack(_ context.Context, records []sources.Record) error {
	return f.settle(Ack, records, func(_ int, r receipt, now time.Time) error {
		switch {
		case f.q.FIFO && (r.n != r.entry.Receives || !r.entry.hidden.After(now)):
			return sources.ErrExpired
		case r.n == r.entry.Receives:
			f.q.remove(r.entry)
			f.q.acked = append(f.q.acked, r.entry.ID)
		}
		return nil
	})
}

// Nack shows the messages again. As in SQS it works with an old receipt too,
// and the receive counts. On a FIFO queue a receipt past its loan fails with
// sources.ErrExpired.
func (f *feed) Nack(_ context.Context, records []sources.Record) error {
	return f.settle(Nack, records, func(_ int, r receipt, now time.Time) error {
		if f.q.FIFO && !r.entry.hidden.After(now) {
			return sources.ErrExpired
		}
		r.entry.hidden = time.Time{}
		return nil
	})
}

// Hold hides the messages and stores the notes. A receipt that is not the
// newest fails with sources.ErrExpired.
func (h holder) Hold(_ context.Context, held []sources.Held) error {
	records := make([]sources.Record, len(held))
	for i := range held {
		records[i] = held[i].Record
	}
	return h.settle(Hold, records, func(i int, r receipt, now time.Time) error {
		if r.n != r.entry.Receives {
			return sources.ErrExpired
		}
		r.entry.hidden = now.Add(held[i].For)
		r.entry.Note = held[i].Note
		return nil
	})
}

// settle does one thing to each record whose message still exists.
func (f *feed) settle(op Op, records []sources.Record, do func(int, receipt, time.Time) error) error {
	if limit := f.q.limits().Call; len(records) > limit {
		return fmt.Errorf("%v: %d records, limit %d: %w", op, len(records), limit, sources.ErrTooMany)
	}
	f.q.mu.Lock()
	defer f.q.mu.Unlock()
	if f.closed {
		return errClosed
	}
	failed := &sources.Failed{}
	if err := f.begin(op, records); errors.As(err, &failed) {
		failed = &sources.Failed{Records: slices.Clone(failed.Records), Err: failed.Err}
	} else if err != nil {
		return err
	}
	fail := func(r sources.Record, err error) {
		failed.Records = append(failed.Records, r)
		if failed.Err == nil || errors.Is(failed.Err, sources.ErrExpired) {
			failed.Err = err
		}
	}
	now := time.Now()
	for i, r := range records {
		token, ok := r.Token.(receipt)
		switch {
		case named(failed.Records, r):
		case !ok:
			fail(r, fmt.Errorf("record %q is not of this queue", r.ID))
		case token.entry.place != nil:
			if err := do(i, token, now); err != nil {
				fail(r, err)
			}
		}
	}
	f.q.wake()
	if len(failed.Records) > 0 {
		return failed
	}
	return nil
}
