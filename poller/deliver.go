package poller

import (
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
		if err != nil {
			r.giveBack(records, err)
			return
		}
		defer leave()
	}
	for len(records) > 0 {
		n := r.cut(records)
		succeeded := r.deliver(mapping.Part{Records: records[:n], Past: noted(records[:n])})
		records = records[n:]
		if group != "" && !succeeded {
			r.release(records)
			return
		}
	}
}

// cut returns how many records fit into the next event: the batch size and
// the payload cap. It is at least one; an event that is too large with a
// single record is for the target to refuse.
func (r *run) cut(records []sources.Record) int {
	size := min(len(records), orDefault(r.BatchSize, orDefault(r.Limits.BatchSize, 10)))
	// The last record needs no comma.
	bytes := r.Shape.Envelope - 1
	for i, record := range records[:size] {
		if bytes += len(record.Body) + 1; bytes > r.maxEvent() && i > 0 {
			return i
		}
	}
	return size
}

// deliver carries one part to its end: settled, left to the source, or
// released. It reports whether all records were settled as done; if not, no
// later record of the same group may run.
func (r *run) deliver(part mapping.Part) bool {
	ok := true
	for parts := []mapping.Part{part}; len(parts) > 0; {
		part, parts = parts[0], parts[1:]
		expired := r.Policy.Expire(part.Records, part.Past, time.Now())
		r.settle(expired, part.Past)
		if len(expired.Go) == 0 {
			continue
		}
		verdict := r.attempt(expired.Go, part.Past)
		r.settle(verdict, part.Past)
		var again []mapping.Part
		for _, next := range verdict.Parts {
			if next.Wait == mapping.LeaveHidden || r.hold(next) {
				ok = false
			} else {
				again = append(again, next)
			}
		}
		if !ok && part.Records[0].Group != "" {
			r.releaseParts(again)
			r.releaseParts(parts)
			return false
		}
		if parts = append(again, parts...); len(again) > 0 && !r.pause(again[0].Wait) {
			r.releaseParts(parts)
			return false
		}
	}
	return ok
}

func (r *run) releaseParts(parts []mapping.Part) {
	for _, part := range parts {
		r.release(part.Records)
	}
}

// attempt takes a slot, waiting for one as long as the loan allows, and
// invokes.
func (r *run) attempt(batch []sources.Record, past mapping.Past) mapping.Verdict {
	until := r.lastCall(batch)
	if err := r.take(until); err != nil {
		return r.deferred(batch, past, err)
	}
	defer r.free()
	target := r.Target
	if reserver, ok := r.Target.(invoke.Reserver); ok {
		waiting, cancel := until.context(r.work)
		slot, release, err := reserver.Reserve(waiting)
		cancel()
		if err != nil {
			return r.deferred(batch, past, err)
		}
		defer release()
		target = slot
	}
	return r.Deliver(r.work, target, batch, past)
}

// pause waits before a retry in place; false if the engine stops meanwhile.
func (r *run) pause(d time.Duration) bool {
	if r.ctx.Err() != nil {
		return false
	}
	if d > 0 {
		r.sleep(d)
	}
	return r.ctx.Err() == nil
}

// byGroup splits records by group, keeping the order inside each. Records
// without a group stay together.
func byGroup(records []sources.Record) [][]sources.Record {
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
