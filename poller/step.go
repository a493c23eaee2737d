package poller

import (
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

// An Action names what a Step did.
type Action string

// The actions of an engine. Ledger, metrics, captures and timelines are
// derived from these and nothing else.
const (
	// Received: records came from the feed.
	Received Action = "received"
	// Filtered: no filter matched; the records were settled without an invocation.
	Filtered Action = "filtered"
	// Delivered: the target was invoked and the answer judged. Verdict holds.
	Delivered Action = "delivered"
	// Deferred: the target had no room, or could not be run, and Err says why.
	// Nothing was attempted. With a Wait the engine keeps the records in hand
	// and tries again after it; otherwise Verdict says what becomes of them.
	Deferred Action = "deferred"
	// Settled: records were acknowledged (delivered, filtered or given up before).
	Settled Action = "settled"
	// Held: the source keeps the records back, to hand them out again later.
	Held Action = "held"
	// GivenUp: records went to the failure destination, or it refused them for
	// good, as Err then says.
	GivenUp Action = "given up"
	// Released: records were handed back. No function saw them, unless the
	// engine stopped while it was to try them again.
	Released Action = "released"
	// Unsettled: the feed did not take the settling of records, a filter could
	// not be asked, or the engine stopped before the failure destination took
	// them. They stay with the source and come again.
	Unsettled Action = "unsettled"
	// Trouble: the feed could not be read. Err says why, Wait how long until
	// the next try.
	Trouble Action = "trouble"
	// Recovered: the feed can be read again.
	Recovered Action = "recovered"
)

// A Step is one thing an engine did, told to Pipe.Observe after it happened.
// Its slices are shared: observers must not change them.
type Step struct {
	// Mapping is Pipe.Name.
	Mapping string
	Action  Action
	Records []sources.Record
	// Start and End bound the step; for Delivered they bound the invocation.
	Start, End time.Time
	// EventSize is the bytes of the rendered event. Delivered and Deferred.
	EventSize int
	// Past is what had happened to the records before.
	Past mapping.Past
	// Result and Err are the target's answer; for Trouble and Unsettled, Err
	// is the feed's (or the filter's), for what goes to the failure destination
	// that one's.
	Result invoke.Result
	Err    error
	// Verdict is what was judged. Delivered and Deferred.
	Verdict mapping.Verdict
	// Wait is the pause before the next read or try. Trouble and Deferred.
	Wait time.Duration
}
