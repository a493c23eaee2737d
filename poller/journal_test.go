package poller_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
)

// A journal prints steps in the order of their times; what begins at the same
// time is sorted by its text, so that the order of goroutines does not show.
type journal struct {
	start  time.Time
	many   bool
	counts bool

	mu    sync.Mutex
	lines []line
}

type line struct {
	at   time.Duration
	text string
}

func (j *journal) add(at time.Time, name, text string) {
	if j.many && name != "" {
		text = name + ": " + text
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line{at.Sub(j.start), text})
}

func (j *journal) String() string {
	slices.SortStableFunc(j.lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.text, b.text))
	})
	var b strings.Builder
	for _, l := range j.lines {
		fmt.Fprintf(&b, "%-6v %s\n", l.at, l.text)
	}
	return b.String()
}

// observe notes every step but those that others imply.
func (j *journal) observe(s poller.Step) {
	text := string(s.Action)
	switch s.Action {
	case poller.Received, poller.Settled:
		return
	case poller.Recovered:
	case poller.Trouble:
		text += fmt.Sprintf(", again in %v: %v", s.Wait, s.Err)
	case poller.Delivered, poller.Deferred:
		text += " " + j.names(s.Records)
		if d := s.End.Sub(s.Start); d > 0 {
			text += fmt.Sprintf(" for %v", d)
		}
		switch {
		case s.Wait > 0:
			text += fmt.Sprintf(": try again in %v", s.Wait)
		default:
			text += ": " + j.fate(s.Verdict)
		}
		if s.Err != nil {
			text += fmt.Sprintf(" (%v)", s.Err)
		} else if s.Result.Failure != "" {
			text += " (failed)"
		}
	default:
		text += " " + j.names(s.Records)
		if d := s.End.Sub(s.Start); d > 0 {
			text += fmt.Sprintf(" for %v", d)
		}
		if s.Err != nil {
			text += fmt.Sprintf(" (%v)", s.Err)
		}
	}
	j.add(s.Start, s.Mapping, text)
}

// fate prints a verdict.
func (j *journal) fate(v mapping.Verdict) string {
	var parts []string
	add := func(what string, records []sources.Record) {
		if len(records) > 0 {
			parts = append(parts, what+" "+j.names(records))
		}
	}
	add("done", v.Done)
	add("dead", v.Dead)
	for _, p := range v.Parts {
		if p.Wait == mapping.LeaveHidden {
			add("again", p.Records)
		} else {
			add(fmt.Sprintf("again in %v", p.Wait), p.Records)
		}
	}
	return strings.Join(parts, ", ")
}

func (j *journal) names(records []sources.Record) string {
	if j.counts {
		return fmt.Sprint(len(records))
	}
	return names(records)
}

// names lists records, runs of more than three as msg-1..9, with the number of
// receives if that is not one. Records without a group are sorted.
func names(records []sources.Record) string {
	type unit struct{ n, receives int }
	units := make([]unit, len(records))
	for i, r := range records {
		fmt.Sscanf(r.ID, "msg-%d", &units[i].n)
		units[i].receives = r.Receives
	}
	if len(records) > 0 && records[0].Group == "" {
		slices.SortFunc(units, func(a, b unit) int { return cmp.Compare(a.n, b.n) })
	}
	var words []string
	for i := 0; i < len(units); {
		last := i
		for last+1 < len(units) && units[last+1].n == units[last].n+1 && units[last+1].receives == units[i].receives {
			last++
		}
		if last < i+3 {
			last = i
		}
		word := fmt.Sprintf("msg-%d", units[i].n)
		if last > i {
			word += fmt.Sprintf("..%d", units[last].n)
		}
		if units[i].receives > 1 {
			word += fmt.Sprintf("(%d)", units[i].receives)
		}
		words = append(words, word)
		i = last + 1
	}
	return strings.Join(words, " ")
}
