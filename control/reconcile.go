package control

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
)

// A layout is what a server is to run.
type layout struct {
	functions map[string]invoke.Function
	mappings  []mapping.Config // by UUID
}

func (l layout) same(other layout) bool {
	return maps.Equal(l.functions, other.functions) && reflect.DeepEqual(l.mappings, other.mappings)
}

// retryServer is how long after a failure the server is tried again.
const retryServer = time.Second

// reconcile brings the server to what is recorded, and the states of mappings
// to what it runs. It returns after what pause to look again; zero: when
// somebody rings.
func (p *Plane) reconcile(ctx context.Context, server Server) (pause time.Duration) {
	if err := p.clarify(ctx); err != nil && ctx.Err() == nil {
		p.o.Log.Error("reading what a failed write left; trying again", "error", err)
		return retryServer
	}
	next, settled, seen, pause := p.wanted()
	if p.given == nil || !next.same(*p.given) {
		refused, err := p.change(server, next)
		switch {
		case errors.Is(err, penstock.ErrNotRunning):
			return retryServer / 50 // it is starting, or stopping
		case err != nil:
			return retryServer
		}
		if refused {
			pause = sooner(pause, 30*retryServer)
		}
	}
	if err := p.settle(ctx, settled); err != nil && ctx.Err() == nil {
		p.o.Log.Error("recording the states of mappings; trying again", "error", err)
		pause = retryServer
	}
	p.mu.Lock()
	p.reached = seen
	p.announce()
	p.mu.Unlock()
	return pause
}

// wanted is what the server is to run, and which mappings have arrived when it
// does.
func (p *Plane) wanted() (l layout, settled []*Mapping, seen int, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen = p.changes
	l.functions = map[string]invoke.Function{}
	var on []*Mapping
	for _, m := range p.mappings {
		switch {
		case m.State == mapping.Deleting || !m.Config.On():
			if m.State.Passing() {
				settled = append(settled, m)
			}
			delete(p.troubles, m.Config.UUID)
		default:
			on = append(on, m)
		}
	}
	slices.SortFunc(on, byUUID)
	for _, m := range on {
		ready, trouble, again := p.ready(m)
		if !again.IsZero() {
			pause = sooner(pause, max(time.Until(again), time.Millisecond))
		}
		if trouble != "" {
			p.trouble(m, trouble)
		}
		if ready {
			l.functions[m.function] = p.runnable(p.functions[m.function])
			l.mappings = append(l.mappings, served(m.Config))
		}
		if (ready || trouble != "") && m.State.Passing() {
			settled = append(settled, m)
		}
	}
	slices.SortFunc(settled, byUUID)
	return l, settled, seen, pause
}

// sooner is the shorter of two pauses, of which zero is for ever.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

func byUUID(a, b *Mapping) int {
	switch {
	case a.Config.UUID < b.Config.UUID:
		return -1
	case a.Config.UUID > b.Config.UUID:
		return 1
	}
	return 0
}

// served is a mapping without what changes nothing.
func served(cfg mapping.Config) mapping.Config {
	cfg.Tags = nil
	return cfg
}

// ready says whether the function of a mapping can run; if it cannot, why, and
// when to look again. All of them without meaning: it is being built. p.mu is
// held.
func (p *Plane) ready(m *Mapping) (ready bool, trouble string, again time.Time) {
	if _, missing := p.target(m.Config, p.functions); missing != nil {
		return false, missing.Error(), again
	}
	f := p.functions[m.function]
	if f.serving() == nil {
		if f.State == Failed && !f.unbuilt() {
			return false, "function " + f.Name + " failed: " + f.StateReason, again
		}
		return false, "", again
	}
	pl := p.place(f)
	switch {
	case pl.now != nil:
		return true, "", again
	case pl.trouble != nil && time.Now().Before(pl.again):
		return false, pl.trouble.Error(), pl.again
	}
	p.want(pl)
	if pl.trouble != nil {
		return false, pl.trouble.Error(), again
	}
	return false, "", again
}

// trouble notes why a mapping does not run. p.mu is held.
func (p *Plane) trouble(m *Mapping, text string) {
	uuid := m.Config.UUID
	if p.troubles[uuid] != text {
		p.o.Log.Warn("a mapping is enabled and does not run", "mapping", uuid, "reason", text)
	}
	p.troubles[uuid] = text
}

// took notes what the server runs.
func (p *Plane) took(l layout) {
	p.given = &l
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cfg := range l.mappings {
		delete(p.troubles, cfg.UUID)
	}
}

// change gives a layout to the server. If that refuses it, mappings are given
// one by one, so that one of them does not hold up the others; refused says that
// some were. An error: the server takes nothing at all now.
func (p *Plane) change(server Server, next layout) (refused bool, err error) {
	err = server.Change(next.functions, next.mappings)
	if err == nil {
		p.took(next)
		return false, nil
	}
	if errors.Is(err, penstock.ErrNotRunning) {
		return false, err
	}
	good := layout{functions: next.functions}
	for _, cfg := range next.mappings {
		if p.given != nil && slices.ContainsFunc(p.given.mappings, func(old mapping.Config) bool { return reflect.DeepEqual(old, cfg) }) {
			good.mappings = append(good.mappings, cfg)
		}
	}
	if err := server.Change(good.functions, good.mappings); err != nil {
		good.mappings = nil
		if err := server.Change(good.functions, nil); err != nil {
			p.o.Log.Error("the server takes no change", "error", err)
			return false, err
		}
	}
	for _, cfg := range next.mappings {
		if slices.ContainsFunc(good.mappings, func(have mapping.Config) bool { return have.UUID == cfg.UUID }) {
			continue
		}
		with := append(slices.Clone(good.mappings), cfg)
		if err := server.Change(good.functions, with); err != nil {
			refused = true
			p.mu.Lock()
			if m := p.mappings[cfg.UUID]; m != nil {
				p.trouble(m, err.Error())
			}
			p.mu.Unlock()
			continue
		}
		good.mappings = with
	}
	p.took(good)
	return refused, nil
}

// settle records that mappings have arrived. Those that were changed since they
// were looked at are left for the next time.
func (p *Plane) settle(ctx context.Context, list []*Mapping) error {
	for part := range slices.Chunk(list, maxEdits) {
		if err := p.settlePart(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// maxEdits are written at once.
const maxEdits = 2000

func (p *Plane) settlePart(ctx context.Context, list []*Mapping) error {
	keys := make([]string, len(list))
	for i, m := range list {
		keys[i] = mappingKey(m.Config.UUID)
	}
	give, err := p.take(ctx, keys...)
	if err != nil {
		return err
	}
	defer give()
	var edits []edit
	p.mu.Lock()
	for i, m := range list {
		if p.mappings[m.Config.UUID] != m {
			continue
		}
		e := edit{key: keys[i]}
		if state := m.State.Settled(m.Config); state != mapping.Gone {
			next := *m
			next.Life = Life{State: state, LastModified: now()}
			e.mapping = &next
		}
		edits = append(edits, e)
	}
	p.mu.Unlock()
	if len(edits) == 0 {
		return nil
	}
	return p.write(ctx, edits...)
}
