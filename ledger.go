package penstock

import (
	"maps"
	"sync"
	"time"

	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
)

// A Ledger counts what became of the records of each mapping. Let a Server
// observe with it. The zero value is empty and ready; it is safe for
// concurrent use.
type Ledger struct {
	mu     sync.Mutex
	counts map[string]Counts
}

// Counts are those of one mapping. Records are counted each time they pass, so
// that a message that is received three times counts three times, and one that
// is tried again in hand counts as Failed each time.
type Counts struct {
	// Received is how many records the source handed out. What became of each
	// is counted below, or it is InHand.
	Received int
	// Filtered were settled because no filter matched.
	Filtered int
	// Delivered: the function handled them.
	Delivered int
	// Failed: the function ran and failed for them. They come again.
	Failed int
	// Deferred: the function had no room or could not be run.
	Deferred int
	// GivenUp went to the failure destination.
	GivenUp int
	// Released were handed back unseen.
	Released int
	// Unsettled could not be acknowledged, though they were handled or filtered,
	// and are counted above as well; or they could not be filtered, released or
	// given up. They come again.
	Unsettled int
	// InHand is how many records are with the engine now.
	InHand int
	// Invocations counts those that ran, Errors those that failed as a whole.
	Invocations, Errors int
	// Busy is the time that invocations took, together.
	Busy time.Duration
	// Troubles counts failed reads of the source.
	Troubles int
}

// Observe takes a step; it is what Server.Observe wants.
func (l *Ledger) Observe(s poller.Step) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[string]Counts{}
	}
	c := l.counts[s.Mapping]
	c.add(s)
	l.counts[s.Mapping] = c
}

func (c *Counts) add(s poller.Step) {
	n := len(s.Records)
	switch s.Action {
	case poller.Received:
		c.Received += n
		c.InHand += n
	case poller.Filtered:
		c.Filtered += n
	case poller.Settled:
		c.InHand -= n
	case poller.Released:
		c.Released += n
		c.InHand -= n
	case poller.Unsettled:
		c.Unsettled += n
		c.InHand -= n
	case poller.GivenUp:
		c.GivenUp += n
	case poller.Trouble:
		c.Troubles++
	case poller.Delivered:
		c.Invocations++
		c.Busy += s.End.Sub(s.Start)
		if s.Result.Failure != "" {
			c.Errors++
		}
		c.Delivered += len(s.Verdict.Done)
		again, hidden := left(s.Verdict)
		c.Failed += again
		c.InHand -= hidden
	case poller.Held:
		c.InHand -= n
	case poller.Deferred:
		if s.Wait > 0 {
			return // still in hand
		}
		again, hidden := left(s.Verdict)
		c.Deferred += again
		c.InHand -= hidden
	}
}

// left counts the records of a verdict that are to be tried again, and those
// among them that are left to the source.
func left(v mapping.Verdict) (again, hidden int) {
	for _, p := range v.Parts {
		again += len(p.Records)
		if p.Wait == mapping.LeaveHidden {
			hidden += len(p.Records)
		}
	}
	return again, hidden
}

// Counts returns the counts so far by mapping.
func (l *Ledger) Counts() map[string]Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts)
}

// InHand is how many records all engines have in hand.
func (l *Ledger) InHand() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.counts {
		n += c.InHand
	}
	return n
}
