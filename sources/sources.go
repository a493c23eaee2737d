// Package sources is the contract between penstock and the services it takes
// records from. A source speaks one service's protocol; it has no loop, no
// goroutine, no timer and no retry: package poller owns all of that. The
// contract's conformance suite is sources/sourcetest.
package sources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/penstock/penstock/events"
)

// A Kind describes one kind of source: facts as data, one constructor as code.
// It is a value; there is no registry. Exactly one constructor is set.
type Kind struct {
	// Name is unique and lower case: "sqs".
	Name string
	// Doc is one sentence, then details: the manual page of "penstock sources".
	Doc string
	// Match reports whether a source is of this kind, by ARN or settings.
	// nil: the ARN is arn:penstock:NAME:...
	Match func(Spec) bool
	// Shape renders this kind's events.
	Shape events.Shape
	// Limits are facts that mapping and poller need.
	Limits Limits
	// Queue opens a feed whose records are settled one by one. The caller
	// closes the Queue.
	Queue func(ctx context.Context, s Spec) (Queue, error)
	// Inspect asks the service for facts that mappings are checked against. Its
	// errors are those of Queue. nil: there is nothing to ask.
	Inspect func(ctx context.Context, s Spec) (Facts, error)
}

// Facts are what a service says about one source. Zero fields are unknown.
type Facts struct {
	// Visibility is a queue's visibility timeout.
	Visibility time.Duration
	// MaxReceives is after how many receives a queue moves a message to its
	// dead-letter queue (maxReceiveCount).
	MaxReceives int
}

// Matches is Kind.Match with its default applied.
func (k Kind) Matches(s Spec) bool {
	if k.Match != nil {
		return k.Match(s)
	}
	prefix := "arn:penstock:" + k.Name + ":"
	return len(s.ARN) > len(prefix) && s.ARN[:len(prefix)] == prefix
}

// Limits are the facts of a kind.
type Limits struct {
	// BatchSize and MaxBatchSize count records an event. Zero means 10 and 10 000.
	BatchSize, MaxBatchSize int
	// Call is the most records that one Receive, Ack, Nack or Hold takes; the
	// engine cuts. Zero means 10.
	Call int
	// Wait is the longest wait that Receive accepts. Zero means 20 seconds.
	Wait time.Duration
	// WaitUnit is the unit of those waits: Receive rounds up to a multiple of
	// it (SQS: a second). Zero: waits are exact.
	WaitUnit time.Duration
	// Window says whether a batching window may be set.
	Window bool
	// PartialFailures says whether ReportBatchItemFailures may be set.
	PartialFailures bool
	// FilterKey is the key of a filter pattern that holds the payload: "body"
	// for SQS, "data" for Kinesis. Empty: the whole record is matched as it is.
	FilterKey string
	// FilterView returns what filters see of a record's Body, for services that
	// complete a record after filtering. nil: all of it. Record.View comes first.
	FilterView func(body json.RawMessage) json.RawMessage
	// Mismatch says what becomes of a record whose payload has another form
	// (JSON or text) than the pattern asks for: true, it is dropped (SQS,
	// streams); false, the payload's part of the pattern is skipped (Kafka, MQ).
	Mismatch bool
}

// A Spec says which source to open, and the facts of its mapping and function
// that a record's form or a read depends on. When one of them changes the feed
// is opened anew.
type Spec struct {
	ARN, Region, Account string
	// Endpoint is where the service is. Zero: the service's standard
	// configuration.
	Endpoint Endpoint
	// Window is the batching window, Timeout the function's timeout.
	Window, Timeout time.Duration
	// RoleARN is the function's execution role, as some records show it.
	RoleARN string
	// Settings hold what some kinds need beside an ARN.
	Settings Settings
}

// An Endpoint overrides where and as whom a service is reached. Zero fields
// leave the standard AWS configuration in force.
type Endpoint struct {
	URL, Profile, Region string
}

// Settings hold what some kinds need beside an ARN.
type Settings struct {
	Topics, Queues []string
	// Extra are free keys for third-party kinds.
	Extra map[string]string
}

// Get returns Extra[key]; "" when absent.
func (s Settings) Get(key string) string { return s.Extra[key] }

// A Record is one unit read from a source, already in the JSON form that the
// function will see.
type Record struct {
	// ID names the record in a partial batch response, as Shape.ID returns it.
	ID string
	// Body is the record's place in the event. Nobody changes it.
	Body json.RawMessage
	// View returns what filters match. nil means Body.
	View func() json.RawMessage
	// Group, when not empty: records of one group are handled in order, one
	// batch at a time.
	Group string
	// Position says, for streams, where to resume after this record.
	Position string
	// Arrived is when the service took the record. Zero: unknown.
	Arrived time.Time
	// Receives counts how often it was handed out, this time included.
	// Zero: unknown.
	Receives int
	// Loan is when the source hands the record to somebody else unless it was
	// acknowledged by then (SQS: the end of the visibility timeout). Zero: never.
	Loan time.Time
	// Note is what Hold stored with it.
	Note []byte
	// Token is the source's own handle; nobody else looks at it.
	Token any
}

// A Queue hands out records that are settled one by one. It is safe for
// concurrent use: the engine runs as many receives as it needs. No call gets
// more than Limits.Call records; a call that gets more refuses it with an
// error that is ErrTooMany. A call that fails for some records returns
// *Failed.
type Queue interface {
	// Receive returns at most max records as soon as there is one, or none
	// after wait. Cancelling ctx makes it return soon; records it had already
	// been handed are then returned, not lost.
	Receive(ctx context.Context, max int, wait time.Duration) ([]Record, error)
	// Ack settles records for good.
	Ack(ctx context.Context, records []Record) error
	// Nack makes records available again at once. It is for records that no
	// function saw: on drain, and the rest of a FIFO group.
	Nack(ctx context.Context, records []Record) error
	io.Closer
}

// A Holder is a Queue that can keep a record back for a while. It is optional,
// found by type assertion.
type Holder interface {
	Hold(ctx context.Context, held []Held) error
}

// Held is a record to be handed out again For later, with Note.
type Held struct {
	Record
	For  time.Duration
	Note []byte
}

// Failed reports that a call failed for some of its records. The others
// succeeded.
type Failed struct {
	Records []Record
	Err     error
}

func (f *Failed) Error() string { return fmt.Sprintf("%d records: %v", len(f.Records), f.Err) }

// Unwrap returns the cause.
func (f *Failed) Unwrap() error { return f.Err }

// Classes of feed trouble. An error that is none of them is taken as passing.
var (
	// ErrGone: the queue or stream does not exist (any more).
	ErrGone = errors.New("source does not exist")
	// ErrDenied: the service refuses our credentials or permissions.
	ErrDenied = errors.New("access to source denied")
	// ErrExpired: the loan of every record that failed is over, so it may be
	// somebody else's by now; trying again does not help. When records fail for
	// several reasons, Failed.Err is one of the others.
	ErrExpired = errors.New("loan of record has expired")
	// ErrTooMany: a call got more records than Limits.Call.
	ErrTooMany = errors.New("more records than one call takes")
)
