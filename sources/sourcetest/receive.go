package sourcetest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/sources"
)

// wellFormed: an ID of its own, a Body that is JSON and joins into an event
// of the size that Envelope promises.
func wellFormed(b *bench) error {
	bodies := []string{
		`{"order":1}`, `[]`, `42`, `plain text`, `"quoted"`, `{"cut":`, "a\"b\\c\n\r\td",
		"<&> \u2028\u2029 \u00e9 \U0001F600", `}`,
	}
	for _, body := range bodies {
		if err := b.Put(body); err != nil {
			return fmt.Errorf("the rig's Put: %w", err)
		}
	}
	records, err := b.collect(len(bodies), b.call())
	if err != nil {
		return err
	}
	var frame events.Frame
	size := b.Kind.Shape.Envelope
	for _, r := range records {
		switch {
		case !json.Valid(r.Body):
			return fmt.Errorf("record %q: Body is not JSON: %.200q", r.ID, r.Body)
		case r.View != nil && !json.Valid(r.View()):
			return fmt.Errorf("record %q: View is not JSON: %.200q", r.ID, r.View())
		case r.Receives < 0 || r.Receives > 1:
			return fmt.Errorf("record %q: Receives is %d at the first receive", r.ID, r.Receives)
		}
		frame.Records = append(frame.Records, r.Body)
		size += len(r.Body) + 1
	}
	event := b.Kind.Shape.Event(frame)
	if !json.Valid(event) {
		return fmt.Errorf("event is not JSON: %.200q", event)
	}
	if len(event) > size {
		return fmt.Errorf("event has %d bytes, Envelope promises at most %d", len(event), size)
	}
	return nil
}

// maxIsKept: no receive returns more than was asked for.
func maxIsKept(b *bench) error {
	if err := b.put(7); err != nil {
		return err
	}
	for left := 7; left > 0; {
		max := min(2, left, b.call())
		got, err := b.Feed.Receive(b.ctx, max, b.short())
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		if len(got) == 0 {
			return fmt.Errorf("nothing received, but %d records are there", left)
		}
		if len(got) > max {
			return fmt.Errorf("max is %d, received %d", max, len(got))
		}
		left -= len(got)
	}
	return nil
}

// waitIsKept: an empty queue answers after the wait, not before, not later.
func waitIsKept(b *bench) error {
	for _, wait := range []time.Duration{0, time.Second, 3 * time.Second} {
		start := time.Now()
		got, err := b.Feed.Receive(b.ctx, 1, min(wait, b.longest()))
		if err != nil || len(got) > 0 {
			return fmt.Errorf("an empty queue answers %d records and error %v", len(got), err)
		}
		what := fmt.Sprintf("a receive with wait %v on an empty queue", wait)
		if err := b.within(what, start, min(wait, b.longest()), min(wait, b.longest())); err != nil {
			return err
		}
	}
	return nil
}

// A reply is what a receive that ran aside returned.
type reply struct {
	records []sources.Record
	err     error
	after   time.Duration
}

// receiveAside starts a receive and returns when it waits.
func (b *bench) receiveAside(ctx context.Context, max int, wait time.Duration) <-chan reply {
	c := make(chan reply, 1)
	go func() {
		start := time.Now()
		records, err := b.Feed.Receive(ctx, max, wait)
		c <- reply{records, err, time.Since(start)}
	}()
	b.settle()
	return c
}

// arrivalEndsWait: a waiting receive returns as soon as there is a record.
func arrivalEndsWait(b *bench) error {
	waiting := b.receiveAside(b.ctx, b.call(), b.longest())
	time.Sleep(time.Second)
	if err := b.put(1); err != nil {
		return err
	}
	start := time.Now()
	r := <-waiting
	if r.err != nil || len(r.records) != 1 {
		return fmt.Errorf("a waiting receive got %d records and error %v, want the record sent", len(r.records), r.err)
	}
	return b.within("a waiting receive, after a message was sent,", start, 0, 0)
}

// cancelEndsReceive: a cancelled receive returns soon, and one whose context
// is already done does not wait at all.
func cancelEndsReceive(b *bench) error {
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	waiting := b.receiveAside(ctx, 1, b.longest())
	time.Sleep(time.Second)
	cancel()
	start := time.Now()
	if r := <-waiting; len(r.records) > 0 {
		return fmt.Errorf("%d records from an empty queue", len(r.records))
	}
	if err := b.within("a receive, after it was cancelled,", start, 0, 0); err != nil {
		return err
	}
	start = time.Now()
	if got, _ := b.Feed.Receive(ctx, 1, b.longest()); len(got) > 0 {
		return fmt.Errorf("%d records from an empty queue", len(got))
	}
	if err := b.within("a receive whose context was done", start, 0, 0); err != nil {
		return err
	}
	return cancelLeavesNothing(b)
}

// cancelLeavesNothing: what a cancelled receive was doing is over when it
// returns, and does not go on behind it. Connections may come and go.
func cancelLeavesNothing(b *bench) error {
	const times = 6
	before := b.goroutines()
	for range times {
		ctx, cancel := context.WithCancel(b.ctx)
		waiting := b.receiveAside(ctx, 1, b.longest())
		cancel()
		<-waiting
	}
	b.settle()
	if left := b.goroutines() - before; left >= times {
		return fmt.Errorf("%d cancelled receives left %d goroutines", times, left)
	}
	return nil
}
