package penstock

import (
	"context"
	"sync/atomic"

	"github.com/penstock/penstock/invoke"
)

// A function is the server's own hold on a target: mappings keep it, and a new
// version of the code is put underneath while they run. Its slots are counted
// across versions.
type function struct {
	*invoke.Limiter
	under *swap
}

// A swap is a target that can be replaced between invocations.
type swap struct{ now atomic.Pointer[invoke.Timed] }

// Invoke runs the target of the moment.
func (s *swap) Invoke(ctx context.Context, r invoke.Request) (invoke.Result, error) {
	return s.now.Load().Invoke(ctx, r)
}

// Ready is that of the target of the moment: one that others invoke too may
// have less room than the mappings left.
func (s *swap) Ready(ctx context.Context) error { return s.now.Load().Ready(ctx) }

// Reserve takes a slot of the target of the moment, if it has any. Without, the
// target may still be replaced before the invocation.
func (s *swap) Reserve(ctx context.Context) (invoke.Target, func(), error) {
	now := s.now.Load()
	if _, ok := now.Target.(invoke.Reserver); !ok {
		return s, func() {}, nil
	}
	return now.Reserve(ctx)
}

// KeepsTime: whatever is underneath is bounded by its own version's timeout.
func (f *function) KeepsTime() {}

func newFunction() *function {
	under := &swap{}
	return &function{invoke.Limited(under, 0), under}
}

// become puts the target, timeout and limit of f in place.
func (f *function) become(next invoke.Function, newID func() string) {
	f.under.now.Store(&invoke.Timed{Target: next.Target, Timeout: next.Timeout, NewID: newID})
	limit := next.Concurrency
	if limit == 0 {
		limit = invoke.DefaultConcurrency
	}
	f.SetLimit(limit)
}
