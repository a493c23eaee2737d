package control

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
)

// maxBuild is how long a build may take.
const maxBuild = 15 * time.Minute

// A Server is what runs the mappings: a *penstock.Server that is running.
type Server interface {
	Change(functions map[string]invoke.Function, mappings []mapping.Config) error
}

// Run builds what is to run and keeps the server at it, until ctx is done and
// no build is under way any more. It is called once. What runs is left running:
// the server may still be finishing. See Close.
func (p *Plane) Run(ctx context.Context, server Server) {
	p.gather()
	p.ring()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { p.builds(ctx) })
	for ctx.Err() == nil {
		pause := p.reconcile(ctx, server)
		wait(ctx, p.wakeServer, pause)
	}
}

// wait until somebody rings, ctx is done, or for a pause that is not zero.
func wait(ctx context.Context, wake <-chan struct{}, pause time.Duration) {
	var after <-chan time.Time
	if pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		after = timer.C
	}
	select {
	case <-wake:
	case <-after:
	case <-ctx.Done():
	}
}

// builds builds functions, several at once, closes what ran before, and removes
// code that nothing uses.
func (p *Plane) builds(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for ctx.Err() == nil {
		p.mu.Lock()
		retired := p.retired
		p.retired = nil
		p.announce()
		p.mu.Unlock()
		for _, b := range retired {
			wg.Go(func() { b.close(p) })
		}
		for _, name := range p.next() {
			wg.Go(func() { p.build(ctx, name) })
		}
		p.sweep(ctx)
		wait(ctx, p.wakeBuilds, 0)
	}
}

// next takes functions to be built now.
func (p *Plane) next() (names []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var later []string
	for _, name := range p.todo {
		switch {
		case p.building[name] || len(p.building) >= p.o.MaxBuilds:
			later = append(later, name)
		default:
			p.building[name] = true
			names = append(names, name)
		}
	}
	p.todo = later
	return names
}

// build builds what a function is to run, if that is not built.
func (p *Plane) build(ctx context.Context, name string) {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.building, name)
		p.announce()
		p.ring()
	}()
	f, d := p.candidate(name)
	if d == nil {
		return
	}
	b, err := p.installed(name, d), error(nil)
	if b == nil {
		b, err = p.construct(ctx, f, d)
	}
	if err != nil && ctx.Err() != nil {
		return // it stays as it is recorded, and is built after the restart
	}
	if f.unbuilt() && d == &f.Deployed {
		p.conclude(ctx, f, b, err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serve(name, d.ID, b, err)
}

// candidate is what of a function is to be built: what was asked for, or what
// served before the process started. nil: nothing.
func (p *Plane) candidate(name string) (*Function, *Deployed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.functions[name]
	switch {
	case f == nil:
		return nil, nil
	case f.unbuilt():
		return f, &f.Deployed
	}
	pl := p.places[name]
	if pl == nil || pl.now != nil || !pl.wanted {
		return nil, nil
	}
	return f, f.serving()
}

// installed is a build that is in place already, when only recording it failed.
func (p *Plane) installed(name string, d *Deployed) *build {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pl := p.places[name]; pl != nil && pl.now != nil && pl.now.id == d.ID {
		return pl.now
	}
	return nil
}

// construct makes a build of d, which is f's or served before it.
func (p *Plane) construct(ctx context.Context, f *Function, d *Deployed) (*build, error) {
	ctx, cancel := context.WithTimeout(ctx, maxBuild)
	defer cancel()
	unpin := p.pin(d.Code.Zip)
	dir, err := p.folder(ctx, d.Code)
	if err != nil {
		unpin()
		return nil, err
	}
	unit := p.shown(f, "")
	unit.Deployed, unit.Serving, unit.Dir = *d, nil, dir
	fn, closer, err := p.o.Build(ctx, unit)
	if err == nil {
		err = invoke.Check(fn.Target)
	}
	b := &build{name: f.Name, id: d.ID, fn: fn, closer: closer, unpin: unpin}
	if err != nil {
		b.close(p)
		return nil, err
	}
	if b.fn.Timeout == 0 {
		b.fn.Timeout = time.Duration(d.Timeout) * time.Second
	}
	return b, nil
}

// serve puts into place what was recorded as Active, or notes why not. p.mu is
// held.
func (p *Plane) serve(name, id string, b *build, err error) {
	f := p.functions[name]
	if f == nil || f.serving() == nil || f.serving().ID != id { // changed meanwhile
		p.overtaken(b, name)
		return
	}
	pl := p.place(f)
	if err == nil {
		p.install(pl, b)
		return
	}
	p.o.Log.Error("a function that ran before cannot be built", "function", name, "error", err)
	pl.trouble, pl.again, pl.wanted = err, time.Now().Add(retryBuild), false
	pl.changed()
}

// retryBuild is how long a function that ran before the process started, and
// cannot be built now, is left alone.
const retryBuild = 10 * time.Second

// conclude records how the build of what was asked for went, and puts it into
// place.
func (p *Plane) conclude(ctx context.Context, f *Function, b *build, failure error) {
	give, err := p.take(ctx, functionKey(f.Name))
	if err != nil {
		wait(ctx, nil, time.Second) // not to build for nothing again and again
		p.discard(b, f.Name)
		return
	}
	defer give()
	p.mu.Lock()
	current := p.functions[f.Name]
	if current == nil || current.ID != f.ID || !current.unbuilt() { // changed meanwhile
		p.overtaken(b, f.Name)
		p.mu.Unlock()
		return
	}
	if pl := p.place(current); b != nil && pl.now != b {
		p.install(pl, b)
	}
	p.mu.Unlock()
	err = p.write(ctx, edit{key: functionKey(f.Name), function: p.concluded(current, failure)})
	if err != nil && ctx.Err() == nil {
		p.o.Log.Error("recording that a function was built; trying again", "function", f.Name, "error", err)
		wait(ctx, nil, time.Second)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.look(f.Name)
	}
	if pl := p.places[f.Name]; pl != nil {
		pl.changed()
	}
}

// discard gives up a build that nobody will run.
func (p *Plane) discard(b *build, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.overtaken(b, name)
}

// overtaken gives up a build unless it is in place, and looks at its function
// again. p.mu is held.
func (p *Plane) overtaken(b *build, name string) {
	if pl := p.places[name]; pl == nil || pl.now != b {
		p.retire(b)
	}
	if p.functions[name] != nil {
		p.look(name)
	}
}

// concluded is the record of a function after its build.
func (p *Plane) concluded(f *Function, failure error) *Function {
	next := *f
	next.RevisionID = p.o.NewID()
	next.StateReason, next.StateReasonCode = "", ""
	next.LastUpdateStatusReason, next.LastUpdateStatusReasonCode = "", ""
	if failure == nil {
		next.State, next.LastUpdateStatus, next.Serving = Active, Successful, nil
		return &next
	}
	code := "FunctionError"
	if named := (*BuildError)(nil); errors.As(failure, &named) && named.Code != "" {
		code = named.Code
	}
	next.LastUpdateStatus, next.LastUpdateStatusReason, next.LastUpdateStatusReasonCode = Failed, failure.Error(), code
	if next.Serving == nil {
		next.State, next.StateReason, next.StateReasonCode = Failed, failure.Error(), code
	}
	p.o.Log.Warn("a function cannot be built", "function", f.Name, "error", failure)
	return &next
}

// Settled waits until everything that is recorded is built, or known to fail, and
// given to the server. What cannot be built or run is no error of its: see
// Function.State and Mapping.Trouble.
func (p *Plane) Settled(ctx context.Context) error {
	for {
		p.mu.Lock()
		settled := p.settled()
		finished := p.finished
		p.mu.Unlock()
		if settled {
			return nil
		}
		select {
		case <-finished:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// settled says that nothing is left to be done. p.mu is held.
func (p *Plane) settled() bool {
	if p.reached != p.changes || len(p.doubtful) > 0 || len(p.todo)+len(p.building)+len(p.retired) > 0 {
		return false
	}
	for _, f := range p.functions {
		if f.unbuilt() {
			return false
		}
	}
	for _, m := range p.mappings {
		if m.State.Passing() {
			return false
		}
	}
	return true
}

// announce wakes those who wait for something to be finished. p.mu is held.
func (p *Plane) announce() {
	close(p.finished)
	p.finished = make(chan struct{})
}

// Close closes everything that was built, after Run has returned and the server
// has stopped. It does not close the store.
func (p *Plane) Close() error {
	p.mu.Lock()
	p.closed = true
	builds := p.retired
	p.retired = nil
	for _, pl := range p.places {
		if pl.now != nil {
			builds = append(builds, pl.now)
			pl.now = nil
		}
		pl.changed()
	}
	p.mu.Unlock()
	errs := make([]error, len(builds))
	var wg sync.WaitGroup
	for i, b := range builds {
		wg.Go(func() {
			if b.closer != nil {
				errs[i] = b.closer.Close()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
