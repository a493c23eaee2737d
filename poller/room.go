package poller

import (
	"context"
	"fmt"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/sources"
)

// A lastCall is the last moment at which an invocation may start so that its
// records' loans outlast the function's timeout. Zero: never over.
type lastCall time.Time

// lastCall returns it for a batch: the earliest end of a loan less the
// function's timeout.
func (r *run) lastCall(batch []sources.Record) lastCall {
	var first time.Time
	for _, record := range batch {
		if !record.Loan.IsZero() && (first.IsZero() || record.Loan.Before(first)) {
			first = record.Loan
		}
	}
	if first.IsZero() {
		return lastCall{}
	}
	return lastCall(first.Add(-r.timeout()))
}

// context returns one that is done at the last call.
func (c lastCall) context(parent context.Context) (context.Context, context.CancelFunc) {
	if time.Time(c).IsZero() {
		return context.WithCancel(parent)
	}
	return context.WithDeadline(parent, time.Time(c))
}

// awaitRoom waits until an invocation looks possible, and holds nothing, so
// that an idle poll keeps nobody else from invoking.
func (r *run) awaitRoom() error {
	if r.slots != nil {
		select {
		case r.slots <- struct{}{}:
			<-r.slots
		case <-r.ctx.Done():
			return r.ctx.Err()
		}
	}
	if readier, ok := r.Target.(invoke.Readier); ok {
		return readier.Ready(r.ctx)
	}
	return nil
}

// take takes one of the mapping's own slots, waiting until the last call.
func (r *run) take(until lastCall) error {
	if r.slots == nil {
		return nil
	}
	select {
	case r.slots <- struct{}{}:
		return nil
	default:
	}
	ctx, cancel := until.context(r.work)
	defer cancel()
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("maximum concurrency of the mapping: %w", invoke.ErrThrottled)
	}
}

// free gives back what take took.
func (r *run) free() {
	if r.slots != nil {
		<-r.slots
	}
}

// enterGroup waits until no batch of the group is in delivery, then holds the
// group until leave is called. A source may lend records of a group a second
// time while the first loan's invocation still runs.
func (r *run) enterGroup(group string, until lastCall) (leave func(), err error) {
	var ctx context.Context
	for {
		r.mu.Lock()
		busy, ok := r.groups[group]
		if !ok {
			done := make(chan struct{})
			r.groups[group] = done
			r.mu.Unlock()
			return func() {
				r.mu.Lock()
				delete(r.groups, group)
				r.mu.Unlock()
				close(done)
			}, nil
		}
		r.mu.Unlock()
		if ctx == nil {
			var cancel context.CancelFunc
			ctx, cancel = until.context(r.work)
			defer cancel()
		}
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, fmt.Errorf("group is in delivery: %w", invoke.ErrThrottled)
		}
	}
}
