package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
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
	read     []string          // ARNs of the queues that a mapping reads
	endless  []string          // those of them without a redrive policy
	receives int               // when a message of these was received more often, it will never end
	out      io.Writer         // is told of jumps
	progress func(text string) // is told how far it is

	skipped time.Duration
	told    time.Time // when progress was told
}

// errLimit ends a rehearsal before all was settled.
var errLimit = errors.New("the time limit is over (--limit)")

const (
	tick  = 5 * time.Millisecond
	quiet = 2 * time.Second // how long the queues' and the engine's counts may differ
)

// run sends the messages while server and port run, and waits until they are
// settled. why is set if they are not all. The port stays open until the server
// has settled what it had in hand: the queues are behind it.
func (r *rehearsal) run(ctx context.Context, server *penstock.Server, port func(context.Context) error, messages []message, limit time.Duration) (why, err error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	open, closePort := context.WithCancel(context.WithoutCancel(ctx))
	defer closePort()
	var serverErr, portErr error
	var wg sync.WaitGroup
	wg.Go(func() {
		portErr = port(open)
		stop()
	})
	wg.Go(func() {
		serverErr = server.Run(running)
		stop()
		closePort()
	})
	if err = r.send(running, messages); err == nil {
		why = r.settle(running, limit)
	}
	stop()
	r.progress("")
	wg.Wait()
	switch {
	case serverErr != nil:
		return nil, &exit{exitUsage, serverErr}
	case portErr != nil:
		return nil, &exit{exitEnvironment, portErr}
	case ctx.Err() != nil:
		return nil, errInterrupted
	}
	return why, err
}

// settle waits until no message is left in the queues that mappings read. When
// no function runs and nothing can be received, it moves the queues' clock to
// the next moment at which something can.
func (r *rehearsal) settle(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errLimit)
	defer cancel()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	r.told = time.Now()
	var still time.Time // since when nothing has been in hand
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		r.tell()
		visible, waiting := r.backlog()
		if err := r.story.neverEnds(r.endless, r.receives); err != nil {
			return err
		}
		switch {
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

// tell says how far it is, twice a second.
func (r *rehearsal) tell() {
	if now := time.Now(); now.Sub(r.told) >= time.Second/2 {
		r.told = now
		n, of := r.story.settled()
		r.progress(fmt.Sprintf("%d of %s settled, %d with functions", n, count(of, "message"), r.ledger.InHand()))
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

// neverEnds is an error if a message of one of the queues was received more
// than n times.
func (s *story) neverEnds(arns []string, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, arn := range arns {
		if l := s.worst[arn]; l != nil && l.receives > n {
			return fmt.Errorf("queue %s has no dead-letter queue, and this message was received more than %d times (--max-receives):\n  %s", l.queue, n, l.name())
		}
	}
	return nil
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
	if len(mappings) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nSOURCE\tFUNCTION\tRECEIVED\tFILTERED\tDELIVERED\tFAILED\tDEFERRED\tINVOCATIONS\tERRORS\tTIME")
	counts := ledger.Counts()
	for _, m := range mappings {
		c := counts[m.UUID]
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", sourceName(m), functionName(m), c.Received, c.Filtered,
			c.Delivered, c.Failed, c.Deferred, c.Invocations, c.Errors, c.Busy.Round(time.Millisecond))
	}
	t.Flush()
}
