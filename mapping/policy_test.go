package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/sources"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// lent are records of a queue that lends.
func lent(ids ...string) []sources.Record {
	list := records(ids...)
	for i := range list {
		list[i].Loan = now.Add(time.Minute)
	}
	return list
}

// line prints a verdict: each part with its attempts and wait.
func line(v Verdict) string {
	var b strings.Builder
	add := func(name string, list []sources.Record) {
		if len(list) == 0 {
			return
		}
		fmt.Fprintf(&b, "%s", name)
		for _, r := range list {
			fmt.Fprintf(&b, " %s", r.ID)
		}
		b.WriteString("; ")
	}
	add("go", v.Go)
	add("done", v.Done)
	add("dead", v.Dead)
	if v.Cause != "" {
		fmt.Fprintf(&b, "cause %s; ", v.Cause)
	}
	for _, p := range v.Parts {
		wait := p.Wait.String()
		if p.Wait == LeaveHidden {
			wait = "hidden"
		}
		add(fmt.Sprintf("again(%d, %s)", p.Past.Attempts, wait), p.Records)
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func report(ids ...string) invoke.Result {
	var items []map[string]string
	for _, id := range ids {
		items = append(items, map[string]string{"itemIdentifier": id})
	}
	payload, _ := json.Marshal(map[string]any{"batchItemFailures": items})
	return invoke.Result{Payload: payload}
}

func TestJudge(t *testing.T) {
	var (
		broken    = invoke.Result{Failure: "Unhandled", Payload: json.RawMessage(`{"errorMessage":"x"}`)}
		none      = invoke.Result{}
		throttled = fmt.Errorf("invoke: %w", invoke.ErrThrottled)
		refusal   = fmt.Errorf("invoke: %w", invoke.ErrRefused)
		other     = errors.New("connection refused")
		after     = func(n int) Past { return Past{Attempts: n, First: now.Add(-20 * time.Second)} }

		queue   = Policy{Partial: true, Retries: -1}
		stream  = Policy{Ordered: true, Partial: true, Retries: 2}
		endless = Policy{Ordered: true, Retries: -1}
		bisect  = Policy{Ordered: true, Partial: true, Retries: 1, Bisect: true}
		backlog = Policy{Retries: 2}
	)
	tests := []struct {
		name   string
		policy Policy
		batch  []sources.Record
		result invoke.Result
		err    error
		past   Past
		want   string
	}{
		{"queue: success", queue, lent("a", "b"), none, nil, Past{}, "done a b"},
		{"queue: function error", queue, lent("a", "b"), broken, nil, Past{}, "again(1, hidden) a b"},
		{"queue: partial", queue, lent("a", "b", "c"), report("b"), nil, Past{}, "done a c; again(1, hidden) b"},
		{"queue: all reported", queue, lent("a", "b"), report("a", "b"), nil, Past{}, "again(1, hidden) a b"},
		{"queue: response not valid", queue, lent("a", "b"), report("a", "z"), nil, Past{}, "again(1, hidden) a b"},
		{"queue: report not asked for", Policy{}, lent("a", "b"), report("a"), nil, Past{}, "done a b"},
		{"queue: throttled", queue, lent("a"), none, throttled, Past{}, "again(0, hidden) a"},
		{"queue: unreachable", queue, lent("a"), none, other, Past{}, "again(0, hidden) a"},
		{"queue: refused", queue, lent("a"), none, refusal, Past{}, "again(0, hidden) a"},
		{"queue: retries are the queue's", Policy{Bisect: true}, lent("a", "b"), broken, nil, after(9), "again(10, hidden) a b"},

		{"stream: success", stream, records("a"), none, nil, after(2), "done a"},
		{"stream: first failure", stream, records("a", "b"), broken, nil, Past{}, "again(1, 500ms) a b"},
		{"stream: second failure", stream, records("a", "b"), broken, nil, after(1), "again(2, 750ms) a b"},
		{"stream: used up", stream, records("a", "b"), broken, nil, after(2), "dead a b; cause RetryAttemptsExhausted"},
		{"stream: endless", endless, records("a"), broken, nil, after(5000), "again(5001, 1m0s) a"},
		{"stream: no retries", Policy{Ordered: true}, records("a"), broken, nil, Past{}, "dead a; cause RetryAttemptsExhausted"},
		{"stream: partial has a fresh budget", stream, records("a", "b", "c"), report("c", "b"), nil, after(2), "done a; again(0, 500ms) b c"},
		{"stream: first reported", stream, records("a", "b"), report("a"), nil, after(1), "again(2, 750ms) a b"},
		{"stream: first reported, used up", stream, records("a", "b"), report("a"), nil, after(2), "dead a b; cause RetryAttemptsExhausted"},
		{"stream: response not valid", stream, records("a", "b"), report("z"), nil, Past{}, "again(1, 500ms) a b"},
		{"stream: throttled is no attempt", stream, records("a"), none, throttled, after(2), "again(2, 10s) a"},
		{"stream: throttled, and fewer retries than there were", stream, records("a"), none, throttled, after(9), "again(9, 10s) a"},
		{"stream: unreachable is no attempt", stream, records("a"), none, other, Past{}, "again(0, 500ms) a"},
		{"stream: refused is an attempt", stream, records("a"), none, refusal, after(1), "again(2, 750ms) a"},
		{"stream: refused, used up", stream, records("a"), none, refusal, after(2), "dead a; cause RetryAttemptsExhausted"},
		{"bisect: halves use up nothing", bisect, records("a", "b", "c"), broken, nil, after(1), "again(1, 750ms) a; again(1, 750ms) b c"},
		{"bisect: response not valid", bisect, records("a", "b"), report("z"), nil, Past{}, "again(0, 500ms) a; again(0, 500ms) b"},
		{"bisect: one record", bisect, records("a"), broken, nil, Past{}, "again(1, 500ms) a"},
		{"bisect: one record, used up", bisect, records("a"), broken, nil, after(1), "dead a; cause RetryAttemptsExhausted"},
		{"bisect: partial splits at the report", bisect, records("a", "b", "c"), report("b"), nil, Past{}, "done a; again(0, 500ms) b c"},
		{"bisect: throttled does not split", bisect, records("a", "b"), none, throttled, Past{}, "again(0, 500ms) a b"},

		{"backlog: failure", backlog, records("a"), broken, nil, after(1), "again(2, 750ms) a"},
		{"backlog: used up", backlog, records("a"), broken, nil, after(2), "dead a; cause RetryAttemptsExhausted"},
		{"backlog: refused", backlog, records("a"), none, refusal, Past{}, "dead a; cause RetryAttemptsExhausted"},
		{"backlog: throttled for long", backlog, records("a"), none, throttled, Past{First: now.Add(-time.Hour)}, "again(0, 1m0s) a"},
		{"mixed: each where it belongs", Policy{}, append(lent("a"), records("b")...), broken, nil, Past{},
			"dead b; cause RetryAttemptsExhausted; again(1, hidden) a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := tt.policy.Judge(tt.batch, tt.result, tt.err, tt.past, now)
			if got := line(v); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			accounted(t, tt.batch, v)
		})
	}
}

// accounted checks that every record is in exactly one place.
func accounted(t *testing.T, batch []sources.Record, v Verdict) {
	t.Helper()
	seen := map[string]int{}
	count := func(list []sources.Record) {
		for _, r := range list {
			seen[r.ID]++
		}
	}
	count(v.Go)
	count(v.Done)
	count(v.Dead)
	for _, p := range v.Parts {
		if len(p.Records) == 0 {
			t.Error("a part without records")
		}
		count(p.Records)
	}
	for _, r := range batch {
		if seen[r.ID] != 1 {
			t.Errorf("record %s is in %d places", r.ID, seen[r.ID])
		}
	}
}

func TestJudgePast(t *testing.T) {
	p := Policy{Ordered: true, Partial: true, Retries: -1}
	result := invoke.Result{Failure: "Unhandled", RequestID: "r-1"}
	first := p.Judge(records("a"), result, nil, Past{}, now).Parts[0].Past
	if !first.First.Equal(now) || first.Last.RequestID != "r-1" {
		t.Errorf("past %+v, want the first try's time and the last result", first)
	}
	later := p.Judge(records("a"), result, nil, first, now.Add(time.Hour)).Parts[0].Past
	if !later.First.Equal(now) {
		t.Errorf("first try moved to %v", later.First)
	}
	throttled := p.Judge(records("a"), invoke.Result{}, invoke.ErrThrottled, first, now).Parts[0].Past
	if throttled.Last.RequestID != "r-1" {
		t.Error("a throttle erased the last result")
	}
}

// Six records in batches of three, three retries, the last always reported: as
// AWS was seen to do it, it is delivered five times.
func TestJudgeFreshBudget(t *testing.T) {
	p := Policy{Ordered: true, Partial: true, Retries: 3}
	batch, past := records("d", "e", "f"), Past{}
	for calls := 1; calls < 10; calls++ {
		v := p.Judge(batch, report("f"), nil, past, now)
		if len(v.Dead) > 0 {
			if calls != 5 || past.Attempts+1 != 4 {
				t.Errorf("dead after %d calls, %d counted; want 5 and 4", calls, past.Attempts+1)
			}
			return
		}
		batch, past = v.Parts[0].Records, v.Parts[0].Past
	}
	t.Error("never dead")
}

func TestExpire(t *testing.T) {
	at := func(id string, age time.Duration) sources.Record {
		return sources.Record{ID: id, Arrived: now.Add(-age)}
	}
	minute := Policy{MaxAge: time.Minute}
	loan := at("l", time.Hour)
	loan.Loan = now.Add(time.Minute)
	tests := []struct {
		name   string
		policy Policy
		batch  []sources.Record
		want   string
	}{
		{"no limit", Policy{}, []sources.Record{at("a", time.Hour)}, "go a"},
		{"fresh", minute, []sources.Record{at("a", time.Second)}, "go a"},
		{"just as old as allowed", minute, []sources.Record{at("a", time.Minute)}, "go a"},
		{"a moment older", minute, []sources.Record{at("a", time.Minute+1)}, "dead a; cause RecordAgeExceeded"},
		{"mixed", minute, []sources.Record{at("a", time.Hour), at("b", 0), at("c", time.Hour)}, "go b; dead a c; cause RecordAgeExceeded"},
		{"arrival unknown", minute, records("a"), "go a"},
		{"lent", minute, []sources.Record{loan}, "go l"},
		{"none", minute, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := tt.policy.Expire(tt.batch, Past{}, now)
			if got := line(v); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			accounted(t, tt.batch, v)
		})
	}
}

// With no limit on retries and a minute's age, AWS was seen to make 8 attempts.
func TestPauseGrows(t *testing.T) {
	var total time.Duration
	attempts := 1
	for ; total+pause(attempts) <= time.Minute; attempts++ {
		total += pause(attempts)
	}
	if attempts < 7 || attempts > 12 {
		t.Errorf("%d attempts in a minute", attempts)
	}
	for n := 1; n < 100; n++ {
		if p := pause(n); p < shortestPause || p > longestPause || p < pause(n-1) {
			t.Errorf("pause(%d) = %v", n, p)
		}
	}
}

func TestPolicyFor(t *testing.T) {
	queue := sources.Kind{Shape: events.Shape{Name: "sqs"}, Queue: noQueue}
	p := PolicyFor(Config{FunctionResponseTypes: []string{PartialFailures}}, queue)
	if p.Ordered || !p.Partial || p.Shape.Name != "sqs" || p.MaxAge != 0 {
		t.Errorf("queue: %+v", p)
	}
	p = PolicyFor(Config{}, sources.Kind{})
	if !p.Ordered || p.Partial || p.Retries != -1 || p.Bisect || p.MaxAge != 0 {
		t.Errorf("stream without settings: %+v", p)
	}
	p = PolicyFor(Config{MaximumRetryAttempts: new(0), MaximumRecordAgeInSeconds: new(60), BisectBatchOnFunctionError: new(true)}, sources.Kind{})
	if p.Retries != 0 || p.MaxAge != time.Minute || !p.Bisect {
		t.Errorf("stream with settings: %+v", p)
	}
	if p = PolicyFor(Config{SelfManagedKafkaEventSourceConfig: &KafkaEventSourceConfig{ConsumptionMode: "Queue"}}, sources.Kind{}); p.Retries != 0 {
		t.Errorf("Kafka share group: %d retries", p.Retries)
	}
	if p = PolicyFor(Config{MaximumRecordAgeInSeconds: new(-1)}, sources.Kind{}); p.MaxAge != 0 {
		t.Errorf("age -1 became %v", p.MaxAge)
	}
}
