package poller

import (
	"sync"
	"time"

	"github.com/penstock/penstock/sources"
)

// mostFetchers is the most receives that one batch runs side by side. It begins
// with one, so that little is fetched before the size of records is known.
const mostFetchers = 10

// collect gathers a batch: it receives, drops what no filter matches, and
// returns when the batch is full, the window is over, or the engine stops. It
// may return records together with an error; they are in hand and must be
// delivered or released.
func (r *run) collect() (haul []sources.Record, err error) {
	longest := orDefault(r.Limits.Wait, 20*time.Second)
	end, bytes := time.Now().Add(r.Window), r.Shape.Envelope
	fetchers := 1 // doubled while a read finds more than half of what a call takes
	for r.ctx.Err() == nil {
		want, wait := r.room(haul, bytes), longest
		if r.Window > 0 {
			wait = min(longest, time.Until(end))
		}
		if want == 0 || wait <= 0 {
			break
		}
		var found []sources.Record
		rest := wait
		if unit := r.Limits.WaitUnit; unit > 0 && len(haul) > 0 {
			wait = wait.Truncate(unit) // rounded up it would pass the window
		}
		found, err = r.receiveAll(want, wait, fetchers)
		if len(found) == 0 && wait == 0 && err == nil {
			r.sleep(min(rest, r.Limits.WaitUnit/10))
		}
		pass := r.sift(found)
		for _, record := range pass {
			bytes += len(record.Body) + 1
		}
		// A loan that is too short for the window closes the batch earlier.
		if last := r.lastCall(pass); !last.IsZero() && last.Before(end) {
			end = last
		}
		if haul == nil {
			haul = pass // mostly that is all
		} else {
			haul = append(haul, pass...)
		}
		if 2*len(found) > r.call() {
			fetchers = min(2*fetchers, mostFetchers)
		} else {
			fetchers = 1
		}
		if err != nil || r.Window <= 0 {
			break
		}
	}
	return haul, err
}

// room is how many more records a batch takes, which has so many bytes
// already. It supposes that records to come are as long as those in hand: what
// is received in excess would wait for another event with its loan running.
func (r *run) room(haul []sources.Record, bytes int) int {
	room := r.batchSize() - len(haul)
	if len(haul) > 0 {
		average := bytes/len(haul) + 1
		room = min(room, (r.maxEvent()-bytes)/average)
	}
	return max(0, room)
}

// receiveAll makes one call to the feed, or as many side by side as are needed
// for that many records. Groups keep their order all the same: a source hands
// out no record of a group while an earlier one is out.
func (r *run) receiveAll(want int, wait time.Duration, fetchers int) (found []sources.Record, err error) {
	call := r.call()
	if want <= call || fetchers == 1 {
		return r.receive(min(want, call), wait)
	}
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	for range min(fetchers, (want+call-1)/call) {
		n := min(want, call)
		want -= n
		wg.Go(func() {
			records, e := r.receive(n, wait)
			mu.Lock()
			defer mu.Unlock()
			found = append(found, records...)
			if e != nil {
				err = e
			}
		})
	}
	wg.Wait()
	return found, err
}

// receive is one call to the feed. One that answers "nothing" without having
// waited, as some servers do, is not asked again at once.
func (r *run) receive(max int, wait time.Duration) ([]sources.Record, error) {
	start := time.Now()
	found, err := r.Feed.Receive(r.ctx, max, wait)
	if len(found) > 0 {
		r.observe(Step{Action: Received, Records: found, Start: start})
	} else if rest := wait - time.Since(start); err == nil && rest > wait/2 {
		r.sleep(min(rest, time.Second))
	}
	return found, err
}

// sift asks the filters and returns the records that pass. Those that do not
// are settled. One that the filters fail on stays with the source, and what is
// behind it in its group is released.
func (r *run) sift(found []sources.Record) (pass []sources.Record) {
	if r.Match == nil {
		return found
	}
	var drop, behind []sources.Record
	var stuck map[string]bool
	for _, record := range found {
		if stuck[record.Group] {
			behind = append(behind, record)
			continue
		}
		ok, err := r.Match(record)
		switch {
		case err != nil:
			r.log().Warn("record cannot be matched against the filters; it is left to its source", "mapping", r.Name, "record", record.ID, "error", err)
			r.observe(Step{Action: Unsettled, Records: []sources.Record{record}, Err: err})
			if record.Group != "" {
				if stuck == nil {
					stuck = map[string]bool{}
				}
				stuck[record.Group] = true
			}
		case ok:
			pass = append(pass, record)
		default:
			drop = append(drop, record)
		}
	}
	if len(drop) > 0 {
		r.observe(Step{Action: Filtered, Records: drop})
	}
	r.ack(drop)
	r.release(behind)
	return pass
}
