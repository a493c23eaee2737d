package main

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
	sqssource "github.com/penstock/penstock/sources/sqs"
)

// A function takes an event, or what the raw loop has in its place: the bodies
// of a batch.
type function func(event []byte)

// consume runs penstock with one mapping from the queue to f until ctx is
// done and all is settled. With pollers zero they come and go as needed.
func (l *lab) consume(ctx context.Context, q *queue, pollers int, f function) error {
	cfg := mapping.Config{EventSourceArn: q.arn, FunctionName: "bench", BatchSize: 10}
	if pollers > 0 {
		cfg.ProvisionedPollerConfig = &mapping.ProvisionedPollerConfig{MinimumPollers: &pollers, MaximumPollers: &pollers}
	}
	target := invoke.Bytes(func(_ context.Context, event []byte) ([]byte, error) {
		f(event)
		return nil, nil
	})
	server := &penstock.Server{
		Kinds:     []sources.Kind{sqssource.Kind(&l.network)},
		Functions: map[string]invoke.Function{"bench": {Target: target}},
		Mappings:  []mapping.Config{cfg},
		Endpoint:  func(string) sources.Endpoint { return sources.Endpoint{URL: l.queues.url} },
	}
	return server.Run(ctx)
}

// loop is the raw loop: it receives, calls f with the bodies and deletes, in so
// many pollers, until ctx is done.
func (q *queue) loop(ctx context.Context, pollers int, f function) error {
	errs := make([]error, pollers)
	var wg sync.WaitGroup
	for i := range pollers {
		wg.Go(func() { errs[i] = q.poll(ctx, f) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (q *queue) poll(ctx context.Context, f function) error {
	for ctx.Err() == nil {
		messages, err := q.receive(ctx)
		switch {
		case ctx.Err() != nil && err != nil:
			return nil
		case err != nil:
			return err
		case len(messages) == 0:
			continue
		}
		var bodies strings.Builder
		for i := range messages {
			bodies.WriteString(*messages[i].Body)
		}
		f([]byte(bodies.String()))
		if err := q.remove(context.WithoutCancel(ctx), messages); err != nil {
			return err
		}
	}
	return nil
}
