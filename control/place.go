package control

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/penstock/penstock/invoke"
)

// A place is where a function runs: it stays while builds come and go, and its
// slots are counted across them. Callers of the API and pollers use the same.
type place struct {
	*invoke.Limiter
	plane *Plane
	name  string

	// Guarded by plane.mu.
	now     *build        // runs; nil: not built
	wanted  bool          // somebody waits for what was recorded as Active
	trouble error         // why that could not be built
	again   time.Time     // when to try once more
	change  chan struct{} // closed and replaced when any of these changes
}

// A build is a target that Options.Build made.
type build struct {
	name    string
	id      string // of what was deployed
	fn      invoke.Function
	closer  io.Closer
	unpin   func() // its archive
	running int    // invocations; guarded by Plane.mu
	retired bool   // closed when nothing runs
}

// KeepsTime: an invocation is bounded by its build's timeout, and waiting for
// the build is not of the function's time.
func (pl *place) KeepsTime() {}

// A runner is what is below a place's slots.
type runner struct{ pl *place }

func (r runner) Invoke(ctx context.Context, q invoke.Request) (invoke.Result, error) {
	b, err := r.pl.enter(ctx)
	if err != nil {
		return invoke.Result{}, err
	}
	defer r.pl.leave(b)
	return invoke.Timed{Target: b.fn.Target, Timeout: b.fn.Timeout, NewID: r.pl.plane.o.NewID}.Invoke(ctx, q)
}

// place is that of a function that is there. p.mu is held.
func (p *Plane) place(f *Function) *place {
	pl := p.places[f.Name]
	if pl == nil {
		pl = &place{plane: p, name: f.Name, change: make(chan struct{})}
		pl.Limiter = invoke.Limited(runner{pl}, f.slots())
		p.places[f.Name] = pl
	}
	return pl
}

// slots are how many invocations run at once.
func (f *Function) slots() int {
	if f.Reserved != nil {
		return *f.Reserved
	}
	return invoke.DefaultConcurrency
}

// Resolve finds what an invocation runs, by any form of name. arn is the
// function as it was named. Nothing is built yet if the function was not used
// since the process started: its first invocation waits for that. With all slots
// in use the target fails at once with invoke.ErrThrottled.
func (p *Plane) Resolve(name, qualifier string) (arn string, f invoke.Function, err error) {
	n, err := p.parse(name, qualifier)
	if err != nil {
		return "", f, err
	}
	asked := n.Qualifier
	if asked == "" {
		n.Qualifier = latest // as AWS names what is not there
	}
	record, err := p.find(n)
	if err != nil {
		return "", f, err
	}
	if record.serving() == nil {
		return "", f, notNow(record.State)
	}
	n.Qualifier = asked
	p.mu.Lock()
	defer p.mu.Unlock()
	if record = p.functions[n.Name]; record == nil {
		return "", f, notFound(n.ARN())
	}
	return n.ARN(), p.runnable(record), nil
}

// runnable is a function as it is invoked. p.mu is held.
func (p *Plane) runnable(f *Function) invoke.Function {
	d := f.serving()
	if d == nil {
		d = &f.Deployed
	}
	limit := f.slots()
	if limit == 0 {
		limit = -1 // none at all: zero would be the default
	}
	return invoke.Function{Target: p.place(f), Timeout: f.timeout(), RoleARN: d.Role, Concurrency: limit}
}

// enter waits for a build and takes part in it until leave.
func (pl *place) enter(ctx context.Context) (*build, error) {
	p := pl.plane
	for {
		p.mu.Lock()
		f := p.functions[pl.name]
		switch {
		case p.closed:
			p.mu.Unlock()
			return nil, fmt.Errorf("function %s: the control plane is closed", pl.name)
		case f == nil || p.places[pl.name] != pl:
			p.mu.Unlock()
			return nil, notFound(p.arn(pl.name) + ":" + latest)
		case pl.now != nil:
			b := pl.now
			b.running++
			p.mu.Unlock()
			return b, nil
		case f.serving() == nil:
			p.mu.Unlock()
			return nil, notNow(f.State)
		case pl.trouble != nil && time.Now().Before(pl.again):
			err := pl.trouble
			p.mu.Unlock()
			return nil, err
		}
		p.want(pl)
		change := pl.change
		p.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (pl *place) leave(b *build) {
	p := pl.plane
	p.mu.Lock()
	defer p.mu.Unlock()
	if b.running--; b.retired && b.running == 0 {
		p.retired = append(p.retired, b)
		p.ring()
	}
}

// want has a place built that is not. p.mu is held.
func (p *Plane) want(pl *place) {
	if !pl.wanted {
		pl.wanted = true
		p.look(pl.name)
		p.ring()
	}
}

// look puts a function before the builder. p.mu is held.
func (p *Plane) look(name string) { p.todo = append(p.todo, name) }

// changed tells those who wait at a place. p.mu is held.
func (pl *place) changed() {
	close(pl.change)
	pl.change = make(chan struct{})
}

// install puts a build into a place, after what ran there. p.mu is held.
func (p *Plane) install(pl *place, b *build) {
	p.changes++
	p.retire(pl.now)
	pl.now, pl.wanted, pl.trouble = b, false, nil
	pl.changed()
}

// retire closes a build as soon as nothing runs on it. p.mu is held.
func (p *Plane) retire(b *build) {
	if b == nil || b.retired {
		return
	}
	b.retired = true
	if b.running == 0 {
		p.retired = append(p.retired, b)
	}
}

// abandon takes the place of a function that is gone. p.mu is held.
func (p *Plane) abandon(name string) {
	pl := p.places[name]
	if pl == nil {
		return
	}
	delete(p.places, name)
	p.retire(pl.now)
	pl.now = nil
	pl.changed()
}

func (b *build) close(p *Plane) {
	defer b.unpin()
	if b.closer == nil {
		return
	}
	if err := b.closer.Close(); err != nil {
		p.o.Log.Warn("closing what ran before", "function", b.name, "error", err)
	}
}
