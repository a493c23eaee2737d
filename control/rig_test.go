package control

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/store"
)

// A rig is a plane over a store that outlives it, with builds and a server that
// tests look at.
type rig struct {
	t     *testing.T
	fake  bool // in a bubble
	o     Options
	plane *Plane
	stop  func()

	mu     sync.Mutex
	fail   map[string]error // builds that fail, by function
	slow   map[string]chan struct{}
	delay  time.Duration // how long a build may take
	built  []string
	open   map[string]int // builds that are not closed
	closed []string
	server fakeServer
}

type fakeServer struct {
	mu        sync.Mutex
	functions map[string]invoke.Function
	mappings  []string // UUIDs
	configs   []mapping.Config
	refuses   map[string]bool // event source ARNs
	stopped   bool
	changes   int
	during    func([]mapping.Config) // called by Change
}

func (s *fakeServer) Change(functions map[string]invoke.Function, list []mapping.Config) error {
	if s.during != nil {
		s.during(list)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return penstock.ErrNotRunning
	}
	for _, cfg := range list {
		if s.refuses[cfg.EventSourceArn] {
			return fmt.Errorf("mapping %s: refused", cfg.UUID)
		}
		if n, _ := invoke.ParseName(cfg.FunctionName); functions[n.Name].Target == nil {
			return fmt.Errorf("mapping %s: no function", cfg.UUID)
		}
	}
	s.changes++
	s.functions, s.configs, s.mappings = maps.Clone(functions), slices.Clone(list), nil
	for _, cfg := range list {
		s.mappings = append(s.mappings, cfg.UUID)
	}
	return nil
}

func (s *fakeServer) runs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mappings)
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, fail: map[string]error{}, slow: map[string]chan struct{}{}, open: map[string]int{}}
	r.server.refuses = map[string]bool{}
	r.o = Options{
		Store: store.Memory(), Data: t.TempDir(), Build: r.build, LocalCode: true,
		Kinds: []sources.Kind{sqsKind()}, Log: slog.New(slog.DiscardHandler),
	}
	return r
}

func sqsKind() sources.Kind {
	return sources.Kind{
		Name: "sqs", Shape: events.SQS,
		Match: func(s sources.Spec) bool {
			source, err := mapping.ParseSource(s.ARN)
			return err == nil && source.Service == mapping.SQS
		},
		Limits: sources.Limits{BatchSize: 10, MaxBatchSize: 10000},
		Queue: func(context.Context, sources.Spec) (sources.Queue, error) {
			return nil, errors.New("not here")
		},
	}
}

// start opens a plane over the store and runs it.
func (r *rig) start() {
	r.t.Helper()
	r.openPlane()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { r.plane.Run(ctx, &r.server) })
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		wg.Wait()
		r.plane.Close()
	}
	r.t.Cleanup(r.stop)
}

func (r *rig) openPlane() {
	r.t.Helper()
	p, err := Open(context.Background(), r.o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.plane = p
}

// restart is what kill -9 and a new process do to the records.
func (r *rig) restart() {
	r.t.Helper()
	r.stop()
	r.start()
}

func (r *rig) build(ctx context.Context, f Function) (invoke.Function, io.Closer, error) {
	r.mu.Lock()
	gate, err := r.slow[f.Name], r.fail[f.Name]
	r.built = append(r.built, f.Name)
	r.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return invoke.Function{}, nil, ctx.Err()
		}
	}
	if r.delay > 0 {
		select {
		case <-time.After(rand.N(r.delay)):
		case <-ctx.Done():
			return invoke.Function{}, nil, ctx.Err()
		}
	}
	if err != nil {
		return invoke.Function{}, nil, err
	}
	id := f.Name + "/" + *f.Description
	r.mu.Lock()
	r.open[id]++
	r.mu.Unlock()
	target := answer(func(ctx context.Context, q invoke.Request) (invoke.Result, error) {
		r.mu.Lock()
		open := r.open[id]
		r.mu.Unlock()
		if open == 0 {
			return invoke.Result{}, errors.New("invoked after it was closed: " + id)
		}
		if string(q.Event) == `"sleep"` {
			time.Sleep(10 * time.Second)
		}
		return invoke.Result{Payload: []byte(`"` + id + `"`)}, nil
	})
	return invoke.Function{Target: target}, closer(func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.open[id]--
		r.closed = append(r.closed, id)
		return nil
	}), nil
}

type answer func(context.Context, invoke.Request) (invoke.Result, error)

func (a answer) Invoke(ctx context.Context, q invoke.Request) (invoke.Result, error) {
	return a(ctx, q)
}

type closer func() error

func (c closer) Close() error { return c() }

func (r *rig) settle() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.plane.Settled(ctx); err != nil {
		r.t.Fatalf("not settled: %v", err)
	}
	if r.fake {
		synctest.Wait()
	}
}

// closings are the builds closed so far, buildings those begun.
func (r *rig) closings() []string  { return r.locked(&r.closed) }
func (r *rig) buildings() []string { return r.locked(&r.built) }

func (r *rig) locked(list *[]string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(*list)
}

func (r *rig) create(name, description string) Function {
	r.t.Helper()
	f, err := r.plane.CreateFunction(context.Background(), input(name, description))
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

func (r *rig) get(name string) Function {
	r.t.Helper()
	f, err := r.plane.GetFunction(name, "")
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

// invoke is what a client gets: the payload or the error.
func (r *rig) invoke(name string) string {
	_, f, err := r.plane.Resolve(name, "")
	if err != nil {
		return err.Error()
	}
	out, err := f.Target.Invoke(context.Background(), invoke.Request{Event: []byte(`{}`)})
	if err != nil {
		return err.Error()
	}
	return string(out.Payload)
}

func (r *rig) mapping(function, queue string, on bool) Mapping {
	r.t.Helper()
	m, err := r.plane.CreateMapping(context.Background(), queueMapping(function, queue, on))
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

func queueMapping(function, queue string, on bool) mapping.Config {
	return mapping.Config{FunctionName: function, EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:" + queue, Enabled: &on}
}

func input(name, description string) FunctionInput {
	return FunctionInput{
		Name:          name,
		Configuration: Configuration{Runtime: "python3.12", Handler: "app.handler", Role: "arn:aws:iam::000000000000:role/r", Description: &description},
		Code:          CodeSource{ZipFile: archive("app.py", "# "+description)},
	}
}

// archive is a zip with files and their contents.
func archive(parts ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, _ := z.Create(parts[i])
		io.WriteString(w, parts[i+1])
	}
	z.Close()
	return b.Bytes()
}

// refusal is "Exception: message" of an error that clients see.
func refusal(t *testing.T, err error) string {
	t.Helper()
	var r *invoke.Refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &r):
		return r.Error()
	}
	t.Fatalf("%v is no refusal", err)
	return ""
}

func bubble(t *testing.T, f func(*testing.T, *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.fake = true
		f(t, r)
	})
}
