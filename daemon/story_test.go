package daemon

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/local/sqs"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
)

const jobsARN = "arn:aws:sqs:us-east-1:000000000000:jobs"

// told runs a story and returns its text without times.
func told(t *testing.T, expect string, happen func(s *story)) (text string, failed, expected int) {
	t.Helper()
	s := newStory(map[string]string{"u": "work"})
	s.fate(sqs.Event{Fate: sqs.Sent, Queue: jobsARN, ID: "m", Body: "a\nbody\x1b[2J", Group: "g"})
	s.expect("m", message{Expect: expect, from: "a.json"})
	happen(s)
	var out bytes.Buffer
	failed, expected = s.tell(&out)
	var lines []string
	for _, l := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if len(l) > 11 && strings.HasPrefix(l, " ") {
			l = l[11:]
		}
		lines = append(lines, l)
	}
	return strings.Join(lines, "\n"), failed, expected
}

func TestStories(t *testing.T) {
	record := sources.Record{ID: "m", Receives: 2, Loan: time.Now()}
	fails := func(payload string) poller.Step {
		return poller.Step{
			Mapping: "u", Action: poller.Delivered, Result: invoke.Result{Failure: "Unhandled", Payload: json.RawMessage(payload)},
			Verdict: mapping.Verdict{Parts: []mapping.Part{{Records: []sources.Record{record}, Wait: mapping.LeaveHidden}}},
		}
	}
	tests := []struct {
		name, expect string
		happen       func(s *story)
		want         string // after the title and "sent"
		failed       int
	}{
		{"nothing", "", func(*story) {}, "still in the queue", 0},
		{"delivered", "delivered", func(s *story) {
			s.step(poller.Step{Mapping: "u", Action: poller.Delivered, Verdict: mapping.Verdict{Done: []sources.Record{{ID: "m", Receives: 1}}}})
		}, "work: delivered\nok: delivered, as expected", 0},
		{"not what was expected", "dead", func(s *story) {
			s.step(poller.Step{Action: poller.Filtered, Records: []sources.Record{record}})
		}, "filtered out\nFAILED: expected dead, but it is filtered (a.json)", 1},
		{"an exception", "", func(s *story) {
			s.step(fails(`{"errorType":"ValueError","errorMessage":"no\nway","stackTrace":["x"]}`))
		},
			"work: failed (receive 2): ValueError: no way; hidden until its visibility timeout ends\nstill in the queue", 0},
		{"another error", "", func(s *story) { s.step(fails(`{"x":1}`)) }, "work: failed (receive 2): {\"x\":1}; hidden until its visibility timeout ends\nstill in the queue", 0},
		{"a long error", "", func(s *story) { s.step(fails(`{"errorMessage":"` + strings.Repeat("é", 5000) + `"}`)) },
			"work: failed (receive 2): " + strings.Repeat("é", 160) + "...; hidden until its visibility timeout ends\nstill in the queue", 0},
		{"no room", "", func(s *story) {
			s.step(poller.Step{Mapping: "u", Action: poller.Deferred, Records: []sources.Record{record}, Err: errors.New("throttled")})
		}, "work: not run: throttled\nstill in the queue", 0},
		{"given back in a group", "", func(s *story) {
			s.step(poller.Step{Action: poller.Released, Records: []sources.Record{{ID: "m", Group: "g"}}})
		}, "given back: an earlier message of its group failed\nstill in the queue", 0},
		{"given back", "", func(s *story) { s.step(poller.Step{Action: poller.Released, Records: []sources.Record{record}}) }, "given back: not needed now\nstill in the queue", 0},
		{"dead", "dead", func(s *story) {
			s.fate(sqs.Event{Fate: sqs.Moved, ID: "m", Queue: jobsARN, To: jobsARN + "-dead", Receives: 1})
		}, "dead: moved to jobs-dead after 1 receive\nok: dead, as expected", 0},
		{"expired", "delivered", func(s *story) { s.fate(sqs.Event{Fate: sqs.Expired, ID: "m", Queue: jobsARN}) },
			"expired: older than the queue's retention period\nFAILED: expected delivered, but it is expired (a.json)", 1},
		{"deleted by the function itself", "delivered", func(s *story) { s.fate(sqs.Event{Fate: sqs.Deleted, ID: "m", Queue: jobsARN}) },
			"deleted, but not by a mapping\nFAILED: expected delivered, but it is deleted, but not by a mapping (a.json)", 1},
		{"purged", "", func(s *story) { s.fate(sqs.Event{Fate: sqs.Purged, ID: "m", Queue: jobsARN}) }, "deleted with the rest of its queue", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, failed, expected := told(t, test.expect, test.happen)
			if want := "jobs [g]  a body [2J\nsent\n" + test.want; text != want {
				t.Errorf("got\n%s\nwant\n%s", text, want)
			}
			if failed != test.failed || (expected == 1) != (test.expect != "") {
				t.Errorf("%d of %d failed, want %d", failed, expected, test.failed)
			}
		})
	}
}

// Times are those of the queues' clock.
func TestStoryClock(t *testing.T) {
	text, _, _ := told(t, "", func(s *story) {
		s.skip(90 * time.Second)
		s.step(poller.Step{Action: poller.Filtered, Records: []sources.Record{{ID: "m"}}})
	})
	s := newStory(nil)
	s.skip(90 * time.Second)
	s.note("m", "later")
	var out bytes.Buffer
	s.tell(&out)
	if !strings.Contains(out.String(), "    1m30s  later") {
		t.Errorf("%s\n%s", out.String(), text)
	}
	for d, want := range map[time.Duration]string{0: "0s", 1234 * time.Microsecond: "1ms", 1499 * time.Millisecond: "1s", 90 * time.Second: "1m30s"} {
		if got := clock(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestStoryCounts(t *testing.T) {
	s := newStory(nil)
	for _, id := range []string{"1", "2", "3"} {
		s.fate(sqs.Event{Fate: sqs.Sent, Queue: jobsARN, ID: id, Body: id})
	}
	s.fate(sqs.Event{Fate: sqs.Received, Queue: jobsARN, ID: "2", Receives: 4})
	s.fate(sqs.Event{Fate: sqs.Received, Queue: jobsARN, ID: "1", Receives: 2})
	s.step(poller.Step{Action: poller.Filtered, Records: []sources.Record{{ID: "3"}}})
	if n, of := s.settled(); n != 1 || of != 3 {
		t.Errorf("%d of %d settled, want 1 of 3", n, of)
	}
	if n := s.left([]string{"jobs"}); n != 2 {
		t.Errorf("%d left, want 2", n)
	}
	if n := s.left([]string{"other"}); n != 0 {
		t.Errorf("%d left in another queue", n)
	}
	if n := s.takenFrom([]string{jobsARN}); n != 2 {
		t.Errorf("%d received, want 2", n)
	}
	if err := s.neverEnds([]string{jobsARN}, 4); err != nil {
		t.Error(err)
	}
	if err := s.neverEnds([]string{jobsARN}, 3); err == nil || !strings.HasSuffix(err.Error(), "\n  jobs  2") {
		t.Errorf("%v, want message 2 named", err)
	}
}
