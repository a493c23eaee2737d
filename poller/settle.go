package poller

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

// settleTries bounds how often settling a record is tried before it is left to
// come again; settlers is how many calls of one batch run side by side.
const (
	settleTries = 5
	settlers    = 8
)

// settle carries out the final part of a verdict: failure destination first,
// then acknowledgement. Records that the destination did not take stay with
// the source.
func (r *run) settle(v mapping.Verdict, past mapping.Past) {
	if len(v.Dead) > 0 && r.giveUp(v, past) {
		r.ack(v.Dead)
	}
	r.ack(v.Done)
}

// giveUp hands dead records to the destination, again and again until it takes
// them or the grace period is over.
func (r *run) giveUp(v mapping.Verdict, past mapping.Past) bool {
	start := time.Now()
	if r.GiveUp != nil {
		pause := backoff{jitter: r.Jitter}
		for {
			err := r.GiveUp(r.work, v.Dead, v.Cause, past)
			if err == nil {
				break
			}
			wait := pause.next()
			r.log().Warn("failure destination did not take records; trying again", "mapping", r.Name, "records", len(v.Dead), "wait", wait, "error", err)
			select {
			case <-r.work.Done():
				return false
			case <-time.After(wait):
			}
		}
	}
	r.observe(Step{Action: GivenUp, Records: v.Dead, Start: start, Past: past, Verdict: mapping.Verdict{Dead: v.Dead, Cause: v.Cause}})
	return true
}

func (r *run) settleFiltered(drop []sources.Record) {
	if len(drop) == 0 {
		return
	}
	r.observe(Step{Action: Filtered, Records: drop, Verdict: mapping.Verdict{Done: drop}})
	r.ack(drop)
}

func (r *run) ack(records []sources.Record) {
	r.each(records, "acknowledged", func(ctx context.Context, chunk []sources.Record) error {
		err := r.Feed.Ack(ctx, chunk)
		if settled := without(chunk, err); len(settled) > 0 {
			r.observe(Step{Action: Settled, Records: settled})
		}
		return err
	})
}

// without returns the records for which a call that returned err succeeded.
func without(records []sources.Record, err error) []sources.Record {
	var partly *sources.Failed
	switch {
	case err == nil:
		return records
	case !errors.As(err, &partly):
		return nil
	}
	failed := map[string]bool{}
	for _, record := range partly.Records {
		failed[record.ID] = true
	}
	return slices.DeleteFunc(slices.Clone(records), func(r sources.Record) bool { return failed[r.ID] })
}

// release hands records back at once. No function saw them.
func (r *run) release(records []sources.Record) {
	if len(records) == 0 {
		return
	}
	r.each(records, "released", r.Feed.Nack)
	r.observe(Step{Action: Released, Records: records})
}

// giveBack is for records that got no chance: on a stop they are released, so
// that somebody else has them at once; otherwise they stay hidden, because to
// receive them again right away would only use up their receive counts.
func (r *run) giveBack(records []sources.Record, err error) {
	if r.work.Err() != nil {
		r.release(records)
		return
	}
	r.deferred(records, mapping.Past{}, err)
}

// each runs a settling call over records, cut to the size the feed takes.
func (r *run) each(records []sources.Record, what string, call func(context.Context, []sources.Record) error) {
	size := orDefault(r.Limits.Call, 10)
	if len(records) <= size {
		r.once(records, what, call)
		return
	}
	var wg sync.WaitGroup
	gate := make(chan struct{}, settlers)
	for len(records) > 0 {
		chunk := records[:min(size, len(records))]
		records = records[len(chunk):]
		gate <- struct{}{}
		wg.Go(func() {
			r.once(chunk, what, call)
			<-gate
		})
	}
	wg.Wait()
}

// once settles one chunk, trying again for the records that failed. It goes on
// after the grace period with a last short try: an unsettled record only comes
// again.
func (r *run) once(records []sources.Record, what string, call func(context.Context, []sources.Record) error) {
	if len(records) == 0 {
		return
	}
	start := time.Now()
	pause := backoff{jitter: r.Jitter, first: 100 * time.Millisecond}
	var err error
	for try := range settleTries {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.work), 10*time.Second)
		err = call(ctx, records)
		cancel()
		if err == nil {
			return
		}
		var partly *sources.Failed
		if errors.As(err, &partly) {
			records = partly.Records
		}
		if try == settleTries-1 || r.work.Err() != nil || errors.Is(err, sources.ErrGone) {
			break
		}
		select {
		case <-r.work.Done():
		case <-time.After(pause.next()):
		}
	}
	r.log().Warn("records could not be "+what+"; they will come again", "mapping", r.Name, "records", len(records), "error", err)
	r.observe(Step{Action: Unsettled, Records: records, Start: start, Err: err})
}
