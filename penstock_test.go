package penstock_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

const queueARN = "arn:aws:sqs:us-east-1:000000000000:orders"

// calls counts invocations by version of the code.
type calls struct {
	mu sync.Mutex
	of map[string]int
}

func (c *calls) target(version string, takes time.Duration) invoke.Target {
	return invoke.Bytes(func(ctx context.Context, event []byte) ([]byte, error) {
		c.mu.Lock()
		if c.of == nil {
			c.of = map[string]int{}
		}
		c.of[version]++
		c.mu.Unlock()
		select {
		case <-time.After(takes):
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
}

func (c *calls) count(version string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[version]
}

// start runs s in a bubble and returns what stops it and waits.
func start(t *testing.T, s *penstock.Server) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	synctest.Wait()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func one() []mapping.Config {
	return []mapping.Config{{UUID: "m", EventSourceArn: queueARN, FunctionName: "bill"}}
}

func TestServerDeliversAndDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, got, ledger := &memory.Queue{}, &calls{}, &penstock.Ledger{}
		s := &penstock.Server{
			Kinds:     []sources.Kind{q.Kind()},
			Functions: map[string]invoke.Function{"bill": {Target: got.target("v1", 2*time.Second)}},
			Mappings:  one(), Observe: ledger.Observe,
		}
		stop := start(t, s)
		q.PutBodies(`1`, `2`, `3`)
		time.Sleep(time.Second) // the batch is with the function
		stop()
		if n := len(q.Acked()); n != 3 {
			t.Errorf("%d messages settled after the stop, want 3: what is in hand is finished", n)
		}
		c := ledger.Counts()["m"]
		if c.Received != 3 || c.Delivered != 3 || c.InHand != 0 || c.Invocations != 1 {
			t.Errorf("ledger %+v", c)
		}
	})
}

func TestServerRefusesWhatItCannotRun(t *testing.T) {
	q := &memory.Queue{Match: func(s sources.Spec) bool { return s.ARN == queueARN }}
	ok := invoke.Bytes(func(context.Context, []byte) ([]byte, error) { return nil, nil })
	tests := []struct {
		name    string
		change  func(*penstock.Server)
		mention string
	}{
		{"no function", func(s *penstock.Server) { s.Mappings[0].FunctionName = "nobody" }, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody"},
		{"no kind", func(s *penstock.Server) { s.Mappings[0].EventSourceArn += "-other" }, "no source of the kind"},
		{"batch size", func(s *penstock.Server) { s.Mappings[0].BatchSize = 10_001 }, "BatchSize is 10001"},
		{"two of a kind", func(s *penstock.Server) { s.Kinds = append(s.Kinds, q.Kind()) }, "the name is taken"},
		{"a duplicate", func(s *penstock.Server) {
			s.Mappings = append(s.Mappings, mapping.Config{UUID: "n", EventSourceArn: queueARN, FunctionName: "bill"})
		}, "already exists"},
		{"a UUID twice", func(s *penstock.Server) {
			s.Functions["ship"] = s.Functions["bill"]
			s.Mappings = append(s.Mappings, mapping.Config{UUID: "m", EventSourceArn: queueARN, FunctionName: "ship"})
		}, "UUID m is taken"},
		{"nil target", func(s *penstock.Server) { s.Functions["bill"] = invoke.Function{} }, "target is nil"},
		{"bad handler", func(s *penstock.Server) { s.Functions["bill"] = invoke.Function{Target: invoke.Func(7)} }, "function bill"},
		{"bad filter", func(s *penstock.Server) {
			s.Mappings[0].FilterCriteria = &mapping.FilterCriteria{Filters: []mapping.FilterPattern{{Pattern: `{"body":[}`}}}
		}, "FilterCriteria.Filters[0].Pattern"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &penstock.Server{
				Kinds:     []sources.Kind{q.Kind()},
				Functions: map[string]invoke.Function{"bill": {Target: ok}},
				Mappings:  one(),
			}
			test.change(s)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second) // it must not start
			defer cancel()
			err := s.Run(ctx)
			if err == nil || !strings.Contains(err.Error(), test.mention) {
				t.Errorf("Run returned %v, want an error that says %q", err, test.mention)
			}
		})
	}
}

func TestServerRunsOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &penstock.Server{}
	if err := s.Change(nil, nil); !errors.Is(err, penstock.ErrNotRunning) {
		t.Errorf("Change before Run: %v", err)
	}
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(ctx); err == nil {
		t.Error("a second Run was accepted")
	}
	if err := s.Change(nil, nil); !errors.Is(err, penstock.ErrNotRunning) {
		t.Errorf("Change after Run: %v", err)
	}
}

// New code is used from the next invocation on, the running one ends on the
// old, and the mapping does not notice.
func TestChangeOfCodeDoesNotDisturbTheMapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, got := &memory.Queue{}, &calls{}
		opened := 0
		kind := q.Kind()
		open := kind.Queue
		kind.Queue = func(ctx context.Context, s sources.Spec) (sources.Queue, error) {
			opened++
			return open(ctx, s)
		}
		s := &penstock.Server{
			Kinds:     []sources.Kind{kind},
			Functions: map[string]invoke.Function{"bill": {Target: got.target("v1", 2*time.Second)}},
			Mappings:  one(),
		}
		stop := start(t, s)
		q.PutBodies(`1`)
		time.Sleep(time.Second)
		if err := s.Change(map[string]invoke.Function{"bill": {Target: got.target("v2", 0)}}, one()); err != nil {
			t.Fatal(err)
		}
		q.PutBodies(`2`)
		time.Sleep(5 * time.Second)
		stop()
		if got.count("v1") != 1 || got.count("v2") != 1 || len(q.Acked()) != 2 {
			t.Errorf("old code ran %d times, new %d times, %d settled; want 1, 1, 2", got.count("v1"), got.count("v2"), len(q.Acked()))
		}
		if opened != 1 {
			t.Errorf("the source was opened %d times: a change of code must not restart the mapping", opened)
		}
	})
}

// A mapping whose settings change is drained first, and the others go on.
func TestChangeOfSettingsRestartsThatMappingAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := map[string]*memory.Queue{"a": {Name: "a"}, "b": {Name: "b"}}
		var mu sync.Mutex
		opened := map[string]int{}
		var kinds []sources.Kind
		for _, name := range []string{"a", "b"} {
			queues[name].Match = func(s sources.Spec) bool { return strings.HasSuffix(s.ARN, ":"+name) }
			kind := queues[name].Kind()
			open := kind.Queue
			kind.Queue = func(ctx context.Context, s sources.Spec) (sources.Queue, error) {
				mu.Lock()
				opened[name]++
				mu.Unlock()
				return open(ctx, s)
			}
			kinds = append(kinds, kind)
		}
		got := &calls{}
		functions := map[string]invoke.Function{"bill": {Target: got.target("v1", 10*time.Second), Timeout: 20 * time.Second}}
		configs := func(batch int) []mapping.Config {
			return []mapping.Config{
				{UUID: "a", EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:a", FunctionName: "bill", BatchSize: batch},
				{UUID: "b", EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:b", FunctionName: "bill"},
			}
		}
		s := &penstock.Server{Kinds: kinds, Functions: functions, Mappings: configs(1)}
		stop := start(t, s)
		queues["a"].PutBodies(`1`)
		time.Sleep(time.Second)
		began := time.Now()
		if err := s.Change(functions, configs(2)); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited != 9*time.Second {
			t.Errorf("the change took %v, want 9s: the batch in hand is finished first", waited)
		}
		if n := len(queues["a"].Acked()); n != 1 {
			t.Errorf("%d messages settled before the restart, want 1", n)
		}
		if err := s.Change(functions, configs(2)[1:]); err != nil {
			t.Fatal(err)
		}
		queues["a"].PutBodies(`2`)
		queues["b"].PutBodies(`3`)
		time.Sleep(time.Minute)
		stop()
		if len(queues["a"].Acked()) != 1 || len(queues["b"].Acked()) != 1 {
			t.Errorf("settled %v and %v: a removed mapping must not read", queues["a"].Acked(), queues["b"].Acked())
		}
		if opened["a"] != 2 || opened["b"] != 1 {
			t.Errorf("sources were opened %v times, want a twice and b once", opened)
		}
	})
}

func TestRefusedChangeLeavesEverythingAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, got := &memory.Queue{}, &calls{}
		functions := map[string]invoke.Function{"bill": {Target: got.target("v1", 0)}}
		s := &penstock.Server{Kinds: []sources.Kind{q.Kind()}, Functions: functions, Mappings: one()}
		stop := start(t, s)
		bad := one()
		bad[0].BatchSize = -1
		if err := s.Change(map[string]invoke.Function{"bill": {Target: got.target("v2", 0)}}, bad); err == nil {
			t.Error("the change was accepted")
		}
		q.PutBodies(`1`)
		time.Sleep(time.Second)
		stop()
		if got.count("v1") != 1 || got.count("v2") != 0 {
			t.Errorf("v1 ran %d times and v2 %d times, want 1 and 0", got.count("v1"), got.count("v2"))
		}
	})
}

func TestSourceThatOpensLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, got := &memory.Queue{}, &calls{}
		kind := q.Kind()
		open, tries := kind.Queue, 0
		kind.Queue = func(ctx context.Context, s sources.Spec) (sources.Queue, error) {
			if tries++; tries < 4 {
				return nil, sources.ErrGone
			}
			return open(ctx, s)
		}
		var troubles int
		s := &penstock.Server{
			Kinds: []sources.Kind{kind}, Mappings: one(),
			Functions: map[string]invoke.Function{"bill": {Target: got.target("v1", 0)}},
			Jitter:    func(d time.Duration) time.Duration { return d },
			Observe: func(s poller.Step) {
				if s.Action == poller.Trouble {
					troubles++
				}
			},
		}
		stop := start(t, s)
		q.PutBodies(`1`)
		if st := s.Status(); len(st) != 1 || st[0].Open || !errors.Is(st[0].Trouble, sources.ErrGone) {
			t.Errorf("status %+v, want trouble", st)
		}
		time.Sleep(8 * time.Second) // 1 + 2 + 4 seconds of pauses
		if st := s.Status(); len(st) != 1 || !st[0].Open || st[0].Trouble != nil || st[0].Kind != "memory" {
			t.Errorf("status %+v, want an open source", st)
		}
		stop()
		if troubles != 3 || got.count("v1") != 1 {
			t.Errorf("%d troubles, %d invocations; want 3 and 1", troubles, got.count("v1"))
		}
	})
}

// Two mappings share the function's slots.
func TestConcurrencyIsTheFunctions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &memory.Queue{Name: "a"}, &memory.Queue{Name: "b"}
		a.Match = func(s sources.Spec) bool { return strings.HasSuffix(s.ARN, ":a") }
		b.Match = func(s sources.Spec) bool { return strings.HasSuffix(s.ARN, ":b") }
		var mu sync.Mutex
		running, most := 0, 0
		target := invoke.Bytes(func(context.Context, []byte) ([]byte, error) {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return nil, nil
		})
		s := &penstock.Server{
			Kinds:     []sources.Kind{a.Kind(), b.Kind()},
			Functions: map[string]invoke.Function{"bill": {Target: target, Concurrency: 3}},
			Mappings: []mapping.Config{
				{EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:a", FunctionName: "bill", BatchSize: 1},
				{EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:b", FunctionName: "bill", BatchSize: 1},
			},
		}
		stop := start(t, s)
		for range 20 {
			a.PutBodies(`1`)
			b.PutBodies(`1`)
		}
		time.Sleep(time.Minute)
		stop()
		if most != 3 || len(a.Acked()) != 20 || len(b.Acked()) != 20 {
			t.Errorf("at most %d at once, settled %d and %d; want 3, 20, 20", most, len(a.Acked()), len(b.Acked()))
		}
	})
}

func TestDerivedUUIDsSurviveARestart(t *testing.T) {
	id := func() string {
		var got string
		synctest.Test(t, func(t *testing.T) {
			q := &memory.Queue{}
			m := one()
			m[0].UUID = ""
			s := &penstock.Server{
				Kinds: []sources.Kind{q.Kind()}, Mappings: m,
				Functions: map[string]invoke.Function{"bill": {Target: invoke.Func(func(json.RawMessage) error { return nil })}},
			}
			stop := start(t, s)
			got = s.Status()[0].Config.UUID
			stop()
		})
		return got
	}
	first, second := id(), id()
	if first != second || len(first) != 36 {
		t.Errorf("UUIDs %q and %q, want the same", first, second)
	}
}
