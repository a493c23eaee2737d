package penstock

import (
	"errors"
	"fmt"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

// A layout is what a Server is to run: checked, nothing started.
type layout struct {
	functions map[string]invoke.Function // as given
	held      map[string]*function       // what the engines invoke
	engines   map[string]*engine
	order     []string // UUIDs as the mappings were given
}

// plan checks everything and builds the engines. Functions that the server
// holds already are kept in place, so that engines that stay do not notice.
func (s *Server) plan(functions map[string]invoke.Function, mappings []mapping.Config) (layout, error) {
	l := layout{functions: functions, held: map[string]*function{}, engines: map[string]*engine{}}
	errs := s.checkKinds()
	table := map[string]invoke.Function{}
	for name, f := range functions {
		if err := invoke.Check(f.Target); err != nil {
			errs = append(errs, fmt.Errorf("function %s: %w", name, err))
			continue
		}
		held, ok := s.functions[name]
		if !ok {
			held = newFunction()
		}
		l.held[name] = held
		table[name] = invoke.Function{Target: held, Timeout: f.Timeout, RoleARN: f.RoleARN}
	}
	resolver, err := invoke.NewFunctions(s.region(), s.account(), table, s.NewID)
	if err != nil {
		return l, errors.Join(append(errs, err)...)
	}
	var existing []mapping.Config
	for _, cfg := range mappings {
		arn, f, missing := resolver.Resolve(cfg.FunctionName)
		if cfg.UUID == "" {
			cfg.UUID = derivedID(cfg.EventSourceArn, arn, fmt.Sprint(cfg.Settings))
		}
		e, found := s.engineFor(cfg, arn, f, missing, existing)
		errs = append(errs, found...)
		if e != nil && cfg.On() {
			l.engines[cfg.UUID] = e
			l.order = append(l.order, cfg.UUID)
		}
		existing = append(existing, cfg)
	}
	return l, errors.Join(errs...)
}

func (s *Server) checkKinds() (errs []error) {
	seen := map[string]bool{}
	for _, k := range s.Kinds {
		switch {
		case k.Name == "" || k.Queue == nil || k.Shape.Event == nil:
			errs = append(errs, fmt.Errorf("kind %q: needs a name, a shape and a constructor", k.Name))
		case seen[k.Name]:
			errs = append(errs, fmt.Errorf("kind %q: the name is taken by another", k.Name))
		}
		seen[k.Name] = true
	}
	return errs
}

// engineFor builds the engine of one mapping.
func (s *Server) engineFor(cfg mapping.Config, arn string, f invoke.Function, missing error, existing []mapping.Config) (*engine, []error) {
	spec := s.spec(cfg, f)
	facts := mapping.Facts{
		Region: s.region(), Account: s.account(), Now: time.Now(),
		Function: missing, Timeout: f.Timeout, Existing: existing,
	}
	kind, known := s.kindOf(spec)
	if known {
		facts.Limits = &kind.Limits
	}
	var errs []error
	for _, e := range mapping.Validate(cfg, facts) {
		errs = append(errs, fmt.Errorf("mapping of %s and %s: %w", cfg.EventSourceArn, cfg.FunctionName, e))
	}
	for _, other := range existing {
		if other.UUID == cfg.UUID {
			errs = append(errs, fmt.Errorf("mapping of %s and %s: the UUID %s is taken by another", cfg.EventSourceArn, cfg.FunctionName, cfg.UUID))
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	e, err := s.engine(cfg, kind, spec, arn, f)
	if err != nil {
		return nil, []error{err}
	}
	return e, nil
}

// spec says how a mapping's source is opened.
func (s *Server) spec(cfg mapping.Config, f invoke.Function) sources.Spec {
	spec := sources.Spec{
		ARN: cfg.EventSourceArn, Region: s.region(), Account: s.account(),
		Window: cfg.Window(), Timeout: f.Timeout, RoleARN: f.RoleARN, Settings: cfg.Settings,
	}
	if source, err := cfg.Source(); err == nil && source.Region != "" {
		spec.Region, spec.Account = source.Region, source.Account
	}
	if s.Endpoint != nil {
		spec.Endpoint = s.Endpoint(cfg.EventSourceArn)
	}
	return spec
}

func (s *Server) kindOf(spec sources.Spec) (sources.Kind, bool) {
	for _, k := range s.Kinds {
		if k.Matches(spec) {
			return k, true
		}
	}
	return sources.Kind{}, false
}

// adopt puts the functions of a layout in place.
func (s *Server) adopt(l layout) {
	for name, held := range l.held {
		held.become(l.functions[name], s.NewID)
	}
	s.mu.Lock()
	s.functions = l.held
	s.mu.Unlock()
}
