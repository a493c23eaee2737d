package poller

import (
	"sync"
	"time"

	"github.com/penstock/penstock/sources"
)

// fetchers is the most receives that one batch runs side by side.
const fetchers = 10

// collect gathers a batch: it receives, drops what no filter matches, and
// returns when the batch is full, the window is over, or the engine stops. It
// may return records together with an error; they are in hand and must be
// delivered or released.
func (r *run) collect() (haul []sources.Record, err error) {
	size := orDefault(r.BatchSize, orDefault(r.Limits.BatchSize, 10))
	call := orDefault(r.Limits.Call, 10)
	longest := orDefault(r.Limits.Wait, 20*time.Second)
	opened, bytes := time.Now(), r.Shape.Envelope

	for len(haul) < size && bytes < r.maxEvent() && r.ctx.Err() == nil {
		wait := longest
		if r.Window > 0 {
			wait = min(longest, time.Until(opened.Add(r.Window)))
			if wait <= 0 {
				break
			}
		}
		var found []sources.Record
		if missing := size - len(haul); len(haul) == 0 || missing <= call {
			found, err = r.receive(min(missing, call), wait)
		} else {
			found, err = r.receiveMany(missing, call, wait)
		}
		pass, drop := r.sift(found)
		r.settleFiltered(drop)
		for _, record := range pass {
			bytes += len(record.Body) + 1
		}
		haul = append(haul, pass...)
		if err != nil {
			break
		}
		if r.Window <= 0 && (len(haul) > 0 || len(found) == 0) {
			break
		}
	}
	if r.ctx.Err() != nil {
		err = nil // a read cut off by the stop is no trouble
	}
	return haul, err
}

// receive is one call to the feed.
func (r *run) receive(max int, wait time.Duration) ([]sources.Record, error) {
	start := time.Now()
	found, err := r.Feed.Receive(r.ctx, max, wait)
	if len(found) > 0 {
		r.observe(Step{Action: Received, Records: found, Start: start})
	}
	return found, err
}

// receiveMany runs several receives side by side, together for at most
// missing records. Order holds within a call only, so groups, whose batches
// are never larger than a call, do not come this way.
func (r *run) receiveMany(missing, call int, wait time.Duration) (found []sources.Record, err error) {
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	for range min(fetchers, (missing+call-1)/call) {
		want := min(missing, call)
		missing -= want
		wg.Go(func() {
			records, e := r.receive(want, wait)
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
