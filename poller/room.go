package poller

import (
	"context"
	"fmt"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/sources"
)

// lastCall is the last moment at which an invocation may start so that the
// loans of its records outlast the function's timeout: the earliest end of a
// loan less that timeout. Zero: whenever.
func (p *Pipe) lastCall(batch []sources.Record) (last time.Time) {
	for _, record := range batch {
		if !record.Loan.IsZero() && (last.IsZero() || record.Loan.Before(last)) {
			last = record.Loan
		}
	}
	if last.IsZero() {
		return last
	}
	return last.Add(-p.timeout())
}

// until returns a context that is done at the last call.
func until(parent context.Context, last time.Time) (context.Context, context.CancelFunc) {
	if last.IsZero() {
		return context.WithCancel(parent)
	}
	return context.WithDeadline(parent, last)
}

// awaitRoom waits until an invocation looks possible, and holds nothing, so
// that an idle poll keeps nobody else from invoking.
func (r *run) awaitRoom() error {
	readier, ok := r.target.(invoke.Readier)
	if !ok {
		return nil
	}
	if err := readier.Ready(r.ctx); err != nil {
		return fmt.Errorf("waiting for room at the target: %w", err)
	}
	return nil
}

// reserve takes a slot of the target, waiting for one until the last call.
func (r *run) reserve(last time.Time) (slot invoke.Target, release func(), err error) {
	reserver, ok := r.target.(invoke.Reserver)
	if !ok {
		return r.target, func() {}, nil
	}
	ctx, cancel := until(r.work, last)
	defer cancel()
	return reserver.Reserve(ctx)
}

// enterGroup waits until no batch of the group is in delivery, then holds the
// group until leave is called. A source may lend records of a group a second
// time while the first loan's invocation still runs.
func (r *run) enterGroup(group string, last time.Time) (leave func(), err error) {
	ctx, cancel := until(r.work, last)
	defer cancel()
	for {
		r.mu.Lock()
		busy, ok := r.groups[group]
		if !ok {
			over := make(chan struct{})
			r.groups[group] = over
			r.mu.Unlock()
			return func() {
				r.mu.Lock()
				delete(r.groups, group)
				r.mu.Unlock()
				close(over)
			}, nil
		}
		r.mu.Unlock()
		r.grow()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, fmt.Errorf("group %q is in delivery: %w", group, invoke.ErrThrottled)
		}
	}
}
