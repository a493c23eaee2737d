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
type swap struct{ now atomic.Pointer[invoke.Target] }

// Invoke runs the target of the moment.
func (s *swap) Invoke(ctx context.Context, r invoke.Request) (invoke.Result, error) {
	return (*s.now.Load()).Invoke(ctx, r)
}

// KeepsTime: whatever is underneath is bounded by its own version's timeout.
func (f *function) KeepsTime() {}

func newFunction() *function {
	under := &swap{}
	return &function{invoke.Limited(under, 0), under}
}

// become puts the target, timeout and limit of f in place.
func (f *function) become(next invoke.Function, newID func() string) {
	var target invoke.Target = invoke.Timed{Target: next.Target, Timeout: next.Timeout, NewID: newID}
	f.under.now.Store(&target)
	limit := next.Concurrency
	if limit == 0 {
		limit = invoke.DefaultConcurrency
	}
	f.SetLimit(limit)
}
