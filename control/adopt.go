package control

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/mapping"
)

// Adopt records what a template declares, and removes what it declared before
// and does not any more. What stayed the same is left alone, code included;
// mappings in any state take their new settings. Of several templates each owns
// its own. The error names everything that is wrong, and then nothing was
// changed: a name that the API or another template has taken, code that cannot
// be read, settings that do not fit.
func (p *Plane) Adopt(ctx context.Context, stack *template.Stack) error {
	file, err := filepath.Abs(stack.File)
	if err != nil {
		return err
	}
	a := adoption{p: p, file: file, functions: map[string]*Function{}, mappings: map[string]*Mapping{}}
	defer a.unpin()
	for _, f := range stack.Functions {
		a.fetch(ctx, f)
	}
	a.lookup(ctx, stack.Mappings)
	if err := errors.Join(a.errs...); err != nil {
		return err
	}
	give, err := p.take(ctx, a.keys(stack)...)
	if err != nil {
		return err
	}
	defer give()
	p.mu.Lock()
	for i, f := range stack.Functions {
		a.function(f, a.codes[i])
	}
	a.vanishedFunctions()
	for i, m := range stack.Mappings {
		a.mapping(m, a.facts[i])
	}
	a.vanishedMappings()
	p.mu.Unlock()
	if err := errors.Join(a.errs...); err != nil {
		return err
	}
	for part := range slices.Chunk(a.edits, maxEdits) {
		if err := p.write(ctx, part...); err != nil {
			return err
		}
	}
	return nil
}

// An adoption is a template on its way into the records.
type adoption struct {
	p         *Plane
	file      string
	codes     []Code // of the stack's functions
	unpins    []func()
	facts     []mapping.Facts // of the stack's mappings: what their sources say
	functions map[string]*Function
	mappings  map[string]*Mapping
	edits     []edit
	errs      []error
}

func (a *adoption) unpin() {
	for _, unpin := range a.unpins {
		unpin()
	}
}

func (a *adoption) fail(pos template.Pos, format string, args ...any) {
	a.errs = append(a.errs, fmt.Errorf("%s: %w", pos, fmt.Errorf(format, args...)))
}

// fetch gets a function's code.
func (a *adoption) fetch(ctx context.Context, f template.Function) {
	code, unpin, err := Code{}, func() {}, error(nil)
	if f.Code.Inline != "" {
		var archive []byte
		if archive, err = inline(f.Code); err == nil {
			code, unpin, err = a.p.keep(ctx, archive)
		}
	} else {
		path, absErr := filepath.Abs(f.Code.Path)
		if err = absErr; err == nil {
			code, unpin, err = a.p.local(ctx, path)
		}
	}
	if err != nil {
		a.fail(f.Pos, "function %s: code: %w", f.Name, err)
	} else {
		a.unpins = append(a.unpins, unpin)
	}
	a.codes = append(a.codes, code)
}

// inline is an archive with a single file, the same for the same text.
func inline(c template.Code) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: c.File, Method: zip.Deflate})
	if err == nil {
		_, err = w.Write([]byte(c.Inline))
	}
	err = errors.Join(err, z.Close())
	return b.Bytes(), err
}

// lookup asks the sources of new and changed mappings.
func (a *adoption) lookup(ctx context.Context, list []template.Mapping) {
	for _, m := range list {
		facts := mapping.Facts{Region: a.p.o.Region, Account: a.p.o.Account, Now: time.Now()}
		cfg := config(m)
		if k := a.p.kind(cfg); k != nil {
			facts.Limits = &k.Limits
			a.p.mu.Lock()
			before := a.p.mappings[m.UUID]
			a.p.mu.Unlock()
			if a.p.o.Source != nil && (before == nil || !sameConfig(before.Config, cfg)) {
				facts.Queue, facts.Source = a.p.o.Source(ctx, cfg)
			}
		}
		a.facts = append(a.facts, facts)
	}
}

// keys are those that may be written.
func (a *adoption) keys(stack *template.Stack) (keys []string) {
	for _, f := range stack.Functions {
		keys = append(keys, functionKey(f.Name))
	}
	for _, m := range stack.Mappings {
		keys = append(keys, mappingKey(m.UUID))
	}
	a.p.mu.Lock()
	defer a.p.mu.Unlock()
	for name, f := range a.p.functions {
		if f.Owner.Template == a.file {
			keys = append(keys, functionKey(name))
		}
	}
	for uuid, m := range a.p.mappings {
		if m.Owner.Template == a.file {
			keys = append(keys, mappingKey(uuid))
		}
	}
	return keys
}

// function records one that the template declares, if it is not what is there.
// p.mu is held, as in all that follows.
func (a *adoption) function(t template.Function, code Code) {
	owner := Owner{Template: a.file, LogicalID: t.LogicalID}
	there := a.p.functions[t.Name]
	if a.functions[t.Name] != nil {
		a.fail(t.Pos, "function %s: the template declares it twice", t.Name)
		return
	}
	if there != nil && there.Owner.Template != a.file {
		a.fail(t.Pos, "function %s: there is one already, %s; delete that or name this otherwise", t.Name, whose(there.Owner))
		a.functions[t.Name] = there
		return
	}
	d := Deployed{Configuration: configuration(t), Code: code}
	var f *Function
	switch {
	case there == nil:
		f = a.p.created(t.Name, d)
	case reflect.DeepEqual(there.Configuration, d.Configuration) && there.Code == d.Code && there.LastUpdateStatus != Failed:
		f = new(*there)
	default:
		f = a.p.updated(there, d)
	}
	f.Owner, f.Reserved = owner, t.Concurrency
	a.functions[t.Name] = f
	if there == nil || !reflect.DeepEqual(f, there) {
		a.edits = append(a.edits, edit{key: functionKey(t.Name), function: f})
	}
}

func whose(o Owner) string {
	if o.Template == "" {
		return "created by the API"
	}
	return "declared by the template " + o.Template
}

// configuration is what a template says of a function.
func configuration(t template.Function) Configuration {
	given := Configuration{
		Runtime: t.Runtime, Handler: t.Handler, Role: t.Role, Description: &t.Description,
		Timeout: int(t.Timeout / time.Second), MemorySize: t.MemorySize, Environment: maps.Clone(t.Environment),
	}
	if t.Architecture != "" {
		given.Architectures = []string{t.Architecture}
	}
	return defaults(t.Name).with(given)
}

func (a *adoption) vanishedFunctions() {
	for _, name := range sortedKeys(a.p.functions) {
		if a.functions[name] == nil && a.p.functions[name].Owner.Template == a.file {
			a.edits = append(a.edits, edit{key: functionKey(name)})
		}
	}
}

// mapping records one that the template declares, if it is not what is there.
func (a *adoption) mapping(t template.Mapping, facts mapping.Facts) {
	cfg := config(t)
	m := &Mapping{Config: cfg, Life: Life{State: mapping.Created(cfg), LastModified: now()}, Owner: Owner{Template: a.file, LogicalID: t.LogicalID}}
	there := a.p.mappings[t.UUID]
	switch {
	case a.mappings[t.UUID] != nil:
		a.fail(t.Pos, "mapping %s: the template declares its UUID %s twice", t.LogicalID, t.UUID)
		return
	case there != nil && there.Owner.Template != a.file:
		a.fail(t.Pos, "mapping %s: there is one with its UUID %s already, %s", t.LogicalID, t.UUID, whose(there.Owner))
		a.mappings[t.UUID] = there
		return
	case there == nil || there.State == mapping.Deleting:
	case sameConfig(there.Config, cfg) && there.Owner == m.Owner:
		a.mappings[t.UUID] = there
		return
	case there.State.Passing():
		m.State = mapping.Updating
	default:
		m.State, _ = there.State.Update(there.Config, cfg) // fails for passing states only
	}
	for _, e := range mapping.Validate(cfg, a.fit(cfg, facts)) {
		a.fail(t.Pos, "mapping %s: %w", t.LogicalID, e)
	}
	a.mappings[t.UUID] = m
	a.edits = append(a.edits, edit{key: mappingKey(t.UUID), mapping: m})
}

// fit completes facts by what will be there.
func (a *adoption) fit(cfg mapping.Config, facts mapping.Facts) mapping.Facts {
	facts.Timeout, facts.Function = a.p.target(cfg, a.functions)
	if facts.Function != nil {
		if n, err := a.p.parse(cfg.FunctionName, ""); err == nil {
			if f := a.p.functions[n.Name]; f != nil && f.Owner.Template != a.file {
				facts.Timeout, facts.Function = a.p.target(cfg, a.p.functions)
			}
		}
	}
	for _, other := range a.p.neighbours(cfg) {
		if m := a.p.mappings[other.UUID]; m == nil || m.Owner.Template != a.file {
			facts.Existing = append(facts.Existing, other)
		}
	}
	for _, m := range a.mappings {
		facts.Existing = append(facts.Existing, m.Config)
	}
	return facts
}

func (a *adoption) vanishedMappings() {
	for _, uuid := range sortedKeys(a.p.mappings) {
		m := a.p.mappings[uuid]
		if a.mappings[uuid] == nil && m.Owner.Template == a.file && m.State != mapping.Deleting {
			gone := *m
			gone.Life = Life{State: mapping.Deleting, LastModified: now()}
			a.edits = append(a.edits, edit{key: mappingKey(uuid), mapping: &gone})
		}
	}
}

// sameConfig compares settings as they are stored: an empty list is as good as
// none.
func sameConfig(a, b mapping.Config) bool {
	if !reflect.DeepEqual(a.Settings, b.Settings) {
		return false
	}
	was, err := json.Marshal(a)
	is, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(was, is)
}

func config(t template.Mapping) mapping.Config {
	cfg := t.Config
	cfg.UUID = t.UUID
	return cfg
}
