package sourcetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/penstock/penstock/sources"
)

// call is the most records of one call.
func (b *bench) call() int {
	if n := b.Kind.Limits.Call; n > 0 {
		return n
	}
	return 10
}

// longest is the longest wait.
func (b *bench) longest() time.Duration {
	if d := b.Kind.Limits.Wait; d > 0 {
		return d
	}
	return 20 * time.Second
}

// put sends n messages.
func (b *bench) put(n int) error {
	for i := range n {
		if err := b.Put(fmt.Sprintf(`{"n":%d}`, i)); err != nil {
			return fmt.Errorf("the rig's Put: %w", err)
		}
	}
	return nil
}

// collect receives until it has n records, in calls of at most max, and fails
// on one that comes twice. A source may hand out fewer than it has.
func (b *bench) collect(n, max int) ([]sources.Record, error) {
	var records []sources.Record
	seen := map[string]bool{}
	for range 2 * n {
		if len(records) >= n {
			break
		}
		got, err := b.Feed.Receive(b.ctx, max, b.short())
		if err != nil {
			return records, fmt.Errorf("receive: %w", err)
		}
		for _, r := range got {
			if r.ID == "" {
				return records, errors.New("a record has no ID")
			}
			if seen[r.ID] {
				return records, fmt.Errorf("record %q was handed out twice", r.ID)
			}
			seen[r.ID] = true
		}
		records = append(records, got...)
	}
	if len(records) != n {
		return records, fmt.Errorf("received %d records of %d", len(records), n)
	}
	return records, nil
}

// putAndCollect sends n messages and receives them.
func (b *bench) putAndCollect(n int) ([]sources.Record, error) {
	if err := b.put(n); err != nil {
		return nil, err
	}
	return b.collect(n, min(n, b.call()))
}

// short is a wait that is long enough for what is there already.
func (b *bench) short() time.Duration { return min(time.Second, b.longest()) }

// nothing fails if there is a record to receive.
func (b *bench) nothing(why string) error {
	got, err := b.Feed.Receive(b.ctx, 1, 0)
	if err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	if len(got) > 0 {
		return fmt.Errorf("record %q was handed out, but %s", got[0].ID, why)
	}
	return nil
}

// within fails if since start less than least or more than most plus slack passed.
func (b *bench) within(what string, start time.Time, least, most time.Duration) error {
	took := time.Since(start)
	if took < least-50*time.Millisecond {
		return fmt.Errorf("%s took %v, must take at least %v", what, took, least)
	}
	if took > most+b.slack {
		return fmt.Errorf("%s took %v, must take at most %v", what, took, most+b.slack)
	}
	return nil
}

// afterLoans sleeps until every loan made so far is over.
func (b *bench) afterLoans() { time.Sleep(b.Visibility + b.slack) }

// failedOf returns the records an error names; all of the call's when it is
// not partial.
func failedOf(err error, call []sources.Record) []sources.Record {
	var failed *sources.Failed
	if errors.As(err, &failed) {
		return failed.Records
	}
	if err != nil {
		return call
	}
	return nil
}

// An op is a call that settles records.
type op struct {
	name string
	do   func([]sources.Record) error
}

// ops are the feed's: Hold only if it is a Holder.
func (b *bench) ops() []op {
	list := []op{
		{"ack", func(r []sources.Record) error { return b.Feed.Ack(b.ctx, r) }},
		{"nack", func(r []sources.Record) error { return b.Feed.Nack(b.ctx, r) }},
	}
	if h, ok := b.Feed.(sources.Holder); ok {
		list = append(list, op{"hold", func(records []sources.Record) error {
			var held []sources.Held
			for _, r := range records {
				held = append(held, sources.Held{Record: r})
			}
			return h.Hold(b.ctx, held)
		}})
	}
	return list
}
