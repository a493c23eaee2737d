package poller

import (
	"context"
	"sync"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/sources"
)

// A Queue is the engine for feeds whose records are settled one by one.
//
// Its pollers each receive until a batch is full, the batching window is over
// or the payload cap is reached, deliver, settle, and receive again. There is
// one idle poller as long as there is room: when the last idle one gets a slot
// to deliver in, another starts; when a poll finds nothing while another poller
// is idle, that poller ends. So pollers grow with the backlog and shrink to one.
//
// The batching window opens when a poller begins to collect, which is right
// after its previous invocation was settled (AWS's rule for SQS); a window
// that ends empty opens anew. It is an upper bound: no record waits in hand
// for longer than the window, nor until its loan is too short for the
// function's timeout.
//
// Records with a Group are delivered group by group, one batch of a group at a
// time, groups side by side. When a batch of a group does not succeed as a
// whole, the rest of the group that is in hand is released.
type Queue struct {
	Pipe
	// Feed is read and settled; the caller closes it after Run.
	Feed sources.Queue
	// Limits are the facts of the feed's kind.
	Limits sources.Limits
	// BatchSize is the most records of one event. Zero: Limits.BatchSize, and
	// if that is zero, 10.
	BatchSize int
	// Window is the batching window. Zero: a batch is what the first read
	// that finds something returns.
	Window time.Duration
	// MaxConcurrency limits the mapping's concurrent invocations
	// (ScalingConfig.MaximumConcurrency). Zero: no limit but the target's own
	// and MaxPollers, each of which invokes once at a time, or once for each
	// group it has in hand.
	MaxConcurrency int
	// MinPollers and MaxPollers bound the pollers. Zero: 1 and 20.
	MinPollers, MaxPollers int
	// Grace is how long batches in hand may still be delivered and settled
	// after ctx is done. Zero: 30 seconds.
	Grace time.Duration
	// Jitter spreads pauses after trouble. nil: no spreading.
	Jitter func(time.Duration) time.Duration
}

// Run moves records until ctx is done, then delivers and settles what is in
// hand within the grace period, releases the rest, and returns. It returns
// nil: trouble with the feed is retried for ever and told to Observe. One Run
// of a Queue may be under way at a time.
func (q *Queue) Run(ctx context.Context) error {
	r := &run{Queue: q, ctx: ctx, target: q.Target, groups: map[string]chan struct{}{}}
	var cut, end context.CancelFunc
	r.work, cut = context.WithCancel(context.WithoutCancel(ctx))
	r.end, end = context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer cut()
	defer context.AfterFunc(ctx, func() {
		nap(r.work, orDefault(q.Grace, 30*time.Second))
		cut()
		nap(r.end, settleTime)
		end()
	})()

	r.min, r.max = max(1, q.MinPollers), orDefault(q.MaxPollers, 20)
	if q.MaxConcurrency > 0 {
		r.target = invoke.Limited(q.Target, q.MaxConcurrency)
		r.max = min(r.max, q.MaxConcurrency)
	}
	r.max = max(r.min, r.max)
	r.mu.Lock()
	for range r.min {
		r.start()
	}
	r.mu.Unlock()
	r.wg.Wait()
	return nil
}

// run is the state of one Run.
type run struct {
	*Queue
	ctx    context.Context // done: receive no more
	work   context.Context // done: the grace period is over, invoke no more
	end    context.Context // done: settle no more
	target invoke.Target   // Target within MaxConcurrency

	wg       sync.WaitGroup
	min, max int
	trouble  troubleLog

	mu            sync.Mutex
	pollers, idle int
	groups        map[string]chan struct{} // groups in delivery; closed when over
}

// start adds an idle poller. The caller holds mu.
func (r *run) start() {
	r.pollers++
	r.idle++
	r.wg.Go(r.poll)
}

// poll is the life of one poller.
func (r *run) poll() {
	pause := backoff{jitter: r.Jitter}
	for r.ctx.Err() == nil {
		haul, err := r.next()
		var wait time.Duration
		switch {
		case r.ctx.Err() != nil: // what the stop cut off is no trouble
		case err != nil:
			wait = pause.next()
			r.trouble.begin(&r.Pipe, err, wait)
		default:
			pause.reset()
			r.trouble.end(&r.Pipe)
		}
		if len(haul) > 0 {
			r.busy()
			r.deliverAll(haul)
			r.rest()
		} else if r.retire() {
			return
		}
		r.sleep(wait)
	}
	r.mu.Lock()
	r.pollers--
	r.idle--
	r.mu.Unlock()
}

// next waits for room at the target, then collects a batch.
func (r *run) next() ([]sources.Record, error) {
	if err := r.awaitRoom(); err != nil {
		return nil, err
	}
	return r.collect()
}

// busy turns this idle poller to delivering.
func (r *run) busy() {
	r.mu.Lock()
	r.idle--
	r.mu.Unlock()
}

// grow starts another poller if none is left that receives. It is called when
// a delivery has its slot: before, the new one would see that slot as free and
// receive what nobody can take.
func (r *run) grow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.idle == 0 && r.pollers < r.max && r.ctx.Err() == nil {
		r.start()
	}
}

// rest turns this poller back to receiving.
func (r *run) rest() {
	r.mu.Lock()
	r.idle++
	r.mu.Unlock()
}

// retire reports whether this poller, which has nothing in hand, should end.
func (r *run) retire() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.idle < 2 || r.pollers <= r.min {
		return false
	}
	r.pollers--
	r.idle--
	return true
}

// sleep waits; false if the engine stops meanwhile.
func (r *run) sleep(d time.Duration) bool { return nap(r.ctx, d) }

// nap waits for d or until ctx is done, and says whether ctx is not.
func nap(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	return ctx.Err() == nil
}

func (q *Queue) batchSize() int { return orDefault(q.BatchSize, orDefault(q.Limits.BatchSize, 10)) }

func (q *Queue) call() int { return orDefault(q.Limits.Call, 10) }

// orDefault returns v, or fallback when v is not positive.
func orDefault[T int | time.Duration](v, fallback T) T {
	if v > 0 {
		return v
	}
	return fallback
}
