// Package process runs unmodified Lambda functions as child processes: it plays
// the part of the Lambda Runtime API for each of them, without containers.
//
// It owns the children and everything they start, their environment, their log,
// their temporary folders, and the build of Go functions. It refuses to retry,
// to limit concurrency across functions and to know about event sources; it
// isolates nothing: a function has the rights of the host's user.
//
// Start-up follows AWS: an environment is initialised within 10 seconds; when
// that fails, init is repeated inside the invocation under the function's own
// timeout and its error is the invocation's answer. So module-level code of a
// broken function runs twice for the first caller and once for each later one.
//
// A bootstrap that is not executable fails as on AWS. Nothing is changed in the
// code folder, which is the user's own: the log says once what to do.
//
// Not there: SnapStart, external extensions, layers below /opt, freezing
// between invocations. Output written after an invocation ended belongs to the
// environment, as it does when the next invocation thaws it on AWS.
package process

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/penstock/penstock/invoke"
)

// A Host holds what functions have in common. The zero value works. Its fields
// must not change after the first New. It needs no closing: what it owns ends
// with the last Process.
type Host struct {
	// DataDir takes builds, bootstraps and temporary folders. Empty: the
	// folder penstock in the user's cache folder.
	DataDir string
	// Runtimes names the program of a runtime: {"python3.12": "/opt/py/bin/python3"}.
	// Python and Node are searched on PATH without it. For a runtime penstock
	// does not know the program is run as its Lambda runtime client, with the
	// handler as argument.
	Runtimes map[string]string
	// PassCredentials gives functions the AWS credentials and profile of this
	// process. False: made-up ones.
	PassCredentials bool
	// Env is added to every function's environment, for AWS_ENDPOINT_URL_SQS
	// and the like. A function's own variables win over it.
	Env map[string]string
	// Logs gets every line of every function. Nil: none. It is called from
	// several goroutines, in order within a stream, and holds up the function
	// while it runs.
	Logs func(LogLine)
	// LogLimit is how many bytes of one invocation's output go to Logs. What is
	// left out is said there. Zero: 4 MiB.
	LogLimit int
	// Idle is how long an environment without work is kept. Zero: 5 minutes.
	Idle time.Duration
	// Grace is how long a process may take to end after SIGTERM, before
	// SIGKILL. Zero: 500 ms, as on AWS with an internal extension.
	Grace time.Duration
	// InitLimit is how long a process may take to ask for its first event
	// before init is repeated inside the invocation. Zero: 10 s, as on AWS.
	InitLimit time.Duration
	// Reaper is the path of a program whose main calls Reap first, normally
	// os.Executable(). It outlives this process by a moment and leaves nothing
	// running even after kill -9. Empty: on Linux the kernel kills the
	// functions with this process, but not what they started; elsewhere
	// nothing does.
	Reaper string
	// NewID makes request ids. Nil: random UUIDs.
	NewID func() string

	mu       sync.Mutex
	open     int // processes that hold the launcher
	launcher launcher
	folder   string // of temporary folders; removed with the launcher
	resolved map[string]interpreter
}

// A Function says what to run. Name and CodeDir are needed, and Runtime or
// Command.
type Function struct {
	// Name is the function's name.
	Name string
	// Runtime is Lambda's identifier: python3.12, nodejs22.x, provided.al2023;
	// also python3, nodejs (any version) and go (build the package in CodeDir).
	Runtime string
	// Command replaces the runtime: a program that speaks the Runtime API, and
	// its arguments.
	Command []string
	// Handler as in Lambda: app.handler. Go and custom runtimes may leave it
	// empty.
	Handler string
	// CodeDir is the folder with the code: the function's working directory.
	CodeDir string
	// Environment holds the function's own variables. Lambda's reserved names
	// are refused, as are more than 4 KB.
	Environment map[string]string
	// MemoryMB only describes; nothing enforces it. Zero: 128.
	MemoryMB int
	// Timeout of one invocation. Zero: 3 seconds.
	Timeout time.Duration
	// Concurrency is how many invocations run at once; more wait. Zero: 10.
	Concurrency int
	// PerProcess is how many of them share one process, where the runtime can
	// do that (AWS_LAMBDA_MAX_CONCURRENCY; aws-lambda-go 1.51 and later).
	// Zero: 1.
	PerProcess int
	// ARN is the unqualified ARN. Empty: made from Region, Account and Name.
	ARN string
	// Region, Account and Version. Empty: us-east-1, 000000000000, $LATEST.
	Region, Account, Version string
	// LogFormat is Text or JSON. Empty: Text.
	LogFormat string
	// LogLevel is the application log level of the JSON format. Empty: INFO.
	LogLevel string
}

// A Process is a hosted function. It is an invoke.Target and safe for
// concurrent use. Close it.
type Process struct {
	host  *Host
	fn    Function
	lines lines
	pool  pool

	prepare sync.Mutex
	plan    *plan
	told    sync.Once // the log says why there is nothing to run
	err     error     // from Command: what is wrong with it
}

// New checks a function and returns it ready to be invoked. Nothing is built,
// probed or started before Prepare or the first Invoke. An error names the
// field, its value and the rule.
func (h *Host) New(fn Function) (*Process, error) {
	fn, err := checked(fn, h.Runtimes)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.open++
	h.mu.Unlock()
	p := &Process{
		host: h, fn: fn,
		lines: lines{
			json: fn.LogFormat == jsonFormat, function: fn.Name, version: fn.Version,
			runtime: fn.Runtime, memoryMB: fn.MemoryMB,
		},
	}
	p.pool.init(p)
	return p, nil
}

// Prepare builds the function, finds its interpreter and writes its bootstrap,
// so that what is wrong with them shows before the first event. Invoke does it
// too when it was not done.
func (p *Process) Prepare(ctx context.Context) error {
	_, err := p.prepared(ctx)
	return err
}

func (p *Process) prepared(ctx context.Context) (*plan, error) {
	if p.err != nil {
		return nil, p.err
	}
	p.prepare.Lock()
	defer p.prepare.Unlock()
	if p.plan == nil {
		made, err := p.host.plan(ctx, p.fn)
		if err != nil {
			return nil, fmt.Errorf("function %s: %w", p.fn.Name, err)
		}
		p.plan = made
	}
	return p.plan, nil
}

// Invoke implements invoke.Target. It waits for a free environment until ctx is
// done. When ctx is done later the invocation goes on without its caller, and
// Close waits for it. A payload over invoke.MaxRequest or one that is not JSON
// is refused.
func (p *Process) Invoke(ctx context.Context, r invoke.Request) (invoke.Result, error) {
	inv, err := p.invocation(r)
	if err != nil {
		return invoke.Result{}, err
	}
	made, err := p.prepared(ctx)
	if entry := (*entryError)(nil); errors.As(err, &entry) {
		return p.result(inv.id, p.badEntrypoint(inv.id, entry), nil, true), nil
	}
	if err != nil {
		return invoke.Result{}, err
	}
	env, err := p.pool.acquire(ctx, made)
	if err != nil {
		return invoke.Result{}, fmt.Errorf("function %s: %w", p.fn.Name, err)
	}
	return p.attend(ctx, env.begin(inv))
}

// attend sees an attempt through. A caller that does not stay, because its ctx
// is done or the runtime is slow to poll again after its answer, leaves the rest
// to a goroutine that Close waits for.
func (p *Process) attend(ctx context.Context, t *attempt) (invoke.Result, error) {
	finish := func() (invoke.Result, error) {
		defer p.pool.release(t.e)
		result, err := t.conclude()
		if err != nil {
			err = fmt.Errorf("function %s: %w", p.fn.Name, err)
		}
		return result, err
	}
	if t.c == nil {
		type outcome struct {
			result invoke.Result
			err    error
		}
		over := make(chan outcome, 1)
		go func() {
			err := t.start()
			if err != nil {
				t.inv.answer(answer{status: "failure"})
			}
			t.wait(nil, true)
			result, failed := finish()
			over <- outcome{result, errors.Join(err, failed)}
		}()
		select {
		case o := <-over:
			return o.result, o.err
		case <-ctx.Done():
			return invoke.Result{}, fmt.Errorf("function %s: %w", p.fn.Name, context.Cause(ctx))
		}
	}
	if t.wait(ctx.Done(), false) {
		return finish()
	}
	answered := t.inv.hasAnswer()
	var early invoke.Result
	if answered {
		early = p.result(t.inv.id, t.inv.outcome(), t.e.log.tailOf(t.inv), t.cold)
	}
	go func() {
		t.wait(nil, true)
		finish()
	}()
	if answered {
		return early, nil
	}
	return invoke.Result{}, fmt.Errorf("function %s: %w", p.fn.Name, context.Cause(ctx))
}

// invocation checks a request and fills in what it left out.
func (p *Process) invocation(r invoke.Request) (*invocation, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	r.Event = r.Payload()
	client, err := compacted(r.ClientContext)
	if err != nil {
		return nil, fmt.Errorf("%w: client context: %v", invoke.ErrRefused, err)
	}
	if r.ID == "" {
		r.ID = p.host.id()
	}
	inv := newInvocation(r.ID)
	inv.event, inv.clientContext = r.Event, client
	inv.arn, inv.trace = r.FunctionARN, r.Trace
	if inv.arn == "" {
		inv.arn = p.fn.ARN
	}
	if inv.trace == "" {
		inv.trace = invoke.NewTrace()
	}
	return inv, nil
}

// badEntrypoint answers in Lambda's words, which name Lambda's places. The log
// says once what is wrong here.
func (p *Process) badEntrypoint(id string, entry *entryError) answer {
	p.told.Do(func() {
		if p.host.Logs != nil {
			p.host.Logs(LogLine{Time: time.Now(), Function: p.fn.Name, Platform: true, Text: "penstock: " + entry.local})
		}
	})
	return badEntrypoint(id, entry.lambda)
}

func (p *Process) result(id string, a answer, tail []byte, cold bool) invoke.Result {
	r := invoke.Result{RequestID: id, Payload: a.payload, Version: p.fn.Version, Log: tail, Cold: cold}
	if a.status != "success" {
		r.Failure = "Unhandled" // AWS's recordings show nothing else
	}
	return r
}

// Close waits for the invocations that run, which the function's timeout
// bounds, and ends every process: SIGTERM to its group, SIGKILL after
// Host.Grace. Invocations that wait for a free environment fail.
func (p *Process) Close() error { return p.Shutdown(context.Background()) }

// Shutdown is Close with a bound: when ctx is done, processes are killed at
// once and their invocations fail. It returns ctx's error then.
func (p *Process) Shutdown(ctx context.Context) error {
	if p.err != nil {
		return nil
	}
	err, first := p.pool.close(ctx)
	if first {
		p.host.leave()
	}
	return err
}
