package penstock_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

func TestNoChangeAfterARefusedRun(t *testing.T) {
	q := &memory.Queue{}
	s := &penstock.Server{Kinds: []sources.Kind{q.Kind()}, Mappings: one()} // without its function
	if err := s.Run(t.Context()); err == nil {
		t.Fatal("Run has accepted a mapping without its function")
	}
	functions := map[string]invoke.Function{"bill": {Target: new(calls).target("v1", 0)}}
	if err := s.Change(functions, one()); !errors.Is(err, penstock.ErrNotRunning) {
		t.Errorf("Change after Run: %v", err)
	}
	if n := len(s.Status()); n != 0 {
		t.Errorf("%d mappings run", n)
	}
}

// openFeeds counts feeds that are open: one engine has one.
type openFeeds struct {
	t  *testing.T
	mu sync.Mutex
	n  int
}

func (o *openFeeds) add(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.n += n; o.n > 1 {
		o.t.Errorf("%d engines read one mapping's source", o.n)
	}
}

type counted struct {
	sources.Queue
	feeds *openFeeds
}

func (c counted) Close() error {
	c.feeds.add(-1)
	return c.Queue.Close()
}

// Changes at random times, some at once: of code, timeout and room, of settings,
// mappings taken out, disabled and put back. Nothing is lost, everything that was
// received is accounted for, and one mapping never has two engines.
func TestChangesAtRandom(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) { changeAtRandom(t, seed) })
	}
}

func changeAtRandom(t *testing.T, seed uint64) {
	var mu sync.Mutex
	source := rand.New(rand.NewPCG(seed, 0))
	chance := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return source.IntN(n)
	}
	pause := func(most time.Duration) { time.Sleep(time.Duration(chance(int(most)))) }
	function := func() map[string]invoke.Function {
		handle := invoke.Bytes(func(ctx context.Context, _ []byte) ([]byte, error) {
			pause(4 * time.Second) // at times longer than the timeout
			if chance(10) == 0 {
				return nil, errors.New("out of order")
			}
			return nil, ctx.Err()
		})
		return map[string]invoke.Function{"bill": {Target: handle, Timeout: time.Duration(2+chance(2)) * time.Second, Concurrency: 1 + chance(3)}}
	}
	mappings := func() []mapping.Config {
		m := one()
		m[0].BatchSize = 1 + chance(3)
		switch chance(5) {
		case 0:
			return nil
		case 1:
			m[0].Enabled = new(false)
		}
		return m
	}

	q, ledger := &memory.Queue{Visibility: 20 * time.Second, FIFO: seed%2 == 0}, &penstock.Ledger{}
	kind, feeds := q.Kind(), &openFeeds{t: t}
	open := kind.Queue
	kind.Queue = func(ctx context.Context, s sources.Spec) (sources.Queue, error) {
		feed, err := open(ctx, s)
		feeds.add(1)
		return counted{feed, feeds}, err
	}
	s := &penstock.Server{
		Kinds: []sources.Kind{kind}, Functions: function(), Mappings: one(),
		Observe: ledger.Observe, Grace: 2 * time.Second,
	}
	stop := start(t, s)
	const messages = 40
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 5 {
				pause(3 * time.Second)
				if err := s.Change(function(), mappings()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range messages {
		q.Put(memory.Message{Body: fmt.Sprint(i), Group: fmt.Sprint(i % 3)})
		pause(500 * time.Millisecond)
	}
	wg.Wait()
	if err := s.Change(function(), one()); err != nil {
		t.Error(err)
	}
	time.Sleep(time.Hour)
	stop()
	if n := len(q.Acked()); n != messages {
		t.Errorf("seed %d: %d messages settled of %d: %+v", seed, n, messages, q.Counts())
	}
	if n := ledger.InHand(); n != 0 {
		t.Errorf("seed %d: %d records are in hand after the stop: %+v", seed, n, ledger.Counts())
	}
}
