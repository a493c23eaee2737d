package poller

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

// deliverAll carries a haul, group by group, the groups side by side.
func (r *run) deliverAll(haul []sources.Record) {
	groups := byGroup(haul)
	if len(groups) == 1 {
		r.deliverGroup(groups[0])
		return
	}
	var wg sync.WaitGroup
	for _, records := range groups {
		wg.Go(func() { r.deliverGroup(records) })
	}
	wg.Wait()
}

// deliverGroup carries the records of one group in order. A later batch never
// runs before the earlier one succeeded; what is left after a failure is
// released. Records without a group are independent of each other.
func (r *run) deliverGroup(records []sources.Record) {
	group := records[0].Group
	if group != "" {
		leave, err := r.enterGroup(group, r.lastCall(records))
		switch {
		case err != nil && r.work.Err() != nil:
			r.release(records)
			return
		case err != nil: // their loans are nearly over
			r.judge(Step{Records: records, Start: time.Now(), Err: err})
			return
		}
		defer leave()
	}
	for len(records) > 0 {
		n := r.cut(records)
		succeeded := r.deliver(mapping.Part{Records: records[:n], Past: noted(records[0])})
		records = records[n:]
		if group != "" && !succeeded {
			r.release(records)
			return
		}
	}
}

// cut returns how many records fit into the next event: the batch size and
// the payload cap bound it, and all must have the same past. It is at least
// one; an event that is too large with a single record is for the target to
// refuse.
func (r *run) cut(records []sources.Record) int {
	size := min(len(records), r.batchSize())
	event := r.Shape.Envelope - 1 // the last record needs no comma
	for i, record := range records[:size] {
		event += len(record.Body) + 1
		if i > 0 && (event > r.maxEvent() || !bytes.Equal(record.Note, records[0].Note)) {
			return i
		}
	}
	return size
}

// deliver carries one part to its end: settled, left to the source, or
// released. It reports whether later records of the same group may run: all
// of the part is done or given up.
func (r *run) deliver(part mapping.Part) bool {
	ok := true
	for parts := []mapping.Part{part}; len(parts) > 0; {
		part, parts = parts[0], parts[1:]
		verdict := r.Policy.Expire(part.Records, part.Past, time.Now())
		ok = r.settle(verdict, part.Past) && ok
		if len(verdict.Go) == 0 {
			continue
		}
		batch := verdict.Go
		verdict, judged := r.attempt(batch, part.Past)
		if !judged {
			r.release(batch)
			r.releaseParts(parts)
			return false
		}
		ok = r.settle(verdict, part.Past) && ok
		again, left := r.putOff(verdict.Parts)
		ok = ok && !left
		parts = append(again, parts...)
		stop := !ok && batch[0].Group != ""
		if stop || len(again) > 0 && !r.sleep(again[0].Wait) {
			r.releaseParts(parts)
			return false
		}
	}
	return ok
}

// putOff leaves the parts to the source that it can keep and returns the
// others, to be tried again here.
func (r *run) putOff(parts []mapping.Part) (again []mapping.Part, left bool) {
	for _, part := range parts {
		if part.Wait == mapping.LeaveHidden || r.hold(part) {
			left = true
		} else {
			again = append(again, part)
		}
	}
	return again, left
}

func (r *run) releaseParts(parts []mapping.Part) {
	for _, part := range parts {
		r.release(part.Records)
	}
}

// attempt invokes as soon as the target has room. With lent records in hand it
// is patient: it waits for a slot, and asks a target again that says "not
// now", as long as the loans outlast the function's timeout, because to leave
// them would cost each one a receive. It returns false if the engine stopped
// before a function saw the batch.
func (r *run) attempt(batch []sources.Record, past mapping.Past) (mapping.Verdict, bool) {
	last := r.lastCall(batch)
	pause := backoff{jitter: r.Jitter}
	for {
		step, invoked := r.try(batch, past, last)
		if !invoked && r.work.Err() != nil {
			return mapping.Verdict{}, false
		}
		notNow := step.Err != nil && !errors.Is(step.Err, invoke.ErrRefused) && !errors.Is(step.Err, sources.ErrExpired)
		wait := pause.next()
		if !notNow || r.work.Err() != nil || !time.Now().Add(wait).Before(last) {
			return r.judge(step), true
		}
		step.Action, step.Wait = Deferred, wait
		r.observe(step)
		if !r.sleep(wait) {
			return mapping.Verdict{}, false
		}
	}
}

// try takes a slot and invokes, unless the engine stopped or the batch became
// somebody else's while it waited.
func (r *run) try(batch []sources.Record, past mapping.Past, last time.Time) (step Step, invoked bool) {
	step = Step{Records: batch, Past: past, Start: time.Now()}
	slot, release, err := r.reserve(last)
	if err != nil {
		step.Err = err
		return step, false
	}
	defer release()
	r.grow()
	if step.Err = r.work.Err(); step.Err != nil {
		return step, false
	}
	if !last.IsZero() && time.Now().After(last.Add(r.timeout())) {
		step.Err = sources.ErrExpired
		return step, false
	}
	return r.invoke(r.work, slot, batch, past), true
}

// byGroup splits records by group, keeping the order inside each. Records
// without a group stay together.
func byGroup(records []sources.Record) [][]sources.Record {
	if !slices.ContainsFunc(records, func(r sources.Record) bool { return r.Group != "" }) {
		return [][]sources.Record{records}
	}
	var groups [][]sources.Record
	at := map[string]int{}
	for _, record := range records {
		i, ok := at[record.Group]
		if !ok {
			i = len(groups)
			at[record.Group] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], record)
	}
	return groups
}
