package invoke

import (
	"context"
	"fmt"
	"sync"
)

// Limited returns a target that runs at most n invocations of t at once. Zero
// or less: none, everything is throttled.
func Limited(t Target, n int) *Limiter { return &Limiter{target: t, limit: n} }

// A Limiter is a target with a number of slots. Those who wait for one get it
// in the order in which they came. A call of Invoke that holds no slot takes
// one, and if none is free fails at once with ErrThrottled. If the target
// itself is a Readier or Reserver, it is asked second.
type Limiter struct {
	target Target

	mu      sync.Mutex
	limit   int
	used    int
	waiters []*waiter // a slot given back goes to the first
}

// A waiter gets its slot, or for a mere look the sight of one, by its channel
// being closed.
type waiter struct {
	woken chan struct{}
	look  bool
}

// SetLimit changes the number of slots. Invocations above a lower limit are
// not disturbed; their slots vanish when they end.
func (l *Limiter) SetLimit(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = n
	l.wake()
}

// Check is the target's.
func (l *Limiter) Check() error { return Check(l.target) }

// Invoke runs the target.
func (l *Limiter) Invoke(ctx context.Context, r Request) (Result, error) {
	if !l.take() {
		return Result{}, l.throttled()
	}
	defer l.free()
	return l.target.Invoke(ctx, r)
}

// Ready waits until a slot is free and nobody is before us, and takes none.
func (l *Limiter) Ready(ctx context.Context) error {
	if err := l.wait(ctx, true); err != nil {
		return err
	}
	return ready(ctx, l.target)
}

// Reserve takes a slot. What is returned invokes the target once after another
// or several times at once, as one slot; after release it is as good as l.
func (l *Limiter) Reserve(ctx context.Context) (Target, func(), error) {
	if !l.take() {
		if ctx.Err() != nil || l.wait(ctx, false) != nil {
			return nil, nil, l.throttled()
		}
	}
	inner, free, err := reserve(ctx, l.target)
	if err != nil {
		l.free()
		return nil, nil, err
	}
	s := &slot{of: l, target: inner, free: free}
	return s, s.release, nil
}

func (l *Limiter) throttled() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Errorf("%w: Rate Exceeded: %d of %d invocations are running", ErrThrottled, l.used, max(0, l.limit))
}

func (l *Limiter) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used >= l.limit {
		return false
	}
	l.used++
	return true
}

func (l *Limiter) free() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used--
	l.wake()
}

// wake serves the queue from its head as long as there are slots. l.mu is held.
func (l *Limiter) wake() {
	for len(l.waiters) > 0 && l.used < l.limit {
		w := l.waiters[0]
		l.waiters = l.waiters[1:]
		if !w.look {
			l.used++
		}
		close(w.woken)
	}
}

// wait queues up. Without an error the caller has a slot, or for a look has
// seen one.
func (l *Limiter) wait(ctx context.Context, look bool) error {
	w := &waiter{woken: make(chan struct{}), look: look}
	l.mu.Lock()
	l.waiters = append(l.waiters, w)
	l.wake()
	l.mu.Unlock()
	select {
	case <-w.woken:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range l.waiters {
		if other == w {
			l.waiters = append(l.waiters[:i:i], l.waiters[i+1:]...)
			return context.Cause(ctx)
		}
	}
	return nil // woken in the meantime: the slot is ours
}
