package penstock

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
)

// An engine is one mapping in operation: its feed, opened again until that
// succeeds, and the queue engine that reads it.
type engine struct {
	id     string
	config mapping.Config
	arn    string // of the function
	kind   sources.Kind
	spec   sources.Spec
	queue  poller.Queue // without its feed
	server *Server

	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	open    bool
	trouble error
}

// same says whether an engine would run exactly as the other does.
func (e *engine) same(other *engine) bool {
	return e.arn == other.arn && e.kind.Name == other.kind.Name &&
		reflect.DeepEqual(e.config, other.config) && reflect.DeepEqual(e.spec, other.spec)
}

// stop drains the engine and waits for that.
func (e *engine) stop() {
	e.cancel()
	<-e.done
}

// run opens the feed and moves records until ctx is done.
func (e *engine) run(ctx context.Context) {
	feed := e.openFeed(ctx)
	if feed == nil {
		return
	}
	defer func() {
		if err := feed.Close(); err != nil {
			e.server.log().Warn("closing the source", "mapping", e.id, "error", err)
		}
	}()
	queue := e.queue
	queue.Feed = feed
	queue.Run(ctx)
}

// openFeed tries until it succeeds; nil if ctx is done first.
func (e *engine) openFeed(ctx context.Context) sources.Queue {
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		feed, err := e.connect(ctx)
		if err == nil {
			e.observe(poller.Step{Mapping: e.id, Action: poller.Recovered})
			return feed
		}
		if ctx.Err() != nil {
			return nil
		}
		if e.status().Trouble == nil {
			e.server.log().Warn("source cannot be opened; trying again until it can", "mapping", e.id, "source", e.config.EventSourceArn, "error", err)
		}
		pause := e.server.jitter(wait)
		e.observe(poller.Step{Mapping: e.id, Action: poller.Trouble, Err: err, Wait: pause})
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// connect makes the feed, in a goroutine that ends with that: clients have deep
// stacks, and ours would keep its size while it only waits for the pollers.
func (e *engine) connect(ctx context.Context) (feed sources.Queue, err error) {
	var wg sync.WaitGroup
	wg.Go(func() { feed, err = e.kind.Queue(ctx, e.spec) })
	wg.Wait()
	return feed, err
}

// observe keeps the status up and passes steps on.
func (e *engine) observe(s poller.Step) {
	switch s.Action {
	case poller.Trouble:
		e.mu.Lock()
		e.open, e.trouble = false, s.Err
		e.mu.Unlock()
	case poller.Recovered:
		e.mu.Lock()
		e.open, e.trouble = true, nil
		e.mu.Unlock()
	}
	if e.server.Observe != nil {
		e.server.Observe(s)
	}
}

func (e *engine) status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Status{
		Config: e.config, Kind: e.kind.Name, FunctionARN: e.arn,
		Open: e.open, Trouble: e.trouble,
	}
}

// engine builds the engine of a mapping whose configuration is valid.
func (s *Server) engine(cfg mapping.Config, kind sources.Kind, spec sources.Spec, arn string, f invoke.Function) (*engine, error) {
	e := &engine{id: cfg.UUID, config: cfg, arn: arn, kind: kind, spec: spec, server: s}
	pipe := poller.Pipe{
		Name: cfg.UUID, Shape: kind.Shape,
		Target: f.Target, FunctionARN: arn, Timeout: f.Timeout,
		Policy: mapping.PolicyFor(cfg, kind),
		NewID:  s.NewID, Observe: e.observe, Log: s.Log,
	}
	if c := cfg.FilterCriteria; c != nil && len(c.Filters) > 0 {
		filter, err := mapping.NewFilter(c, kind.Limits)
		if err != nil {
			return nil, fmt.Errorf("mapping %s: %w", cfg.UUID, err)
		}
		pipe.Match = filter.Match
	}
	low, high := cfg.Pollers()
	e.queue = poller.Queue{
		Pipe: pipe, Limits: kind.Limits, BatchSize: cfg.Batch(kind.Limits), Window: cfg.Window(),
		MaxConcurrency: cfg.MaximumConcurrency(), MinPollers: low, MaxPollers: high,
		Grace: s.Grace, Jitter: s.jitter,
	}
	return e, nil
}
