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
// returns what was judged. It waits for no room and settles nothing.
func (p *Pipe) Deliver(ctx context.Context, target invoke.Target, batch []sources.Record, past mapping.Past) mapping.Verdict {
	return p.judge(p.invoke(ctx, target, batch, past))
}

// invoke renders the event and invokes target with it.
func (p *Pipe) invoke(ctx context.Context, target invoke.Target, batch []sources.Record, past mapping.Past) Step {
	bodies := make([]json.RawMessage, len(batch))
	for i, r := range batch {
		bodies[i] = r.Body
	}
	request := invoke.Request{Event: p.Shape.Event(events.Frame{Records: bodies}), Rendered: true, FunctionARN: p.FunctionARN}
	if p.NewID != nil {
		request.ID = p.NewID()
	}
	step := Step{Records: batch, Past: past, Start: time.Now(), EventSize: len(request.Event)}
	step.Result, step.Err = target.Invoke(ctx, request)
	step.End = time.Now()
	if step.Result.RequestID == "" {
		step.Result.RequestID = request.ID
	}
	return step
}

// judge completes a step that was an invocation, or the failure to get one.
func (p *Pipe) judge(step Step) mapping.Verdict {
	if step.End.IsZero() {
		step.End = time.Now()
	}
	past := step.Past
	if past.First.IsZero() {
		past.First = step.Start
	}
	step.Verdict = p.Policy.Judge(step.Records, step.Result, step.Err, past, step.End)
	step.Action = Delivered
	if step.Err != nil {
		step.Action = Deferred
	}
	p.observe(step)
	return step.Verdict
}
