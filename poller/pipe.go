// Package poller moves records from feeds to targets: it owns every loop,
// goroutine, timer and retry between them. It judges nothing and renders
// nothing: package mapping says what becomes of a batch, package events what
// it looks like.
package poller

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

// A Pipe is what a mapping's engine needs to carry one batch: how it is
// filtered, rendered, invoked and judged.
type Pipe struct {
	// Name identifies the mapping in steps and logs.
	Name string
	// Shape renders the event.
	Shape events.Shape
	// Match says whether a record passes the mapping's filters. nil passes all.
	// A record it fails on is not delivered and not settled.
	Match func(sources.Record) (bool, error)
	// Target is the function, FunctionARN how the mapping names it, Timeout the
	// function's own timeout (zero: 3 seconds).
	Target      invoke.Target
	FunctionARN string
	Timeout     time.Duration
	// Policy judges.
	Policy mapping.Policy
	// MaxEvent caps the rendered event in bytes. Zero: invoke.MaxRequest.
	MaxEvent int
	// GiveUp hands dead records to the failure destination and returns once
	// that is durable. nil: the mapping has none, and dead records are settled.
	GiveUp func(ctx context.Context, dead []sources.Record, cause string, past mapping.Past) error
	// NewID makes request ids. nil leaves that to the target.
	NewID func() string
	// Observe is told every step, from many goroutines. nil: nobody is.
	Observe func(Step)
	// Log takes trouble. nil: slog.Default().
	Log *slog.Logger
}

func (p *Pipe) observe(s Step) {
	if p.Observe == nil {
		return
	}
	s.Mapping = p.Name
	if s.End.IsZero() {
		s.End = time.Now()
	}
	if s.Start.IsZero() {
		s.Start = s.End
	}
	p.Observe(s)
}

func (p *Pipe) log() *slog.Logger {
	if p.Log != nil {
		return p.Log
	}
	return slog.Default()
}

func (p *Pipe) timeout() time.Duration {
	if p.Timeout > 0 {
		return p.Timeout
	}
	return 3 * time.Second
}

func (p *Pipe) maxEvent() int {
	if p.MaxEvent > 0 {
		return p.MaxEvent
	}
	return invoke.MaxRequest
}

// Deliver carries one batch to target, which is Target or a slot of it, and
// returns what was judged. It settles nothing.
func (p *Pipe) Deliver(ctx context.Context, target invoke.Target, batch []sources.Record, past mapping.Past) mapping.Verdict {
	bodies := make([]json.RawMessage, len(batch))
	for i, r := range batch {
		bodies[i] = r.Body
	}
	request := invoke.Request{Event: p.Shape.Event(events.Frame{Records: bodies}), FunctionARN: p.FunctionARN}
	if p.NewID != nil {
		request.ID = p.NewID()
	}
	step := Step{Action: Delivered, Records: batch, Past: past, Start: time.Now(), EventSize: len(request.Event)}
	step.Result, step.Err = target.Invoke(ctx, request)
	step.End = time.Now()
	if step.Result.RequestID == "" {
		step.Result.RequestID = request.ID
	}
	if past.First.IsZero() {
		past.First = step.Start
	}
	step.Verdict = p.Policy.Judge(batch, step.Result, step.Err, past, step.End)
	if step.Err != nil {
		step.Action = Deferred
	}
	p.observe(step)
	return step.Verdict
}

// deferred judges a batch that got no slot.
func (p *Pipe) deferred(batch []sources.Record, past mapping.Past, err error) mapping.Verdict {
	now := time.Now()
	v := p.Policy.Judge(batch, invoke.Result{}, err, past, now)
	p.observe(Step{Action: Deferred, Records: batch, Past: past, Start: now, End: now, Err: err, Verdict: v})
	return v
}

// sift asks the filters and returns the records that pass, those that do not,
// and those that could not be matched (which are left to the source).
func (p *Pipe) sift(records []sources.Record) (pass, drop []sources.Record) {
	if p.Match == nil {
		return records, nil
	}
	for _, r := range records {
		switch ok, err := p.Match(r); {
		case err != nil:
			p.log().Warn("record cannot be matched against the filters; it is left to its source", "mapping", p.Name, "record", r.ID, "error", err)
			p.observe(Step{Action: Unsettled, Records: []sources.Record{r}, Err: err})
		case ok:
			pass = append(pass, r)
		default:
			drop = append(drop, r)
		}
	}
	return pass, drop
}
