package control

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/store"
)

// A Mapping is what is recorded of an event source mapping.
type Mapping struct {
	Config mapping.Config // with its UUID and tags
	Life
	Owner Owner
	// Trouble is why an enabled mapping does not run. Empty: it does, or waits
	// for its function to be built.
	Trouble string

	function string // bare name
	revision store.Revision
}

// Life is where a mapping is in its life.
type Life struct {
	State        mapping.State
	LastModified time.Time
}

// Describe is a mapping as the Lambda API shows it.
func (p *Plane) Describe(m Mapping) mapping.Description {
	return mapping.Describe(m.Config, mapping.Status{
		Region: p.o.Region, Account: p.o.Account, Limits: p.limits(m.Config),
		State: m.State, LastModified: m.LastModified,
	})
}

// MappingARN is the ARN of a mapping.
func (p *Plane) MappingARN(m Mapping) string {
	return mapping.MappingARN(p.arn(m.function), m.Config.UUID)
}

func (p *Plane) limits(cfg mapping.Config) (l sources.Limits) {
	if k := p.kind(cfg); k != nil {
		l = k.Limits
	}
	return l
}

func (p *Plane) kind(cfg mapping.Config) *sources.Kind {
	for i := range p.o.Kinds {
		if p.o.Kinds[i].Matches(sources.Spec{ARN: cfg.EventSourceArn, Region: p.o.Region, Account: p.o.Account, Settings: cfg.Settings}) {
			return &p.o.Kinds[i]
		}
	}
	return nil
}

// CreateMapping records a mapping, which is Creating until Run has started it,
// or Disabled if it is not to run. cfg.UUID is not taken.
func (p *Plane) CreateMapping(ctx context.Context, cfg mapping.Config) (Mapping, error) {
	if err := checkTags(nil, cfg.Tags); err != nil {
		return Mapping{}, err
	}
	cfg.UUID = p.o.NewID()
	give, err := p.take(ctx, mappingKey(cfg.UUID))
	if err != nil {
		return Mapping{}, err
	}
	defer give()
	free, err := p.claim(ctx, cfg)
	if err != nil {
		return Mapping{}, err
	}
	defer free()
	m := &Mapping{Config: cfg, Life: Life{State: mapping.Created(cfg), LastModified: now()}}
	if err := p.write(ctx, edit{key: mappingKey(cfg.UUID), mapping: m}); err != nil {
		return Mapping{}, err
	}
	return *m, nil
}

// claim checks the settings of a mapping, and keeps its function and source for
// it until free: of two alike that are created at once one is a duplicate.
func (p *Plane) claim(ctx context.Context, cfg mapping.Config) (free func(), err error) {
	facts := mapping.Facts{Region: p.o.Region, Account: p.o.Account, Now: time.Now()}
	if k := p.kind(cfg); k != nil {
		facts.Limits = &k.Limits
	}
	if p.o.Source != nil && facts.Limits != nil {
		facts.Queue, facts.Source = p.o.Source(ctx, cfg)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	facts.Timeout, facts.Function = p.target(cfg, p.functions)
	facts.Existing = p.neighbours(cfg)
	if errs := mapping.Validate(cfg, facts); len(errs) > 0 {
		return nil, fieldRefusal(errs)
	}
	p.claims[cfg.UUID] = cfg
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.claims, cfg.UUID)
	}, nil
}

// target is the timeout of a mapping's function, and why it is none of functions.
func (p *Plane) target(cfg mapping.Config, functions map[string]*Function) (timeout time.Duration, missing error) {
	n, err := p.parse(cfg.FunctionName, "")
	if err != nil {
		return 0, err
	}
	f := functions[n.Name]
	if f == nil || n.Account != p.o.Account || n.Qualifier != "" && n.Qualifier != latest {
		return 0, notFound(n.ARN())
	}
	return time.Duration(f.Timeout) * time.Second, nil
}

// neighbours are the mappings that one could be a duplicate of. p.mu is held.
func (p *Plane) neighbours(cfg mapping.Config) (list []mapping.Config) {
	for _, m := range p.mappings {
		if near(&cfg, &m.Config) {
			list = append(list, m.Config)
		}
	}
	for _, other := range p.claims {
		if near(&cfg, &other) {
			list = append(list, other)
		}
	}
	return list
}

// near says that two mappings may read the same: all others need not be looked
// at.
func near(a, b *mapping.Config) bool {
	return a.EventSourceArn == b.EventSourceArn || kafka(a) && kafka(b)
}

// GetMapping finds a mapping.
func (p *Plane) GetMapping(uuid string) (Mapping, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.mappings[uuid]
	if m == nil {
		return Mapping{}, noMapping()
	}
	return p.seen(m), nil
}

// inUse is a refusal of the life cycle.
func inUse(err error) error {
	if e := (mapping.FieldError{}); errors.As(err, &e) {
		return fieldRefusal([]mapping.FieldError{e})
	}
	return err
}

func noMapping() error {
	return refuse(mapping.ResourceNotFound, "The resource you requested does not exist.")
}

// seen is a mapping with what is known beside its record. p.mu is held.
func (p *Plane) seen(m *Mapping) Mapping {
	out := *m
	out.Trouble = p.troubles[m.Config.UUID]
	return out
}

// ListMappings returns a page of mappings, at most 100, and the marker of the
// next one: empty at the end. A function, in any form of its name, and a source
// narrow the list if they are not empty; a name without qualifier stands for all
// of its qualifiers.
func (p *Plane) ListMappings(function, source, marker string, max int) ([]Mapping, string, error) {
	want := ""
	if function != "" {
		n, err := p.parse(function, "")
		if err != nil {
			return nil, "", err
		}
		want = n.ARN()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	uuids := []string{}
	for uuid, m := range p.mappings {
		if source != "" && m.Config.EventSourceArn != source {
			continue
		}
		if want != "" {
			arn, _ := mapping.FunctionARN(m.Config.FunctionName, p.o.Region, p.o.Account)
			if arn != want && !strings.HasPrefix(arn, want+":") {
				continue
			}
		}
		uuids = append(uuids, uuid)
	}
	uuids, next, err := page(uuids, "mappings\n"+function+"\n"+source, marker, max, 100)
	list := make([]Mapping, len(uuids))
	for i, uuid := range uuids {
		list[i] = p.seen(p.mappings[uuid])
	}
	return list, next, err
}

// UpdateMapping changes the settings that the body of an update request names.
// unknown are members that the service's model does not have.
func (p *Plane) UpdateMapping(ctx context.Context, uuid string, body []byte) (m Mapping, unknown []string, err error) {
	give, err := p.take(ctx, mappingKey(uuid))
	if err != nil {
		return m, nil, err
	}
	defer give()
	m, err = p.GetMapping(uuid)
	if err != nil {
		return m, nil, err
	}
	cfg, unknown, errs := mapping.DecodeUpdate(m.Config, body)
	if len(errs) > 0 {
		return m, unknown, fieldRefusal(errs)
	}
	if err := owned("event source mapping", uuid, m.Owner); err != nil {
		return m, unknown, err
	}
	cfg.UUID = uuid
	state, err := m.State.Update(m.Config, cfg)
	if err != nil {
		return m, unknown, inUse(err)
	}
	free, err := p.claim(ctx, cfg)
	if err != nil {
		return m, unknown, err
	}
	defer free()
	next := &Mapping{Config: cfg, Life: Life{State: state, LastModified: now()}, Owner: m.Owner}
	if err := p.write(ctx, edit{key: mappingKey(uuid), mapping: next}); err != nil {
		return m, unknown, err
	}
	return *next, unknown, nil
}

// DeleteMapping makes a mapping Deleting; it is gone when Run has stopped it.
func (p *Plane) DeleteMapping(ctx context.Context, uuid string) (Mapping, error) {
	give, err := p.take(ctx, mappingKey(uuid))
	if err != nil {
		return Mapping{}, err
	}
	defer give()
	m, err := p.GetMapping(uuid)
	if err != nil {
		return m, err
	}
	if err := owned("event source mapping", uuid, m.Owner); err != nil {
		return m, err
	}
	state, err := m.State.Delete()
	if err != nil {
		return m, inUse(err)
	}
	next := m
	next.Life, next.Trouble = Life{State: state, LastModified: now()}, ""
	if err := p.write(ctx, edit{key: mappingKey(uuid), mapping: &next}); err != nil {
		return m, err
	}
	return next, nil
}

// kafka says that a mapping has a consumer group.
func kafka(c *mapping.Config) bool {
	return c.AmazonManagedKafkaEventSourceConfig != nil || c.SelfManagedKafkaEventSourceConfig != nil
}
