package penstock_test

import (
	"errors"
	"testing"
	"time"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
)

// Every step ends where its records went.
func TestLedgerCounts(t *testing.T) {
	records := func(n int) []sources.Record { return make([]sources.Record, n) }
	again := func(n int, wait time.Duration) mapping.Verdict {
		return mapping.Verdict{Parts: []mapping.Part{{Records: records(n), Wait: wait}}}
	}
	second := func(s poller.Step) poller.Step {
		s.Start = time.Unix(0, 0)
		s.End = s.Start.Add(time.Second)
		return s
	}
	received := poller.Step{Action: poller.Received, Records: records(3)}
	settled := poller.Step{Action: poller.Settled, Records: records(3)}
	tests := []struct {
		name  string
		steps []poller.Step
		want  penstock.Counts
	}{
		{"in hand", []poller.Step{received}, penstock.Counts{Received: 3, InHand: 3}},
		{"delivered", []poller.Step{received, second(poller.Step{Action: poller.Delivered, Verdict: mapping.Verdict{Done: records(3)}}), settled},
			penstock.Counts{Received: 3, Delivered: 3, Invocations: 1, Busy: time.Second}},
		{"filtered", []poller.Step{received, {Action: poller.Filtered, Records: records(3)}, settled}, penstock.Counts{Received: 3, Filtered: 3}},
		{"failed, left hidden", []poller.Step{received, {Action: poller.Delivered, Result: invoke.Result{Failure: invoke.Unhandled}, Verdict: again(3, mapping.LeaveHidden)}},
			penstock.Counts{Received: 3, Failed: 3, Invocations: 1, Errors: 1}},
		{"failed, to be tried again in hand", []poller.Step{received, {Action: poller.Delivered, Verdict: again(3, time.Second)}},
			penstock.Counts{Received: 3, Failed: 3, Invocations: 1, InHand: 3}},
		{"failed, held by the source", []poller.Step{received, {Action: poller.Delivered, Verdict: again(3, time.Second)}, {Action: poller.Held, Records: records(3)}},
			penstock.Counts{Received: 3, Failed: 3, Invocations: 1}},
		{"no room yet", []poller.Step{received, {Action: poller.Deferred, Wait: time.Second}}, penstock.Counts{Received: 3, InHand: 3}},
		{"no room at all", []poller.Step{received, {Action: poller.Deferred, Verdict: again(3, mapping.LeaveHidden)}}, penstock.Counts{Received: 3, Deferred: 3}},
		{"released", []poller.Step{received, {Action: poller.Released, Records: records(3)}}, penstock.Counts{Received: 3, Released: 3}},
		{"given up", []poller.Step{received, {Action: poller.GivenUp, Records: records(3)}, settled}, penstock.Counts{Received: 3, GivenUp: 3}},
		{"unsettled", []poller.Step{received, {Action: poller.Unsettled, Records: records(3), Err: errors.New("gone")}}, penstock.Counts{Received: 3, Unsettled: 3}},
		{"trouble", []poller.Step{{Action: poller.Trouble}, {Action: poller.Recovered}}, penstock.Counts{Troubles: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var l penstock.Ledger
			for _, s := range test.steps {
				s.Mapping = "m"
				l.Observe(s)
			}
			if got := l.Counts()["m"]; got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
			if l.InHand() != test.want.InHand {
				t.Errorf("%d in hand, want %d", l.InHand(), test.want.InHand)
			}
		})
	}
}
