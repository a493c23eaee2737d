package daemon

import (
	"context"
	"errors"
	"time"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/control/template"
)

// beginEvery is how often a change looks whether the server has begun.
const beginEvery = 5 * time.Millisecond

// reloads applies changes at SIGHUP, and with --watch when files change. What
// runs on old code may finish until the second context is done.
func (s *service) reloads(ctx, finish context.Context) {
	var changes <-chan struct{}
	if s.Watch && s.path != "" {
		changes = s.watch(ctx)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.hangup:
		case <-changes:
		}
		if err := s.reload(ctx, finish); err != nil && ctx.Err() == nil {
			s.log.Error("the change was not applied; what ran before goes on", "error", err)
		}
	}
}

// reload loads everything anew and applies the difference. Functions that stay
// as they are keep their processes. Those that run on old code end on it; their
// processes are closed behind them.
func (s *service) reload(ctx, finish context.Context) error {
	stack, err := s.read()
	if err != nil {
		return err
	}
	next, err := s.prepare(ctx, stack)
	if err != nil {
		return err
	}
	if err := s.change(ctx, stack, next); err != nil {
		next.close(ctx, s.fleet)
		return err
	}
	s.mu.Lock()
	old := s.fleet
	s.stack, s.fleet = stack, next
	s.mu.Unlock()
	s.log.Info("changes applied", "functions", len(stack.Functions), "started", len(next.without(old)), "mappings", len(stack.Mappings))
	old.close(finish, next)
	return nil
}

// change is Server.Change, which fails in the instant before the server begins.
func (s *service) change(ctx context.Context, stack *template.Stack, f *fleet) error {
	ticker := time.NewTicker(beginEvery)
	defer ticker.Stop()
	for {
		err := s.server.Change(f.functions, mappings(stack))
		if !errors.Is(err, penstock.ErrNotRunning) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
	}
}
