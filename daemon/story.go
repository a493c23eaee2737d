package daemon

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

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
	taken   map[string]int // queue ARN: messages received from it
	most    int            // the most receives of a message that is still there
}

// A life is one message's.
type life struct {
	queue, body, group string
	moments            []moment
	fate               string // delivered, filtered, dead; empty: still there
	receives           int
	expect, from       string
}

type moment struct {
	at   time.Duration // since the start, on the queues' clock
	text string
}

func newStory(functions map[string]string) *story {
	return &story{functions: functions, start: time.Now(), lives: map[string]*life{}, taken: map[string]int{}}
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
	queue := e.Queue[strings.LastIndexByte(e.Queue, ':')+1:]
	switch e.Fate {
	case sqs.Sent:
		text := "sent"
		if e.For > 0 {
			text += fmt.Sprintf(", delayed for %v", e.For)
		}
		l := s.note(e.ID, "%s", text)
		l.queue, l.body, l.group = queue, e.Body, e.Group
	case sqs.Duplicate:
		s.note(e.ID, "sent again and dropped: a duplicate")
	case sqs.Received:
		s.taken[e.Queue]++
		l := s.life(e.ID)
		l.receives = e.Receives
		s.most = max(s.most, e.Receives)
	case sqs.Moved:
		s.note(e.ID, "dead: moved to %s after %d receives", e.To[strings.LastIndexByte(e.To, ':')+1:], e.Receives).fate = expectDead
	case sqs.Expired:
		s.note(e.ID, "expired: older than the queue's retention period").fate = "expired"
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
			s.note(r.ID, "released: an earlier message of its group failed")
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
	return shorten(string(p.Result.Payload), 160)
}

func again(part mapping.Part, r sources.Record) string {
	if part.Wait != mapping.LeaveHidden || r.Loan.IsZero() {
		return ""
	}
	return "; hidden until its visibility timeout ends"
}

func shorten(text string, most int) string {
	text = strings.ReplaceAll(text, "\n", " ")
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
	l.expect, l.from = m.Expect, m.from
}

// pending counts messages that are still in one of the queues named.
func (s *story) pending(queues []string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.order {
		if l.fate == "" && slices.Contains(queues, l.queue) {
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
		title := l.queue
		if l.group != "" {
			title += " [" + l.group + "]"
		}
		fmt.Fprintf(w, "\n%s  %s\n", title, shorten(l.body, 100))
		for _, m := range l.moments {
			fmt.Fprintf(w, "%9s  %s\n", clock(m.at), m.text)
		}
		if l.fate == "" {
			fmt.Fprintf(w, "%9s  still in the queue\n", "")
		}
		if l.expect == "" {
			continue
		}
		expected++
		if l.fate == l.expect {
			fmt.Fprintf(w, "%9s  ok: %s, as expected\n", "", l.expect)
			continue
		}
		failed++
		was := l.fate
		if was == "" {
			was = "still in the queue"
		}
		fmt.Fprintf(w, "%9s  FAILED: expected %s, but it is %s (%s)\n", "", l.expect, was, l.from)
	}
	return failed, expected
}

// clock prints a time to the second once it is long enough for that.
func clock(d time.Duration) string {
	if d >= time.Second {
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}
