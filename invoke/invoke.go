// Package invoke runs functions. A Target takes a payload and answers; the
// packages below it are the kinds of target: hosted processes, remote Lambda
// functions, HTTP endpoints, and destinations. It refuses to retry: what
// becomes of a failure is judged by package mapping alone.
package invoke

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// A Target is anything that takes a payload: function, remote endpoint, queue,
// topic. It is safe for concurrent use.
type Target interface {
	// Invoke returns an error if the target could not be run. A function that
	// ran and failed is not an error: it is a Result with Failure set. The
	// error is ErrThrottled or unclassified ("not now": again later), or
	// ErrRefused ("never"). ctx's deadline is the function's: when it passes,
	// the function failed (see TimedOut), unless the target is a Timekeeper. A
	// cancelled ctx is an error, since the caller gave up; the function may
	// have run all the same.
	Invoke(ctx context.Context, r Request) (Result, error)
}

// A Request is one invocation.
type Request struct {
	// ID is the request id the function sees; every attempt of an asynchronous
	// event has the same. Empty: the target chooses one.
	ID string
	// Event is the payload: JSON text. Empty: the function sees {}.
	Event json.RawMessage
	// Rendered says that an events.Shape rendered Event of records, which are
	// JSON already: targets need not parse it to know.
	Rendered bool
	// FunctionARN is the function as the caller named it, with its qualifier
	// if there was one. Empty: the target's own.
	FunctionARN string
	// ClientContext is JSON text, already decoded from base64. Synchronous
	// calls only.
	ClientContext json.RawMessage
	// Trace is an X-Ray header value. Empty: the target makes one.
	Trace string
}

// A Result is the answer of a function that ran.
type Result struct {
	// RequestID is the id the function saw.
	RequestID string
	// Payload is what the function returned, or the error object.
	Payload json.RawMessage
	// Failure is empty on success, else the FunctionError that clients see:
	// "Unhandled" (AWS's recordings show no other; a remote target's answer is
	// passed on).
	Failure string
	// Version is the executed version. Empty: $LATEST.
	Version string
	// Status is the HTTP status of the invocation. Zero: 200.
	Status int
	// Log is the end of the invocation's log, at most 4 096 bytes.
	Log []byte
	// Cold says that an environment was started for this invocation.
	Cold bool
}

// A Function is a target with the facts others depend on.
type Function struct {
	Target Target
	// Timeout is the function's own. Zero: 3 seconds, as on AWS.
	Timeout time.Duration
	// RoleARN is the execution role; it only describes.
	RoleARN string
	// Concurrency limits how many invocations run at once. Zero: 10.
	Concurrency int
}

// Classes of errors of Target.Invoke, Ready and Reserve. Match with errors.Is.
// An error that is neither is taken as "not now".
var (
	// ErrThrottled: there is no capacity now. Not an attempt.
	ErrThrottled = errors.New("throttled")
	// ErrRefused: the target will never take this: no such function, payload
	// too large, denied.
	ErrRefused = errors.New("refused")
)

// A Readier is a Target that knows whether it has room. Optional, found by
// type assertion.
type Readier interface {
	// Ready waits until a slot looks free, and holds none. Pollers call it
	// before they receive. It fails when ctx is done.
	Ready(ctx context.Context) error
}

// A Reserver is a Target whose room can be taken in advance. Optional, found
// by type assertion. (This replaced an earlier form that carried the slot in a
// context.)
type Reserver interface {
	// Reserve takes a slot and waits for one until ctx is done; then the error
	// is ErrThrottled. With a free slot it succeeds whatever ctx says, so an
	// already cancelled ctx means "now or never". The slot invokes the same
	// target without asking for room again; release gives it back and may be
	// called more than once.
	Reserve(ctx context.Context) (slot Target, release func(), err error)
}

// MaxRequest is the most bytes a synchronous invocation takes, MaxResponse the
// most it returns (AWS: 6 MiB, and 6 MiB + 100).
const (
	MaxRequest  = 6291456
	MaxResponse = 6291556
)
