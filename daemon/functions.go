package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/invoke/process"
)

// newHost is the host of the functions' processes. logs gets what functions
// print and what is reported of invocations, warn what else the host has to
// say, each thing once.
func (c *command) newHost(data, url string, logs func(process.LogLine), warn func(string)) (*process.Host, error) {
	runtimes, err := pairs("runtime", c.Runtimes)
	if err != nil {
		return nil, err
	}
	for runtime, program := range runtimes {
		if info, err := os.Stat(program); filepath.IsAbs(program) && (err != nil || info.IsDir()) {
			return nil, usage("--runtime %s=%s: there is no such program", runtime, program)
		}
	}
	var said sync.Map
	h := &process.Host{DataDir: data, Runtimes: runtimes, PassCredentials: c.PassCredentials}
	h.Logs = func(line process.LogLine) {
		if !line.Platform || line.Function != "" {
			logs(line)
		} else if _, again := said.LoadOrStore(line.Text, true); !again {
			warn(strings.TrimPrefix(line.Text, "penstock: warning: "))
		}
	}
	if url != "" {
		h.Env = map[string]string{"AWS_ENDPOINT_URL_SQS": url}
	}
	if h.Reaper, err = os.Executable(); err != nil {
		return nil, environment("%w", err)
	}
	return h, nil
}

// A fleet is the functions of a stack, started and ready to be closed.
type fleet struct {
	functions map[string]invoke.Function
	processes []*process.Process
	skipped   map[string]error // functions whose interpreter is missing
}

// deploy prepares every function of a stack: code unpacked, Go built,
// interpreters found. Functions whose interpreter is missing are skipped and
// named; other errors are joined, and nothing is left running. progress is told
// what is still being prepared.
func (c *command) deploy(ctx context.Context, host *process.Host, data string, stack *template.Stack, progress func(string)) (*fleet, error) {
	f := &fleet{functions: map[string]invoke.Function{}, skipped: map[string]error{}}
	waiting := map[string]bool{}
	for _, fn := range stack.Functions {
		waiting[fn.Name] = true
	}
	tell := func() {
		if len(waiting) > 0 {
			progress("preparing " + strings.Join(slices.Sorted(maps.Keys(waiting)), ", "))
		}
	}
	tell()
	defer progress("")
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex // guards all of this
		errs []error
		code = exitUsage
	)
	for _, fn := range stack.Functions {
		wg.Go(func() {
			p, err := c.deployOne(ctx, host, data, fn)
			mu.Lock()
			defer mu.Unlock()
			delete(waiting, fn.Name)
			tell()
			if p != nil {
				f.processes = append(f.processes, p)
			}
			switch missing := (*process.MissingError)(nil); {
			case errors.As(err, &missing):
				f.skipped[fn.Name] = missing
			case err != nil:
				if errors.Is(err, exec.ErrNotFound) {
					code = exitEnvironment
				}
				errs = append(errs, fmt.Errorf("%s: %w", fn.Pos, err))
			default:
				f.functions[fn.Name] = invoke.Function{Target: p, Timeout: fn.Timeout, RoleARN: fn.Role, Concurrency: concurrency(fn)}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		errs = []error{errInterrupted} // and what that broke
		code = exitInterrupted
	}
	if len(errs) > 0 {
		f.close(ctx)
		return nil, &exit{code, errors.Join(errs...)}
	}
	return f, nil
}

// complete is an error if functions were skipped.
func (f *fleet) complete() error {
	if len(f.skipped) == 0 {
		return nil
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(f.skipped)) {
		errs = append(errs, fmt.Errorf("function %s: %w", name, f.skipped[name]))
	}
	return &exit{exitEnvironment, errors.Join(errs...)}
}

func (c *command) deployOne(ctx context.Context, host *process.Host, data string, fn template.Function) (*process.Process, error) {
	dir, err := codeFolder(data, fn)
	if err != nil {
		return nil, fmt.Errorf("function %s: %w", fn.Name, err)
	}
	p, err := host.New(process.Function{
		Name: fn.Name, Runtime: fn.Runtime, Handler: fn.Handler, CodeDir: dir,
		Environment: fn.Environment, MemoryMB: fn.MemorySize, Timeout: fn.Timeout,
		LogFormat: fn.LogFormat, LogLevel: fn.LogLevel,
		Concurrency: max(1, concurrency(fn)), ARN: fn.ARN, Region: c.Region, Account: c.Account,
	})
	if err != nil {
		return nil, err
	}
	return p, p.Prepare(ctx)
}

// concurrency is the limit of a function; the template's zero blocks it.
func concurrency(fn template.Function) int {
	switch {
	case fn.Concurrency == nil:
		return invoke.DefaultConcurrency
	case *fn.Concurrency == 0:
		return -1
	}
	return *fn.Concurrency
}

// close ends all processes; when ctx is done they are killed.
func (f *fleet) close(ctx context.Context) {
	var wg sync.WaitGroup
	for _, p := range f.processes {
		wg.Go(func() { p.Shutdown(ctx) }) // its error says only that ctx was done
	}
	wg.Wait()
}
