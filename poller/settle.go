package poller

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

const (
	// settleTries bounds how often settling a lent record is tried before it
	// is left to come again.
	settleTries = 5
	// settleTime bounds one call, and all calls together after the grace
	// period.
	settleTime = 10 * time.Second
	// settlers is how many calls of one batch run side by side.
	settlers = 8
)

// settle carries out the final part of a verdict: failure destination first,
// then acknowledgement. It returns false if dead records stay with the source
// because the destination did not take them in time.
func (r *run) settle(v mapping.Verdict, past mapping.Past) bool {
	given := len(v.Dead) == 0 || r.giveUp(v, past)
	if given {
		r.ack(v.Dead)
	}
	r.ack(v.Done)
	return given
}

// giveUp hands dead records to the destination, again and again until it takes
// them, refuses them for good, or the grace period is over.
func (r *run) giveUp(v mapping.Verdict, past mapping.Past) bool {
	step := Step{
		Action: GivenUp, Records: v.Dead, Start: time.Now(), Past: past,
		Verdict: mapping.Verdict{Dead: v.Dead, Cause: v.Cause},
	}
	pause := backoff{jitter: r.Jitter}
	r.grow()
	for r.GiveUp != nil {
		err := r.GiveUp(r.work, v.Dead, v.Cause, past)
		if err == nil {
			break
		}
		if errors.Is(err, invoke.ErrRefused) {
			step.Err = err
			r.log().Error("failure destination refuses records; they are dropped", "mapping", r.Name, "records", len(v.Dead), "error", err)
			break
		}
		wait := pause.next()
		r.log().Warn("failure destination did not take records; trying again", "mapping", r.Name, "records", len(v.Dead), "wait", wait, "error", err)
		if !nap(r.work, wait) {
			r.observe(Step{Action: Unsettled, Records: v.Dead, Start: step.Start, Past: past, Err: err})
			return false
		}
	}
	r.observe(step)
	return true
}

func (r *run) ack(records []sources.Record) { r.each(records, Settled, r.Feed.Ack) }

// release hands records back at once. No function saw them.
func (r *run) release(records []sources.Record) { r.each(records, Released, r.Feed.Nack) }

// each runs a settling call over records, cut to the size the feed takes.
func (r *run) each(records []sources.Record, action Action, call func(context.Context, []sources.Record) error) {
	size := r.call()
	if len(records) <= size {
		r.once(records, action, call)
		return
	}
	var wg sync.WaitGroup
	gate := make(chan struct{}, settlers)
	for chunk := range slices.Chunk(records, size) {
		gate <- struct{}{}
		wg.Go(func() {
			r.once(chunk, action, call)
			<-gate
		})
	}
	wg.Wait()
}

// once settles one chunk, trying again for the records that failed: lent ones
// a few times, since they come again, others until the engine stops, since
// nobody else would ever settle them. After the grace period there is one try.
func (r *run) once(records []sources.Record, action Action, call func(context.Context, []sources.Record) error) {
	start := time.Now()
	pause := backoff{jitter: r.Jitter, first: 100 * time.Millisecond}
	for try := 1; len(records) > 0; try++ {
		ctx, cancel := context.WithTimeout(r.end, settleTime)
		err := call(ctx, records)
		cancel()
		var settled []sources.Record
		if settled, records = divide(records, err); len(settled) > 0 {
			r.observe(Step{Action: action, Records: settled, Start: start})
		}
		if len(records) == 0 {
			return
		}
		lent := !records[0].Loan.IsZero()
		hopeless := errors.Is(err, sources.ErrGone) || errors.Is(err, sources.ErrExpired) || lent && try >= settleTries
		if hopeless || try == settleTries {
			r.log().Warn("records could not be settled", "mapping", r.Name, "action", action, "records", len(records), "again", !hopeless, "error", err)
		}
		if hopeless || !nap(r.work, pause.next()) {
			r.observe(Step{Action: Unsettled, Records: records, Start: start, Err: err})
			return
		}
	}
}

// divide splits records by what a call that returned err did with them.
func divide(records []sources.Record, err error) (settled, failed []sources.Record) {
	var partly *sources.Failed
	switch {
	case err == nil:
		return records, nil
	case !errors.As(err, &partly):
		return nil, records
	}
	named := map[string]bool{}
	for _, record := range partly.Records {
		named[record.ID] = true
	}
	for _, record := range records {
		if named[record.ID] {
			failed = append(failed, record)
		} else {
			settled = append(settled, record)
		}
	}
	return settled, failed
}
