package mapping

import (
	"errors"
	"slices"
	"time"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/sources"
)

// Conditions of a failure destination's record, as AWS writes them.
const (
	RetryAttemptsExhausted = "RetryAttemptsExhausted"
	RecordAgeExceeded      = "RecordAgeExceeded"
)

// A Policy decides what becomes of a batch: Expire before the invocation,
// Judge after it. Both are pure: the same arguments give the same Verdict.
//
// A record whose Loan is set comes from a queue that lends (SQS). What is not
// settled there is left to the queue (LeaveHidden), whatever the reason: the
// message becomes visible when its visibility timeout ends, its receive count
// has grown, and the queue's redrive policy is the only thing that ever gives
// it up. So Retries, MaxAge and Bisect concern other sources only, as on AWS,
// where an SQS mapping has no such settings.
type Policy struct {
	// Shape reads the identifiers of a partial batch response.
	Shape events.Shape
	// Partial says that the function reports failures record by record.
	Partial bool
	// Ordered says that the records of a batch are a piece of a stream: a
	// failure in the middle puts off everything behind it.
	Ordered bool
	// Retries is how often a failed batch is tried again. Zero: never;
	// negative: without limit.
	Retries int
	// MaxAge is how old a record may be when it is delivered. Zero: no limit.
	MaxAge time.Duration
	// Bisect splits a failed batch in two instead of using up a retry.
	Bisect bool
}

// PolicyFor returns the policy of a mapping that reads a source of the kind
// given. A kind that has no Queue is a stream.
func PolicyFor(cfg Config, kind sources.Kind) Policy {
	p := Policy{
		Shape:   kind.Shape,
		Partial: cfg.Partial(),
		Ordered: kind.Queue == nil,
		Retries: valueOr(cfg.MaximumRetryAttempts, -1),
		Bisect:  valueOr(cfg.BisectBatchOnFunctionError, false),
	}
	if cfg.shared() {
		p.Retries = valueOr(cfg.MaximumRetryAttempts, 0)
	}
	if age := valueOr(cfg.MaximumRecordAgeInSeconds, -1); age > 0 {
		p.MaxAge = time.Duration(age) * time.Second
	}
	return p
}

// Expire sorts out records that are older than MaxAge before they are
// delivered: Go holds the others, Dead the old ones, Cause says why. A record
// whose arrival is unknown never expires. The destination record of expired
// ones counts past.Attempts + 1 invocations, as AWS does even for a record that
// was never delivered.
func (p Policy) Expire(batch []sources.Record, past Past, now time.Time) Verdict {
	old := func(r sources.Record) bool {
		return p.MaxAge > 0 && !r.Arrived.IsZero() && r.Loan.IsZero() && now.Sub(r.Arrived) > p.MaxAge
	}
	if !slices.ContainsFunc(batch, old) {
		return Verdict{Go: batch}
	}
	v := Verdict{Cause: RecordAgeExceeded}
	for _, r := range batch {
		if old(r) {
			v.Dead = append(v.Dead, r)
		} else {
			v.Go = append(v.Go, r)
		}
	}
	return v
}

// Judge says what becomes of the records of a batch after an invocation that
// answered with r, or could not be made for the reason err. past is what had
// happened before it.
//
//   - No error and no failure: all are Done, but for those that a partial
//     response names (see Failures).
//   - The function failed, or its partial response is not valid: an attempt.
//     The batch is tried again, in halves with Bisect, until Retries are used
//     up; then it is Dead.
//   - The target had no room or could not be reached: tried again, and not an
//     attempt. Only MaxAge ends it.
//   - The target refuses for good (invoke.ErrRefused): records of a queue that
//     lends stay hidden, as after any 4xx on AWS. For a stream it is an attempt
//     like a failure of the function, since AWS keeps a stream waiting for a
//     deleted function. For other queues the records are Dead at once.
//
// In a stream a partial response puts off the records from the first reported
// one on, with a fresh budget of retries; if that is the batch's first record
// nothing advanced, and it is a failed attempt. Elsewhere exactly the reported
// records are put off, also in a FIFO group: later ones that the function does
// not report are Done, as on AWS.
//
// The destination record of Dead ones counts past.Attempts + 1 invocations.
func (p Policy) Judge(batch []sources.Record, r invoke.Result, err error, past Past, now time.Time) Verdict {
	if past.First.IsZero() {
		past.First = now
	}
	switch {
	case err != nil && errors.Is(err, invoke.ErrRefused):
		if !p.Ordered {
			return p.settle(nil, batch, past, now, refused)
		}
		return p.failed(batch, r, past, now)
	case err != nil:
		return p.settle(nil, batch, past, now, notNow)
	case r.Failure != "":
		return p.failed(batch, r, past, now)
	case !p.Partial:
		return Verdict{Done: batch}
	}
	reported, ok := Failures(r.Payload, batch, p.Shape)
	switch {
	case !ok:
		return p.failed(batch, r, past, now)
	case len(reported) == 0:
		return Verdict{Done: batch}
	}
	return p.partial(batch, reported, r, past, now)
}

// partial handles a valid response that reports the records at the indices
// given, in rising order.
func (p Policy) partial(batch []sources.Record, reported []int, r invoke.Result, past Past, now time.Time) Verdict {
	if p.Ordered {
		first := reported[0]
		if first == 0 {
			return p.settle(nil, batch, attempted(past, r), now, failed)
		}
		return Verdict{
			Done:  batch[:first:first],
			Parts: []Part{{Records: batch[first:], Past: Past{Last: r}, Wait: pause(1)}},
		}
	}
	var done, again []sources.Record
	for i, record := range batch {
		if len(reported) > 0 && reported[0] == i {
			reported = reported[1:]
			again = append(again, record)
		} else {
			done = append(done, record)
		}
	}
	return p.settle(done, again, attempted(past, r), now, failed)
}

// failed handles an invocation that failed for the whole batch.
func (p Policy) failed(batch []sources.Record, r invoke.Result, past Past, now time.Time) Verdict {
	if p.Bisect && len(batch) > 1 && batch[0].Loan.IsZero() {
		half := len(batch) / 2
		wait := pause(past.Attempts + 1)
		past.Last = r
		return Verdict{Parts: []Part{
			{Records: batch[:half:half], Past: past, Wait: wait},
			{Records: batch[half:], Past: past, Wait: wait},
		}}
	}
	return p.settle(nil, batch, attempted(past, r), now, failed)
}

// attempted is past after one more attempt that answered r.
func attempted(past Past, r invoke.Result) Past {
	past.Attempts++
	past.Last = r
	return past
}

// why says what kept records from being done.
type why int

const (
	failed  why = iota // an attempt failed; past counts it already
	notNow             // there was no attempt
	refused            // there will never be one
)

// settle sends the records of again where they belong: back to the queue that
// lends them, to another try, or to the destination.
func (p Policy) settle(done, again []sources.Record, past Past, now time.Time, cause why) Verdict {
	v := Verdict{Done: done}
	var lent, kept []sources.Record
	for _, r := range again {
		if r.Loan.IsZero() {
			kept = append(kept, r)
		} else {
			lent = append(lent, r)
		}
	}
	if len(lent) > 0 {
		v.Parts = append(v.Parts, Part{Records: lent, Past: past, Wait: LeaveHidden})
	}
	if len(kept) == 0 {
		return v
	}
	exhausted := cause == failed && p.Retries >= 0 && past.Attempts > p.Retries
	switch {
	case cause == refused || exhausted:
		v.Dead, v.Cause = kept, RetryAttemptsExhausted
	case cause == notNow:
		v.Parts = append(v.Parts, Part{Records: kept, Past: past, Wait: clamp(now.Sub(past.First) / 2)})
	default:
		v.Parts = append(v.Parts, Part{Records: kept, Past: past, Wait: pause(past.Attempts)})
	}
	return v
}

// Bounds of the pause before another try. AWS publishes none; these are chosen
// so that about eight tries fit into a minute, as observed there. Whoever waits
// adds the jitter.
const (
	shortestPause = 500 * time.Millisecond
	longestPause  = time.Minute
)

// pause is the wait after that many failed attempts: half a second, then half
// as much again each time. Where there was no attempt to count, half the time
// since the first try grows alike.
func pause(attempts int) time.Duration {
	wait := shortestPause
	for i := 1; i < attempts && wait < longestPause; i++ {
		wait += wait / 2
	}
	return clamp(wait)
}

func clamp(wait time.Duration) time.Duration {
	return min(max(wait, shortestPause), longestPause)
}
