package mapping

import (
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/sources"
)

// LeaveHidden is the Wait of a Part that is left to the source: a queue that
// lends (SQS) hands its records out again when their visibility timeout ends.
const LeaveHidden time.Duration = -1

// Past is what already happened to records that are tried again. It travels
// with its part, so that no engine counts.
type Past struct {
	// Attempts counts invocations that ran and failed.
	Attempts int
	// First is when the first attempt began. Zero: there was none.
	First time.Time
	// Last is the result of the last attempt.
	Last invoke.Result
}

// A Part is a group of records to be tried again as one batch.
type Part struct {
	Records []sources.Record
	Past    Past
	// Wait is how long from now; LeaveHidden leaves it to the source.
	Wait time.Duration
}

// A Verdict says what becomes of a batch. Every record of the batch is in
// exactly one place.
type Verdict struct {
	// Go (Expire only): deliver these now.
	Go []sources.Record
	// Done: settle.
	Done []sources.Record
	// Dead: hand to the failure destination, then settle.
	Dead []sources.Record
	// Cause is the condition of the destination record:
	// "RetryAttemptsExhausted", "RecordAgeExceeded".
	Cause string
	// Parts: try again, in this order.
	Parts []Part
}
