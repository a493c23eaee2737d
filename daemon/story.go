package daemon

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/penstock/penstock/local/sqs"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
)

// A story is what happened to each message of a rehearsal. It is told by the
// local queues (which know sending, dead letters and expiry) and by the engine
// (which knows functions and filters), and keeps the queues' clock.
type story struct {
	functions map[string]string // mapping UUID: function name

	mu      sync.Mutex
	start   time.Time
	skipped time.Duration
	lives   map[string]*life // by message id
	order   []*life
	taken   map[string]int   // queue ARN: messages received from it
	worst   map[string]*life // queue ARN: the message that was received most often
}

// A life is one message's.
type life struct {
	queue, body, group string
	moments            []moment
	fate               string // delivered, filtered, dead, expired; empty: no mapping settled it
	gone               string // how it left the queue all the same
	receives           int
	expect, from       string
}

type moment struct {
	at   time.Duration // since the start, on the queues' clock
	text string
}

func newStory(functions map[string]string) *story {
	return &story{functions: functions, start: time.Now(), lives: map[string]*life{}, taken: map[string]int{}, worst: map[string]*life{}}
}

// skip notes that the queues' clock was moved.
func (s *story) skip(d time.Duration) {
	s.mu.Lock()
	s.skipped += d
	s.mu.Unlock()
}

func (s *story) life(id string) *life {
	l, ok := s.lives[id]
	if !ok {
		l = &life{}
		s.lives[id] = l
		s.order = append(s.order, l)
	}
	return l
}

func (s *story) note(id, format string, args ...any) *life {
	l := s.life(id)
	l.moments = append(l.moments, moment{time.Since(s.start) + s.skipped, fmt.Sprintf(format, args...)})
	return l
}

// fate takes what a queue tells.
func (s *story) fate(e sqs.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Fate {
	case sqs.Sent:
		text := "sent"
		if e.For > 0 {
			text += fmt.Sprintf(", delayed for %v", e.For)
		}
		l := s.note(e.ID, "%s", text)
		l.queue, l.body, l.group = lastPart(e.Queue), e.Body, e.Group
	case sqs.Duplicate:
		s.note(e.ID, "sent again and dropped: a duplicate")
	case sqs.Received:
		s.taken[e.Queue]++
		l := s.life(e.ID)
		l.receives = e.Receives
		if worst := s.worst[e.Queue]; worst == nil || worst.receives < l.receives {
			s.worst[e.Queue] = l
		}
	case sqs.Moved:
		s.note(e.ID, "dead: moved to %s after %s", lastPart(e.To), count(e.Receives, "receive")).fate = expectDead
	case sqs.Expired:
		s.note(e.ID, "expired: older than the queue's retention period").fate = "expired"
	case sqs.Deleted:
		s.life(e.ID).gone = "deleted, but not by a mapping"
	case sqs.Purged, sqs.Abandoned:
		s.life(e.ID).gone = "deleted with the rest of its queue"
	}
}

// step takes what the engine tells.
func (s *story) step(p poller.Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.functions[p.Mapping]
	switch p.Action {
	case poller.Filtered:
		for _, r := range p.Records {
			s.note(r.ID, "filtered out").fate = expectFiltered
		}
	case poller.Delivered:
		for _, r := range p.Verdict.Done {
			s.note(r.ID, "%s: delivered%s", name, attempt(r)).fate = expectDelivered
		}
		for _, part := range p.Verdict.Parts {
			for _, r := range part.Records {
				s.note(r.ID, "%s: failed%s: %s%s", name, attempt(r), reason(p), again(part, r))
			}
		}
	case poller.Deferred:
		for _, r := range p.Records {
			s.note(r.ID, "%s: not run: %v", name, p.Err)
		}
	case poller.Released:
		for _, r := range p.Records {
			why := "not needed now"
			if r.Group != "" {
				why = "an earlier message of its group failed"
			}
			s.note(r.ID, "given back: %s", why)
		}
	}
}

func attempt(r sources.Record) string {
	if r.Receives < 2 {
		return ""
	}
	return fmt.Sprintf(" (receive %d)", r.Receives)
}

// reason says why an attempt failed, in a line.
func reason(p poller.Step) string {
	if p.Result.Failure == "" {
		return "reported by the function"
	}
	var told struct{ ErrorType, ErrorMessage string }
	text := string(p.Result.Payload)
	if json.Unmarshal(p.Result.Payload, &told) == nil && told.ErrorMessage != "" {
		text = strings.TrimPrefix(told.ErrorType+": "+told.ErrorMessage, ": ")
	}
	return shorten(text, 160)
}

func again(part mapping.Part, r sources.Record) string {
	if part.Wait != mapping.LeaveHidden || r.Loan.IsZero() {
		return ""
	}
	return "; hidden until its visibility timeout ends"
}

// shorten makes one line of at most so many characters.
func shorten(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}

// expect ties an expectation to a message that was sent.
func (s *story) expect(id string, m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.life(id)
	if l.expect == "" { // a duplicate has its original's id
		l.expect, l.from = m.Expect, m.from
	}
}

// settled counts the messages that are gone from their queues, of all.
func (s *story) settled() (n, of int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.order {
		if l.fate != "" || l.gone != "" {
			n++
		}
	}
	return n, len(s.order)
}

// left counts the messages that are still in one of the queues named.
func (s *story) left(queues []string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.order {
		if l.fate == "" && l.gone == "" && slices.Contains(queues, l.queue) {
			n++
		}
	}
	return n
}

// tell writes every life and returns how many expectations failed.
func (s *story) tell(w io.Writer) (failed, expected int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.order {
		l.tell(w)
		if l.expect != "" {
			expected++
			if l.fate != l.expect {
				failed++
			}
		}
	}
	return failed, expected
}

// name says which message it is, in a line.
func (l *life) name() string {
	title := l.queue
	if l.group != "" {
		title += " [" + l.group + "]"
	}
	return title + "  " + shorten(l.body, 100)
}

func (l *life) tell(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n", l.name())
	for _, m := range l.moments {
		fmt.Fprintf(w, "%9s  %s\n", clock(m.at), m.text)
	}
	end := cmp.Or(l.fate, l.gone, "still in the queue")
	if l.fate == "" {
		fmt.Fprintf(w, "%9s  %s\n", "", end)
	}
	switch l.expect {
	case "":
	case l.fate:
		fmt.Fprintf(w, "%9s  ok: %s, as expected\n", "", l.expect)
	default:
		fmt.Fprintf(w, "%9s  FAILED: expected %s, but it is %s (%s)\n", "", l.expect, end, l.from)
	}
}

// clock prints a time to the second once it is long enough for that.
func clock(d time.Duration) string {
	if d >= time.Second {
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}
