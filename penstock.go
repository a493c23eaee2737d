package penstock

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
)

// A Server runs event source mappings. Set the fields, then call Run once;
// Change alters what it runs meanwhile.
type Server struct {
	// Kinds are the sources it knows. Names must differ; the first that
	// matches a mapping reads it.
	Kinds []sources.Kind
	// Functions by name, or by NAME:QUALIFIER.
	Functions map[string]invoke.Function
	// Mappings join sources and functions.
	Mappings []mapping.Config
	// Region and Account complete names that do not say. Empty: us-east-1 and
	// 000000000000.
	Region, Account string
	// Endpoint says where the source with an ARN is. nil, or a zero Endpoint:
	// the service's standard configuration.
	Endpoint func(arn string) sources.Endpoint
	// Grace is how long batches in hand may be delivered and settled after Run's
	// context is done. Zero: 30 seconds.
	Grace time.Duration
	// NewID makes request ids, Jitter spreads pauses. nil: random UUIDs, and
	// up to a quarter more or less.
	NewID  func() string
	Jitter func(time.Duration) time.Duration
	// Observe is told every step of every mapping, from many goroutines.
	Observe func(poller.Step)
	// Log takes what operators should know. nil: slog.Default().
	Log *slog.Logger

	mu        sync.Mutex      // guards what follows; held for bookkeeping only
	ctx       context.Context // done: Run is over or ends; nil: it did not begin
	turn      chan struct{}   // taken by who changes what runs, one at a time
	wg        sync.WaitGroup
	functions map[string]*function
	engines   map[string]*engine
}

// ErrNotRunning is returned by Change before Run and after it.
var ErrNotRunning = errors.New("server is not running")

// Run starts the mappings and blocks until ctx is done and every batch in hand
// is settled or given back. It returns an error, without having started
// anything, if functions or mappings cannot be used; otherwise nil.
func (s *Server) Run(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	s.mu.Lock()
	if s.ctx != nil {
		s.mu.Unlock()
		return errors.New("server was run before")
	}
	s.ctx, s.turn = ctx, make(chan struct{}, 1)
	s.turn <- struct{}{}
	s.functions, s.engines = map[string]*function{}, map[string]*engine{}
	s.mu.Unlock()
	if err := s.change(ctx, s.Functions, s.Mappings); err != nil {
		return err
	}
	<-s.turn
	<-ctx.Done()
	s.turn <- struct{}{} // a Change that runs ends first, and no other starts an engine
	s.wg.Wait()
	return nil
}

// Change makes the server run exactly these functions and mappings. Mappings
// that stay as they are are not disturbed, also when their function's target
// is another now: running invocations end on the old target, later ones use
// the new. Each other mapping is drained before its successor starts, one
// after the other. If anything cannot be used the error names all of it, and
// nothing is changed. Changes wait for each other.
func (s *Server) Change(functions map[string]invoke.Function, mappings []mapping.Config) error {
	s.mu.Lock()
	ctx, turn := s.ctx, s.turn
	s.mu.Unlock()
	if ctx == nil {
		return ErrNotRunning
	}
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return ErrNotRunning
	}
	return s.change(ctx, functions, mappings)
}

// change is Change for who has the turn.
func (s *Server) change(ctx context.Context, functions map[string]invoke.Function, mappings []mapping.Config) error {
	next, err := s.plan(functions, mappings)
	if err != nil {
		return err
	}
	s.adopt(next)
	for id, old := range s.engines {
		if e, ok := next.engines[id]; !ok || !e.same(old) {
			old.stop()
			s.mu.Lock()
			delete(s.engines, id)
			s.mu.Unlock()
			if ok {
				s.start(ctx, e)
			}
		}
	}
	for _, id := range next.order {
		if _, running := s.engines[id]; !running {
			s.start(ctx, next.engines[id])
		}
	}
	return nil
}

// start runs an engine until it is stopped or ctx is done.
func (s *Server) start(ctx context.Context, e *engine) {
	ctx, cancel := context.WithCancel(ctx)
	e.done = make(chan struct{})
	e.cancel = cancel
	s.mu.Lock()
	s.engines[e.id] = e
	s.mu.Unlock()
	s.wg.Go(func() {
		defer close(e.done)
		defer cancel()
		e.run(ctx)
	})
}

// Status is how a mapping does.
type Status struct {
	// Config is the mapping's, with its UUID.
	Config mapping.Config
	// Kind is the source's kind, FunctionARN the resolved function.
	Kind, FunctionARN string
	// Open says that the source is open and read. Trouble is why it is not, or
	// the latest failure to read it; nil when all is well.
	Open    bool
	Trouble error
}

// Status lists the mappings that run, in no particular order.
func (s *Server) Status() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Status, 0, len(s.engines))
	for _, e := range s.engines {
		list = append(list, e.status())
	}
	return list
}

func (s *Server) jitter(d time.Duration) time.Duration {
	if s.Jitter != nil {
		return s.Jitter(d)
	}
	return d*3/4 + rand.N(d/2+1)
}

func (s *Server) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.Default()
}

func (s *Server) region() string  { return either(s.Region, "us-east-1") }
func (s *Server) account() string { return either(s.Account, "000000000000") }

func either(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// derivedID is a UUID that depends on its parts alone (RFC 9562, version 8).
func derivedID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	b := h.Sum(nil)[:16]
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
