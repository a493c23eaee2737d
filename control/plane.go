package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/store"
)

// Options say what a Plane works with. Store, Data and Build must be set.
type Options struct {
	// Store keeps the records, under keys that begin with "control/". Nobody
	// else writes these while the Plane is open.
	Store interface {
		store.Committer
		store.KV
	}
	// Data is the folder under which code is kept, in "code". It is made when
	// it is not there.
	Data string
	// Region and Account are those of everything that is deployed. Empty:
	// us-east-1 and 000000000000.
	Region, Account string
	// Kinds are the sources that mappings may have: those of the Server.
	Kinds []sources.Kind
	// Build makes the target of f, whose code is in f.Dir, ready to be invoked.
	// It is called by Run, for several functions at once. An error that wraps a
	// *BuildError says by which code clients know it. The closer (may be nil) is
	// closed when nothing runs on the target any more, at the latest by Close.
	Build func(ctx context.Context, f Function) (invoke.Function, io.Closer, error)
	// Source looks at a mapping's source before it is created or updated: an
	// error of sources.ErrGone or sources.ErrDenied refuses that. nil: nobody
	// looks.
	Source func(ctx context.Context, cfg mapping.Config) (*mapping.QueueFacts, error)
	// LocalCode takes code from this machine: the bucket penstock-local, whose
	// keys are absolute paths of folders and archives. For callers of this
	// machine only: it reads whatever the process may read.
	LocalCode bool
	// MaxBuilds is how many functions are built at once. Zero: 4.
	MaxBuilds int
	// NewID makes revision ids, UUIDs of mappings and ids of requests. nil:
	// random UUIDs.
	NewID func() string
	// Log takes what operators should know. nil: slog.Default().
	Log *slog.Logger
}

// A BuildError is a failure of Build under a name that clients know.
type BuildError struct {
	// Code is a StateReasonCode: InvalidRuntime, InvalidZipFileException. Other
	// errors have FunctionError.
	Code string
	Err  error
}

func (e *BuildError) Error() string { return e.Err.Error() }

// Unwrap is Err.
func (e *BuildError) Unwrap() error { return e.Err }

// A Plane is what is deployed. Its methods are safe for concurrent use. What
// they return is shared: do not change maps and lists in it.
type Plane struct {
	o     Options
	holds holds
	// wakeBuilds and wakeServer tell Run's loops that something changed.
	wakeBuilds, wakeServer chan struct{}

	given *layout // to the server; nil: nothing yet. Of Run's goroutine

	mu        sync.Mutex // guards what follows; never held for I/O or waiting
	functions map[string]*Function
	mappings  map[string]*Mapping // by UUID; records are replaced, not changed
	doubtful  map[string]bool     // keys whose last write may have happened or not
	claims    map[string]mapping.Config
	places    map[string]*place
	todo      []string // functions to be looked at by the builder
	building  map[string]bool
	retired   []*build          // to be closed
	pins      map[string]int    // archives in use beside the records
	loose     map[string]bool   // archives that may be garbage
	troubles  map[string]string // of mappings, by UUID: why they do not run
	closed    bool
	// changes counts what may change what the server is to run, reached is how far
	// that was done; finished is closed and replaced when something was done.
	changes, reached int
	finished         chan struct{}
}

const (
	recordVersion  = 1
	functionPrefix = "control/function/"
	mappingPrefix  = "control/mapping/"
)

// Open reads what is recorded. It starts nothing: see Run. Who opened a Plane
// closes it after Run has returned.
func Open(ctx context.Context, o Options) (*Plane, error) {
	if o.Store == nil || o.Data == "" || o.Build == nil {
		return nil, errors.New("control: Store, Data and Build must be set")
	}
	set(&o.Region, either(o.Region, "us-east-1"))
	set(&o.Account, either(o.Account, "000000000000"))
	if o.MaxBuilds <= 0 {
		o.MaxBuilds = 4
	}
	if o.NewID == nil {
		o.NewID = invoke.NewID
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	var err error
	if o.Data, err = filepath.Abs(o.Data); err != nil {
		return nil, err
	}
	p := &Plane{
		o: o, wakeBuilds: make(chan struct{}, 1), wakeServer: make(chan struct{}, 1),
		functions: map[string]*Function{}, mappings: map[string]*Mapping{},
		doubtful: map[string]bool{}, claims: map[string]mapping.Config{}, places: map[string]*place{},
		building: map[string]bool{}, pins: map[string]int{}, loose: map[string]bool{}, troubles: map[string]string{},
		finished: make(chan struct{}),
	}
	if err := os.MkdirAll(p.codeFolder(), 0o700); err != nil {
		return nil, err
	}
	if err := p.clear(); err != nil {
		return nil, err
	}
	for _, prefix := range []string{functionPrefix, mappingPrefix} {
		if err := p.load(ctx, prefix); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// load reads all records under a prefix.
func (p *Plane) load(ctx context.Context, prefix string) error {
	after := ""
	for {
		page, err := p.o.Store.List(ctx, prefix, after, store.MaxPage)
		if err != nil {
			return fmt.Errorf("reading what is deployed: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		p.mu.Lock()
		for _, pair := range page {
			after = pair.Key
			e, err := decode(pair)
			if err != nil {
				p.mu.Unlock()
				return err
			}
			if e.function != nil && e.function.State == Failed {
				// What was missing may be there now: an interpreter, a folder.
				again := *e.function
				again.State, again.StateReason, again.StateReasonCode = Pending, creatingReason, creatingCode
				again.LastUpdateStatus, again.LastUpdateStatusReason, again.LastUpdateStatusReasonCode = "", "", ""
				e.function = &again
			}
			p.publish(e)
		}
		p.mu.Unlock()
	}
}

// Account is what an account has and uses.
type Account struct {
	TotalCodeSize int64 // bytes of archives, each function's counted
	Functions     int
	// Reserved is how many invocations are reserved for functions, of
	// AccountConcurrency.
	Reserved int
}

// Account sums up what is deployed.
func (p *Plane) Account() (a Account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a.Functions = len(p.functions)
	for _, f := range p.functions {
		a.TotalCodeSize += f.Code.Size
		if f.Reserved != nil {
			a.Reserved += *f.Reserved
		}
	}
	return a
}

func either(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

func functionKey(name string) string { return functionPrefix + name }
func mappingKey(uuid string) string  { return mappingPrefix + uuid }

// ring tells both loops to look. It never waits.
func (p *Plane) ring() {
	for _, wake := range []chan struct{}{p.wakeBuilds, p.wakeServer} {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// now is the time to be recorded: as clients see it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// short names a record in errors.
func short(key string) string { return strings.TrimPrefix(key, "control/") }
