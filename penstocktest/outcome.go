package penstocktest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

// An Outcome is what happened. Every message is in exactly one of Delivered,
// Dead and Filtered.
type Outcome struct {
	// Delivered are the bodies of messages that were handled, in the order in
	// which they were deleted from the queue.
	Delivered []string
	// Dead are the bodies of dead letters, in the order in which they became
	// so.
	Dead []string
	// Filtered are the bodies of messages that no filter matched.
	Filtered []string
	// Steps are all that the engine did, in the order of their beginning.
	Steps []poller.Step

	start  time.Time
	deaths []memory.Message
}

// Sizes are the numbers of messages of the invocations, in the order of their
// beginning.
func (o *Outcome) Sizes() []int {
	var sizes []int
	for _, s := range o.Steps {
		if s.Action == poller.Delivered {
			sizes = append(sizes, len(s.Records))
		}
	}
	return sizes
}

// A recorder takes the steps of an engine.
type recorder struct {
	start time.Time
	mu    sync.Mutex
	steps []poller.Step
}

func (r *recorder) observe(s poller.Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = append(r.steps, s)
}

// outcome sorts the steps, so that what begins at one moment is in the order
// of its messages and not of goroutines.
func (r *recorder) outcome(queue *memory.Queue) *Outcome {
	o := &Outcome{Steps: r.steps, start: r.start, deaths: queue.Dead()}
	slices.SortStableFunc(o.Steps, func(a, b poller.Step) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(first(a), first(b)))
	})
	bodies := map[string]string{}
	filtered := map[string]bool{}
	for _, s := range o.Steps {
		for _, record := range s.Records {
			if _, known := bodies[record.ID]; !known {
				bodies[record.ID] = bodyOf(record)
			}
			filtered[record.ID] = filtered[record.ID] || s.Action == poller.Filtered
		}
	}
	for _, id := range queue.Acked() {
		if filtered[id] {
			o.Filtered = append(o.Filtered, bodies[id])
		} else {
			o.Delivered = append(o.Delivered, bodies[id])
		}
	}
	for _, m := range o.deaths {
		o.Dead = append(o.Dead, m.Body)
	}
	return o
}

// first is the lowest number of a message of the step.
func first(s poller.Step) int {
	lowest := 0
	for _, record := range s.Records {
		var n int
		fmt.Sscanf(record.ID, "msg-%d", &n)
		if lowest == 0 || n < lowest {
			lowest = n
		}
	}
	return lowest
}

func bodyOf(r sources.Record) string {
	var message struct{ Body string }
	json.Unmarshal(r.Body, &message) // our own rendering
	return message.Body
}

// String prints the timeline: when each batch was invoked, with how many
// messages, and what became of them. Requests are numbered in that order, which
// for batches that begin at the same moment may not be the id they saw.
func (o *Outcome) String() string {
	type line struct {
		at         time.Duration
		what, text string
	}
	var lines []line
	requests := 0
	for _, s := range o.Steps {
		l := line{at: s.Start.Sub(o.start), what: string(s.Action)}
		switch s.Action {
		case poller.Received, poller.Settled, poller.Recovered:
			continue
		case poller.Delivered:
			requests++
			l.what = fmt.Sprintf("req-%d", requests)
			l.text = fmt.Sprintf("%-9s  %s%s", count(len(s.Records)), fate(s.Verdict), reason(s))
		default:
			l.text = names(s.Records) + reason(s)
		}
		lines = append(lines, l)
	}
	for _, m := range o.deaths {
		lines = append(lines, line{m.Died.Sub(o.start), "dead", m.ID})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	wide, wider := 0, 0
	for i := range lines {
		lines[i].at = lines[i].at.Round(time.Millisecond)
		wide = max(wide, len(lines[i].at.String()))
		wider = max(wider, len(lines[i].what))
	}
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%-*v %-*s  %s\n", wide, l.at, wider, l.what, l.text)
	}
	return b.String()
}

// beginning is the timeline, cut to what a failure message may hold.
func (o *Outcome) beginning() string {
	lines := strings.SplitAfter(o.String(), "\n")
	if len(lines) <= 20 {
		return o.String()
	}
	return strings.Join(lines[:20], "") + "...\n"
}

func count(n int) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}

// fate says what becomes of a batch.
func fate(v mapping.Verdict) string {
	var parts []string
	if len(v.Done) > 0 {
		parts = append(parts, "done "+names(v.Done))
	}
	for _, p := range v.Parts {
		parts = append(parts, "again "+names(p.Records))
	}
	return strings.Join(parts, ", ")
}

// reason says in parentheses what went wrong, if anything did.
func reason(s poller.Step) string {
	switch {
	case s.Err != nil:
		return fmt.Sprintf(" (%v)", s.Err)
	case s.Result.Failure == "":
		return ""
	}
	var failure struct{ ErrorType, ErrorMessage string }
	if json.Unmarshal(s.Result.Payload, &failure) != nil {
		return fmt.Sprintf(" (%s)", s.Result.Failure)
	}
	return fmt.Sprintf(" (%s: %.100s)", failure.ErrorType, failure.ErrorMessage)
}

// most is how many names a line has.
const most = 10

func names(records []sources.Record) string {
	var ids []string
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	return strings.Join(short(ids), " ")
}

// list joins what messages say of them, for errors.
func list(items []string) string { return strings.Join(short(items), ", ") }

func short(items []string) []string {
	if len(items) <= most {
		return items
	}
	return append(slices.Clone(items[:most]), fmt.Sprintf("and %d more", len(items)-most))
}
