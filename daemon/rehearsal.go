package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/local/sqs"
	"github.com/penstock/penstock/mapping"
)

// A rehearsal runs messages through local queues until all of them are settled.
type rehearsal struct {
	service  *sqs.Service
	ledger   *penstock.Ledger
	story    *story
	read     []string // ARNs of the queues that a mapping reads
	receives int      // when a message was received more often, it will never end
	out      io.Writer

	skipped time.Duration
}

// Why a rehearsal ended before all was settled.
var (
	errEndless = errors.New("a message keeps failing and its queue has no dead-letter queue")
	errLimit   = errors.New("the time limit is over")
)

const (
	tick  = 5 * time.Millisecond
	quiet = 2 * time.Second // how long the queues' and the engine's counts may differ
)

// settle waits until no message is left in the queues that mappings read. When
// no function runs and nothing can be received, it moves the queues' clock to
// the next moment at which something can.
func (r *rehearsal) settle(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errLimit)
	defer cancel()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var still time.Time // since when nothing has been in hand
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		visible, waiting := r.backlog()
		switch {
		case r.story.receivesAbove(r.receives):
			return errEndless
		case r.ledger.InHand() > 0 || visible > 0:
			still = time.Time{}
		case still.IsZero():
			still = time.Now()
		case !r.accounted() && time.Since(still) < quiet:
			// a reply is on its way from the queue to the engine
		case waiting == 0:
			return nil
		default:
			r.jump()
			still = time.Time{}
		}
	}
}

// backlog counts the messages of the queues that are read: those that can be
// received now, and those that are hidden or delayed.
func (r *rehearsal) backlog() (visible, waiting int) {
	for _, arn := range r.read {
		if s, ok := r.service.Stats(arn); ok {
			visible += s.Visible
			waiting += s.InFlight + s.Delayed
		}
	}
	return visible, waiting
}

// accounted says whether the engine knows of every message that a queue has
// handed out.
func (r *rehearsal) accounted() bool {
	received := 0
	for _, c := range r.ledger.Counts() {
		received += c.Received
	}
	return received >= r.story.takenFrom(r.read)
}

// jump moves the clock to the next moment at which a message can be received.
func (r *rehearsal) jump() {
	due, ok := r.service.NextDue()
	if !ok {
		return
	}
	d := due.Sub(time.Now().Add(r.skipped)) // the queues' clock is ours plus what was skipped
	if d <= 0 {
		d = time.Millisecond
	}
	r.skipped += d
	r.story.skip(d)
	if d >= time.Second {
		fmt.Fprintf(r.out, "  ... nothing to do: the queues' clock jumps %s ahead\n", clock(d))
	}
	r.service.Advance(d)
}

func (s *story) receivesAbove(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most > n
}

func (s *story) takenFrom(arns []string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for arn, taken := range s.taken {
		if slices.Contains(arns, arn) {
			n += taken
		}
	}
	return n
}

// printLedger writes a line for each mapping.
func printLedger(w io.Writer, ledger *penstock.Ledger, mappings []mapping.Config) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nSOURCE\tFUNCTION\tRECEIVED\tFILTERED\tDELIVERED\tFAILED\tINVOCATIONS\tERRORS\tTIME")
	counts := ledger.Counts()
	for _, m := range mappings {
		c := counts[m.UUID]
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", sourceName(m), m.FunctionName,
			c.Received, c.Filtered, c.Delivered, c.Failed, c.Invocations, c.Errors, c.Busy.Round(time.Millisecond))
	}
	t.Flush()
}
