package invoke

import (
	"context"
	"time"
)

// DefaultTimeout and DefaultConcurrency are what the zero values of Function
// stand for. AWS's own default timeout is the same.
const (
	DefaultTimeout     = 3 * time.Second
	DefaultConcurrency = 10
)

// Timed is a target whose invocations have a request id and a time limit. Its
// room is that of Target.
type Timed struct {
	Target Target
	// Timeout is set as the deadline of each invocation's context, unless that
	// has an earlier one; a Timekeeper gets none. Zero: DefaultTimeout.
	Timeout time.Duration
	// NewID makes the id of a request that has none. nil: NewID.
	NewID func() string

	kept bool // Target is a slot of a Timekeeper
}

// Invoke runs Target.
func (t Timed) Invoke(ctx context.Context, r Request) (Result, error) {
	if r.ID == "" {
		if t.NewID != nil {
			r.ID = t.NewID()
		} else {
			r.ID = NewID()
		}
	}
	timeout := t.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	if t.keepsTime() {
		return t.Target.Invoke(ctx, r)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return t.Target.Invoke(ctx, r)
}

// Check is Target's.
func (t Timed) Check() error { return Check(t.Target) }

// Ready is Target's; a target that does not know is always ready.
func (t Timed) Ready(ctx context.Context) error { return ready(ctx, t.Target) }

// Reserve is Target's; a target without room to reserve always has some.
func (t Timed) Reserve(ctx context.Context) (Target, func(), error) {
	inner, release, err := reserve(ctx, t.Target)
	if err != nil {
		return nil, nil, err
	}
	return Timed{inner, t.Timeout, t.NewID, t.keepsTime()}, release, nil
}

func (t Timed) keepsTime() bool {
	_, keeps := t.Target.(Timekeeper)
	return keeps || t.kept
}

func ready(ctx context.Context, t Target) error {
	if r, ok := t.(Readier); ok {
		return r.Ready(ctx)
	}
	return nil
}

func reserve(ctx context.Context, t Target) (Target, func(), error) {
	if r, ok := t.(Reserver); ok {
		return r.Reserve(ctx)
	}
	return t, func() {}, nil
}
