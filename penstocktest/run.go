package penstocktest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

// SQS sends the messages to a queue, runs the mapping until each of them was
// handled, filtered out or became a dead letter, and returns what happened.
// handler is anything that lambda.Start takes, and runs in fake time; or an
// invoke.Target, and runs in real time. Messages are bodies or Messages and get
// the IDs msg-1, msg-2 ... in the order given.
//
// It fails the test at once if the settings are not valid, or if the scenario
// does not end within Mapping.Limit, naming the messages that have no end: a
// message that always fails needs MaxReceives. t must not be in a
// testing/synctest bubble of its own.
func SQS[M string | Message](t *testing.T, m Mapping, handler any, messages ...M) *Outcome {
	t.Helper()
	s, err := plan(m, handler, messages, t.Output())
	if err != nil {
		t.Fatalf("penstocktest: %v", err)
	}
	if s.realTime {
		s.play(t.Context())
	} else {
		synctest.Test(t, func(t *testing.T) { s.play(t.Context()) })
	}
	if s.err != nil {
		t.Fatalf("penstocktest: %v\n%v", s.err, s.outcome.beginning())
	}
	return s.outcome
}

// Run is SQS for Examples, which have no *testing.T; what would fail the test
// is the error. An Outcome is returned in any case, empty if the settings are
// not valid. Run works in test binaries only, since a fake clock needs a
// *testing.T: it has package testing make one, as for one more test.
func Run[M string | Message](m Mapping, handler any, messages ...M) (*Outcome, error) {
	s, err := plan(m, handler, messages, io.Discard)
	switch {
	case err != nil:
		return &Outcome{}, err
	case s.realTime:
		s.play(context.Background())
	case !testing.Testing():
		return &Outcome{}, errors.New("a handler runs in fake time, which only test binaries have; pass invoke.Func(handler) to run it in real time")
	default:
		s.playAsTest()
	}
	return s.outcome, s.err
}

// playAsTest plays in a test of its own, silently: what "go test -v" says of a
// test would become part of the Example's output.
func (s *scenario) playAsTest() {
	if v := flag.Lookup("test.v"); v != nil {
		before := v.Value.String()
		if v.Value.Set("false") == nil {
			defer v.Value.Set(before)
		}
	}
	var once sync.Once // testing repeats tests for -count and -cpu
	testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{
		Name: "penstocktest.Run",
		F: func(t *testing.T) {
			once.Do(func() { synctest.Test(t, func(t *testing.T) { s.play(t.Context()) }) })
		},
	}})
}

// A scenario is a mapping that was checked, and then what came of it.
type scenario struct {
	mapping  Mapping
	filter   *mapping.Filter
	target   invoke.Target
	realTime bool
	messages []Message
	log      *slog.Logger

	outcome *Outcome
	err     error
}

func plan[M string | Message](m Mapping, handler any, messages []M, log io.Writer) (*scenario, error) {
	s := &scenario{log: slog.New(slog.NewTextHandler(log, nil))}
	if s.target, s.realTime = handler.(invoke.Target); !s.realTime {
		s.target = invoke.Func(handler)
	}
	if err := invoke.Check(s.target); err != nil {
		return nil, err
	}
	s.mapping = m.withDefaults(s.realTime)
	if err := s.mapping.check(); err != nil {
		return nil, err
	}
	var err error
	if s.filter, err = mapping.NewFilter(s.mapping.config().FilterCriteria, limits); err != nil {
		return nil, err
	}
	for i, given := range messages {
		message, ok := any(given).(Message)
		if !ok {
			message.Body = any(given).(string)
		}
		if err := message.check(m.FIFO); err != nil {
			return nil, fmt.Errorf("message %d: %w", i+1, err)
		}
		if m.FIFO && message.Group == "" {
			message.Group = "default"
		}
		s.messages = append(s.messages, message)
	}
	return s, nil
}

// play runs the scenario to its end.
func (s *scenario) play(parent context.Context) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	m := s.mapping
	queue := &memory.Queue{
		Name: "sqs", Shape: events.SQS, Limits: limits, Render: m.render,
		Visibility: m.visibility(), MaxReceives: m.MaxReceives, FIFO: m.FIFO,
	}
	kind := queue.Kind()
	feed := queue.Open(sources.Spec{ARN: m.arn(), Region: region, Account: account, Window: m.Window, Timeout: m.Timeout})
	defer feed.Close()

	var requests atomic.Int64
	newID := func() string { return fmt.Sprintf("req-%d", requests.Add(1)) }
	r := &recorder{start: time.Now()}
	engine := poller.Queue{
		Pipe: poller.Pipe{
			Name: "test", Shape: kind.Shape, Match: s.filter.Match,
			Target:      invoke.Limited(invoke.Timed{Target: s.target, Timeout: m.Timeout}, m.Concurrency),
			FunctionARN: function, Timeout: m.Timeout,
			Policy: mapping.PolicyFor(m.config(), kind),
			NewID:  newID, Observe: r.observe, Log: s.log,
		},
		Feed: feed, Limits: kind.Limits, BatchSize: m.BatchSize, Window: m.Window,
		MaxConcurrency: m.MaximumConcurrency, Grace: m.Timeout + 30*time.Second,
	}

	last := s.send(queue)
	expired := false
	step := time.Second // how often to look whether it is over
	if s.realTime {
		step = 10 * time.Millisecond
	}
	var look func()
	look = func() {
		if ctx.Err() != nil {
			return
		}
		c := queue.Counts()
		expired = time.Since(r.start) >= last+m.Limit
		if expired || c.Acked+c.Dead == len(s.messages) {
			cancel()
		} else {
			time.AfterFunc(step, look)
		}
	}
	time.AfterFunc(0, look)
	engine.Run(ctx)
	s.outcome = r.outcome(queue)
	switch missing := s.missing(queue); {
	case len(missing) == 0:
	case expired:
		s.err = fmt.Errorf("after %v there is no end in sight for %s\n(a message that always fails needs Mapping.MaxReceives; Mapping.Limit allows more time)", last+m.Limit, list(missing))
	default:
		s.err = fmt.Errorf("the test was stopped before the end of %s", list(missing))
	}
}

// send arranges that every message is sent at its time, those of one time
// together, and returns the last time.
func (s *scenario) send(queue *memory.Queue) (last time.Duration) {
	at := map[time.Duration][]memory.Message{}
	for i, m := range s.messages {
		at[m.After] = append(at[m.After], memory.Message{
			ID: messageID(i), Body: m.Body, Group: m.Group, Attributes: m.Attributes, Delay: m.Delay,
		})
		last = max(last, m.After+m.Delay)
	}
	queue.Put(at[0]...)
	delete(at, 0)
	for after, messages := range at {
		time.AfterFunc(after, func() { queue.Put(messages...) })
	}
	return last
}

func messageID(index int) string { return fmt.Sprintf("msg-%d", index+1) }

// missing are the messages that were neither acknowledged nor given up.
func (s *scenario) missing(queue *memory.Queue) (missing []string) {
	ended := map[string]bool{}
	for _, id := range queue.Acked() {
		ended[id] = true
	}
	for _, m := range queue.Dead() {
		ended[m.ID] = true
	}
	for i, m := range s.messages {
		if id := messageID(i); !ended[id] {
			missing = append(missing, fmt.Sprintf("%s (%.40q)", id, m.Body))
		}
	}
	return missing
}
