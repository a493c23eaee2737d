package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/store"
)

// An edit is the new value of a key: a function or a mapping, or neither if the
// key is deleted.
type edit struct {
	key      string
	function *Function
	mapping  *Mapping
}

// The forms in which records are stored. A field that is added later must be
// absent in its zero form; anything else needs another version.
type (
	functionRecord struct {
		V int
		*Function
	}
	mappingRecord struct {
		V        int
		UUID     string
		Config   mapping.Config
		Settings *sources.Settings `json:",omitempty"`
		Life     Life
		Owner    Owner `json:",omitzero"`
	}
)

func (e edit) encode() ([]byte, error) {
	if e.function != nil {
		return json.Marshal(functionRecord{recordVersion, e.function})
	}
	m := e.mapping
	r := mappingRecord{V: recordVersion, UUID: m.Config.UUID, Config: m.Config, Life: m.Life, Owner: m.Owner}
	if s := m.Config.Settings; len(s.Topics)+len(s.Queues)+len(s.Extra) > 0 {
		r.Settings = &s
	}
	return json.Marshal(r)
}

// decode reads a pair of the store.
func decode(pair store.Pair) (e edit, err error) {
	e.key = pair.Key
	var form struct{ V int }
	if err = json.Unmarshal(pair.Value, &form); err == nil && form.V != recordVersion {
		err = fmt.Errorf("%w: its form is %d, known is %d", store.ErrNewer, form.V, recordVersion)
	}
	if err == nil && pair.Key[:min(len(pair.Key), len(functionPrefix))] == functionPrefix {
		f := &Function{}
		err = json.Unmarshal(pair.Value, &functionRecord{Function: f})
		f.revision = pair.Revision
		if err == nil && (f.Name == "" || functionKey(f.Name) != pair.Key) {
			err = store.ErrCorrupt
		}
		e.function = f
	} else if err == nil {
		var r mappingRecord
		err = json.Unmarshal(pair.Value, &r)
		if err == nil && (r.UUID == "" || mappingKey(r.UUID) != pair.Key) {
			err = store.ErrCorrupt
		}
		r.Config.UUID = r.UUID
		if r.Settings != nil {
			r.Config.Settings = *r.Settings
		}
		e.mapping = &Mapping{Config: r.Config, Life: r.Life, Owner: r.Owner, revision: pair.Revision}
	}
	if err != nil {
		return e, fmt.Errorf("record %s: %w", short(pair.Key), err)
	}
	return e, nil
}

// write makes edits durable, all of them or none, and known once they are. The
// keys are held.
func (p *Plane) write(ctx context.Context, edits ...edit) error {
	var t store.Txn
	p.mu.Lock()
	for i := range edits {
		t.Check = append(t.Check, store.Check{Key: edits[i].key, If: p.recorded(edits[i].key)})
	}
	p.mu.Unlock()
	for _, e := range edits {
		if e.function == nil && e.mapping == nil {
			t.Delete = append(t.Delete, store.Delete{Key: e.key})
			continue
		}
		value, err := e.encode()
		if err != nil {
			return fmt.Errorf("record %s: %w", short(e.key), err)
		}
		t.Put = append(t.Put, store.Put{Key: e.key, Value: value})
	}
	done, err := p.o.Store.Commit(ctx, t)
	if err != nil {
		p.doubt(ctx, err, edits)
		return fmt.Errorf("recording %s: %w", short(edits[0].key), err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	puts := 0
	for _, e := range edits {
		switch {
		case e.function != nil:
			e.function.revision = done.Revisions[puts]
			puts++
		case e.mapping != nil:
			e.mapping.revision = done.Revisions[puts]
			puts++
		}
		p.publish(e)
	}
	return nil
}

// recorded is the revision that a key has in the store. p.mu is held.
func (p *Plane) recorded(key string) store.Revision {
	e := p.lookup(key)
	switch {
	case e.function != nil:
		return e.function.revision
	case e.mapping != nil:
		return e.mapping.revision
	}
	return store.Absent
}

// lookup is what is known of a key. p.mu is held.
func (p *Plane) lookup(key string) edit {
	if key[:min(len(key), len(functionPrefix))] == functionPrefix {
		return edit{key: key, function: p.functions[key[len(functionPrefix):]]}
	}
	return edit{key: key, mapping: p.mappings[key[len(mappingPrefix):]]}
}

// doubt notes which keys may have another value now than is known here, after a
// commit that failed.
func (p *Plane) doubt(ctx context.Context, err error, edits []edit) {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) || errors.Is(err, store.ErrInvalid) || errors.Is(err, store.ErrClosed) {
		return // nothing was written
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range edits {
		p.doubtful[e.key] = true
	}
	p.ring()
}

// clarify reads what failed commits left in doubt.
func (p *Plane) clarify(ctx context.Context) error {
	p.mu.Lock()
	keys := sortedKeys(p.doubtful)
	p.mu.Unlock()
	for _, key := range keys {
		give, err := p.take(ctx, key)
		if err != nil {
			return err
		}
		give()
	}
	return nil
}

// take holds keys and makes sure that what is known of them is what is stored.
func (p *Plane) take(ctx context.Context, keys ...string) (give func(), err error) {
	give, err = p.holds.take(ctx, keys...)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		p.mu.Lock()
		doubtful := p.doubtful[key]
		p.mu.Unlock()
		if !doubtful {
			continue
		}
		if err := p.reload(ctx, key); err != nil {
			give()
			return nil, err
		}
	}
	return give, nil
}

func (p *Plane) reload(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	e := edit{key: key}
	pair, err := p.o.Store.Get(ctx, key)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return fmt.Errorf("reading %s after a failed write: %w", short(key), err)
	default:
		if e, err = decode(pair); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.doubtful, key)
	p.publish(e)
	return nil
}

// publish makes an edit known that is stored. p.mu is held.
func (p *Plane) publish(e edit) {
	p.changes++
	defer p.ring()
	before := p.lookup(e.key)
	if before.function != nil || e.function != nil {
		p.publishFunction(e.key[len(functionPrefix):], before.function, e.function)
		return
	}
	uuid := e.key[len(mappingPrefix):]
	if e.mapping == nil {
		delete(p.mappings, uuid)
		delete(p.troubles, uuid)
		return
	}
	n, _ := invoke.ParseName(e.mapping.Config.FunctionName) // validated before it was stored
	e.mapping.function = n.Name
	p.mappings[uuid] = e.mapping
}

func (p *Plane) publishFunction(name string, before, after *Function) {
	if before != nil {
		for _, zip := range before.zips() {
			p.loose[zip] = true
		}
	}
	if after == nil {
		delete(p.functions, name)
		p.abandon(name)
		return
	}
	p.functions[name] = after
	if pl := p.places[name]; pl != nil {
		pl.SetLimit(after.slots())
	}
	if after.unbuilt() {
		p.look(name)
	}
}
