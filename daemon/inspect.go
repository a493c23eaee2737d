package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

// inspect asks the services for the sources of a stack, so that a queue that
// is missing, or hides messages for too short a time, shows before anything
// starts. A service that cannot be reached now is only warned about. Local
// sources are checked by the template alone: they are made from it.
func (s *service) inspect(ctx context.Context, stack *template.Stack) error {
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
		code = exitUsage
	)
	for i, m := range mappings(stack) {
		pos, id := stack.Mappings[i].Pos, stack.Mappings[i].LogicalID
		facts, _ := s.facts(stack, m, nil)
		wg.Go(func() {
			if err := s.ask(ctx, m, &facts); err != nil {
				facts.Source = err
			}
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(facts.Source, sources.ErrGone) || errors.Is(facts.Source, sources.ErrDenied) {
				code = exitEnvironment
			}
			for _, e := range mapping.Validate(m, facts) {
				err := fmt.Errorf("%s: mapping %s: %w", pos, id, e)
				if facts.Source != nil {
					err = fmt.Errorf("%w (%v; is it at another endpoint? see --endpoint and --local)", err, facts.Source)
				}
				errs = append(errs, err)
			}
			for _, e := range mapping.Warnings(m, facts) {
				s.log.Warn(fmt.Sprintf("%s: mapping %s: %v", pos, id, e))
			}
		})
	}
	wg.Wait()
	if len(errs) > 0 {
		return &exit{code, errors.Join(errs...)}
	}
	return nil
}

// ask fills in what the service says about a mapping's source.
func (s *service) ask(ctx context.Context, cfg mapping.Config, facts *mapping.Facts) error {
	if s.local != nil {
		return nil // the port is not served yet, and the template has the facts
	}
	spec := sources.Spec{ARN: cfg.EventSourceArn, Region: s.Region, Account: s.Account, Endpoint: s.endpoint(cfg.EventSourceArn), Settings: cfg.Settings}
	for _, k := range s.kinds {
		if !k.Matches(spec) {
			continue
		}
		if k.Inspect == nil {
			return nil
		}
		found, err := k.Inspect(ctx, spec)
		if err == nil {
			facts.Queue = &mapping.QueueFacts{VisibilityTimeout: found.Visibility, MaxReceiveCount: found.MaxReceives}
		}
		return err
	}
	return nil
}
