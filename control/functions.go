package control

import (
	"context"
	"slices"
	"strings"

	"github.com/penstock/penstock/mapping"
)

// A FunctionInput describes a function to be created.
type FunctionInput struct {
	Name string // any unqualified form
	Configuration
	Code CodeSource
	Tags map[string]string
}

// CreateFunction records a function, which is Pending until Run has built it.
func (p *Plane) CreateFunction(ctx context.Context, in FunctionInput) (Function, error) {
	if err := tooLarge(in.Code); err != nil {
		return Function{}, err
	}
	n, err := p.fresh(in.Name)
	if err != nil {
		return Function{}, err
	}
	if err := in.Configuration.check(defaults(n.Name)); err != nil {
		return Function{}, err
	}
	if in.Runtime == "" || in.Handler == "" {
		return Function{}, invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	if err := checkTags(nil, in.Tags); err != nil {
		return Function{}, err
	}
	give, err := p.take(ctx, functionKey(n.Name))
	if err != nil {
		return Function{}, err
	}
	defer give()
	if there, _ := p.find(n); there != nil {
		return Function{}, refuse(mapping.ResourceConflict, "Function already exist: %s", n.Name)
	}
	code, unpin, err := p.fetch(ctx, in.Code)
	if err != nil {
		return Function{}, err
	}
	defer unpin()
	f := p.created(n.Name, Deployed{Configuration: defaults(n.Name).with(in.Configuration), Code: code})
	if len(in.Tags) > 0 {
		f.Tags = in.Tags
	}
	if err := p.write(ctx, edit{key: functionKey(n.Name), function: f}); err != nil {
		return Function{}, err
	}
	return p.shown(f, ""), nil
}

// created is the record of a new function.
func (p *Plane) created(name string, d Deployed) *Function {
	d.ID = p.o.NewID()
	return &Function{
		Name: name, Deployed: d, RevisionID: p.o.NewID(), LastModified: now(),
		State: Pending, StateReason: creatingReason, StateReasonCode: creatingCode,
	}
}

// updated is the record of a function that is to run d from now on.
func (p *Plane) updated(f *Function, d Deployed) *Function {
	next := *f
	if next.Serving == nil && next.State == Active {
		next.Serving = &f.Deployed
	}
	d.ID = p.o.NewID()
	next.Deployed = d
	next.RevisionID, next.LastModified = p.o.NewID(), now()
	if next.State == Pending {
		return &next // of a template; the API refuses
	}
	next.LastUpdateStatus, next.LastUpdateStatusReason, next.LastUpdateStatusReasonCode = InProgress, creatingReason, creatingCode
	return &next
}

// shown is a function as it was asked for.
func (p *Plane) shown(f *Function, qualifier string) Function {
	out := *f
	out.ARN = p.arn(f.Name)
	if qualifier != "" {
		out.ARN += ":" + qualifier
	}
	return out
}

// GetFunction finds a function by any form of its name, with or without a
// qualifier beside it.
func (p *Plane) GetFunction(name, qualifier string) (Function, error) {
	n, err := p.parse(name, qualifier)
	if err != nil {
		return Function{}, err
	}
	f, err := p.find(n)
	if err != nil {
		return Function{}, err
	}
	return p.shown(f, n.Qualifier), nil
}

// ListFunctions returns a page of functions by name, at most 50, and the marker
// of the next one: empty at the end. max below 1: 50.
func (p *Plane) ListFunctions(marker string, max int) ([]Function, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	names := make([]string, 0, len(p.functions))
	for name := range p.functions {
		names = append(names, name)
	}
	names, next, err := page(names, "functions", marker, max, 50)
	list := make([]Function, len(names))
	for i, name := range names {
		list[i] = p.shown(p.functions[name], "")
	}
	return list, next, err
}

// A CodeUpdate is new code for a function.
type CodeUpdate struct {
	Name          string
	Code          CodeSource
	Architectures []string // nil: as they are
	RevisionID    string   // empty: no condition
	// DryRun checks everything and stores nothing.
	DryRun bool
}

// UpdateFunctionCode records new code. What ran runs on until it is built.
func (p *Plane) UpdateFunctionCode(ctx context.Context, in CodeUpdate) (Function, error) {
	if err := tooLarge(in.Code); err != nil {
		return Function{}, err
	}
	return p.update(ctx, in.Name, in.RevisionID, in.DryRun, func(d Deployed) (Deployed, func(), error) {
		code, unpin, err := p.fetch(ctx, in.Code)
		d.Code = code
		d.Configuration = d.with(Configuration{Architectures: in.Architectures})
		return d, unpin, err
	})
}

// A ConfigurationUpdate is new configuration for a function: the members that
// are given.
type ConfigurationUpdate struct {
	Name string
	Configuration
	RevisionID string // empty: no condition
}

// UpdateFunctionConfiguration records new configuration. What ran runs on, as it
// was configured, until it is built again.
func (p *Plane) UpdateFunctionConfiguration(ctx context.Context, in ConfigurationUpdate) (Function, error) {
	return p.update(ctx, in.Name, in.RevisionID, false, func(d Deployed) (Deployed, func(), error) {
		if err := in.Configuration.check(d.Configuration); err != nil {
			return d, nil, err
		}
		d.Configuration = d.with(in.Configuration)
		return d, func() {}, nil
	})
}

// update changes what a function runs.
func (p *Plane) update(ctx context.Context, name, revision string, dry bool, change func(Deployed) (Deployed, func(), error)) (Function, error) {
	n, err := p.plain(name)
	if err != nil {
		return Function{}, err
	}
	give, err := p.take(ctx, functionKey(n.Name))
	if err != nil {
		return Function{}, err
	}
	defer give()
	f, err := p.find(n)
	if err != nil {
		return Function{}, err
	}
	if revision != "" && revision != f.RevisionID {
		return Function{}, refuse(preconditionFailed, wrongRevision)
	}
	if err := owned("function", n.Name, f.Owner); err != nil {
		return Function{}, err
	}
	d, unpin, err := change(f.Deployed)
	if err != nil {
		return Function{}, err
	}
	defer unpin()
	switch {
	case f.State == Pending:
		return Function{}, notNow(Pending)
	case f.LastUpdateStatus == InProgress:
		return Function{}, refuse(mapping.ResourceConflict, "The operation cannot be performed at this time. An update is in progress for resource: %s", p.arn(n.Name))
	}
	if dry {
		preview := *f
		preview.Deployed = d
		return p.shown(&preview, ""), nil
	}
	next := p.updated(f, d)
	if err := p.write(ctx, edit{key: functionKey(n.Name), function: next}); err != nil {
		return Function{}, err
	}
	return p.shown(next, ""), nil
}

func notNow(state string) error {
	return refuse(mapping.ResourceConflict, "The operation cannot be performed at this time. The function is currently in the following state: %s", state)
}

// DeleteFunction removes a function; its mappings stay, and do nothing. With a
// qualifier it would remove a version: of these there are none, which AWS does
// not mind.
func (p *Plane) DeleteFunction(ctx context.Context, name, qualifier string) error {
	n, err := p.parse(name, qualifier)
	if err != nil {
		return err
	}
	q := n.Qualifier
	number := strings.Trim(q, "0123456789") == ""
	n.Qualifier = ""
	switch {
	case q == latest:
		return invalid("$LATEST version cannot be deleted without deleting the function.")
	case strings.HasPrefix(q, "$"):
		return notFound(n.ARN())
	case !number:
		return invalid("Deletion of aliases is not currently supported.")
	}
	give, err := p.take(ctx, functionKey(n.Name))
	if err != nil {
		return err
	}
	defer give()
	f, err := p.find(n)
	if err != nil || q != "" {
		return err
	}
	if err := owned("function", n.Name, f.Owner); err != nil {
		return err
	}
	return p.write(ctx, edit{key: functionKey(n.Name)})
}

// sortedKeys are those of a map, in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
