package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/invoke/process"
)

// A fleet is the functions of a stack, ready to be invoked and to be closed.
type fleet struct {
	functions map[string]invoke.Function
	members   []member
	skipped   map[string]error // functions whose interpreter is missing
}

// A hosted function is a *process.Process.
type hosted interface {
	invoke.Target
	Prepare(context.Context) error
	Program() []string
	Shutdown(context.Context) error
}

// A member is a function of a fleet with all that decides what its processes
// do. They start at the first event, so code that changed since only makes a
// later member differ.
type member struct {
	hosted
	function process.Function
	code     uint64   // fingerprint of its folder, taken before anything else
	known    bool     // the fingerprint holds all code
	program  []string // of Go functions: named by what was built
}

// same says whether processes of one may go on as those of the other.
func (m member) same(other member) bool {
	return m.known && other.known && m.code == other.code && slices.Equal(m.program, other.program) && reflect.DeepEqual(m.function, other.function)
}

// A deployment makes fleets.
type deployment struct {
	*command
	data     string
	host     func(process.Function) (hosted, error) // checks a function and starts nothing
	progress func(string)                           // is told what is still being prepared
}

// on is a deployment to the processes of a host.
func (c *command) on(host *process.Host, data string, progress func(string)) *deployment {
	return &deployment{c, data, func(fn process.Function) (hosted, error) {
		p, err := host.New(fn)
		if err != nil {
			return nil, err
		}
		return p, nil
	}, progress}
}

// check is an error if a function of a stack has faults.
func (d *deployment) check(stack *template.Stack) error {
	if errs := d.faults(stack); len(errs) > 0 {
		return &exit{exitUsage, errors.Join(errs...)}
	}
	return nil
}

// faults are what is wrong with the functions of a stack as far as that shows
// without preparing them: runtimes that nothing here runs above all.
func (d *deployment) faults(stack *template.Stack) (errs []error) {
	for _, fn := range stack.Functions {
		dir := fn.Code.Path
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			dir = "." // stands for what is unpacked there, or written
		}
		p, err := d.host(d.described(fn, dir))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %w", fn.Pos, fn.LogicalID, err))
			continue
		}
		p.Shutdown(context.Background()) // it never ran
	}
	return errs
}

// deploy prepares every function of a stack: code unpacked, Go built,
// interpreters found. A function that is the same in the fleet that runs (nil:
// none) is taken over from it, with its processes. Functions whose interpreter
// is missing are skipped and named; other errors are joined, and nothing new
// is left running.
func (d *deployment) deploy(ctx context.Context, stack *template.Stack, running *fleet) (*fleet, error) {
	f := &fleet{functions: map[string]invoke.Function{}, skipped: map[string]error{}}
	waiting := map[string]bool{}
	for _, fn := range stack.Functions {
		waiting[fn.Name] = true
	}
	tell := func() {
		if len(waiting) > 0 {
			d.progress("preparing " + strings.Join(slices.Sorted(maps.Keys(waiting)), ", "))
		}
	}
	tell()
	defer d.progress("")
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex // guards all of this
		errs []error
		code = exitUsage
	)
	for _, fn := range stack.Functions {
		wg.Go(func() {
			m, err := d.deployOne(ctx, fn, running)
			mu.Lock()
			defer mu.Unlock()
			delete(waiting, fn.Name)
			tell()
			switch missing := (*process.MissingError)(nil); {
			case errors.As(err, &missing):
				f.skipped[fn.Name] = missing
			case err != nil:
				if errors.Is(err, exec.ErrNotFound) {
					code = exitEnvironment
				}
				errs = append(errs, fmt.Errorf("%s: %w", fn.Pos, err))
			default:
				f.members = append(f.members, m)
				f.functions[fn.Name] = invoke.Function{Target: m.hosted, Timeout: fn.Timeout, RoleARN: fn.Role, Concurrency: concurrency(fn)}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		errs = []error{errInterrupted} // and what that broke
		code = exitInterrupted
	}
	if len(errs) > 0 {
		f.close(ctx, running)
		return nil, &exit{code, errors.Join(errs...)}
	}
	return f, nil
}

// deployOne prepares a function, and gives up what it made if one that runs is
// the same: only what was built says whether a Go function is.
func (d *deployment) deployOne(ctx context.Context, fn template.Function, running *fleet) (member, error) {
	dir, err := codeFolder(d.data, fn)
	if err != nil {
		return member{}, fmt.Errorf("function %s: %w", fn.Name, err)
	}
	m := member{function: d.described(fn, dir)}
	m.code, m.known = codeFingerprint(dir, d.data)
	if m.hosted, err = d.host(m.function); err != nil {
		return member{}, err
	}
	if err := m.Prepare(ctx); err != nil {
		m.Shutdown(ctx)
		return member{}, err
	}
	m.program = m.Program()
	if running != nil {
		if i := slices.IndexFunc(running.members, m.same); i >= 0 {
			m.Shutdown(ctx) // it never ran
			return running.members[i], nil
		}
	}
	return m, nil
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

// without are the members of f that other (nil: none) does not share.
func (f *fleet) without(other *fleet) []member {
	return slices.DeleteFunc(slices.Clone(f.members), func(m member) bool {
		return other != nil && slices.ContainsFunc(other.members, func(o member) bool { return o.hosted == m.hosted })
	})
}

// close ends the processes of all functions but those that another fleet
// shares (nil: none); when ctx is done they are killed.
func (f *fleet) close(ctx context.Context, sharing *fleet) {
	var wg sync.WaitGroup
	for _, m := range f.without(sharing) {
		wg.Go(func() { m.Shutdown(ctx) }) // its error says only that ctx was done
	}
	wg.Wait()
}
