package poller_test

import (
	"context"
	"fmt"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

// A Queue moves records from a feed to a target until its context is done.
func ExampleQueue() {
	orders := &memory.Queue{}
	orders.PutBodies(`{"order":1}`, `{"order":2}`)
	kind := orders.Kind()

	ctx, stop := context.WithCancel(context.Background())
	engine := poller.Queue{
		Pipe: poller.Pipe{
			Shape: kind.Shape,
			Target: invoke.Bytes(func(_ context.Context, event []byte) ([]byte, error) {
				fmt.Printf("%s\n", event)
				stop() // what is in hand is settled all the same
				return nil, nil
			}),
			Policy: mapping.PolicyFor(mapping.Config{}, kind),
		},
		Feed:      orders.Open(sources.Spec{}),
		Limits:    kind.Limits,
		BatchSize: 10,
	}
	engine.Run(ctx)
	fmt.Println(orders.Counts().Acked, "acknowledged")
	// Output:
	// {"Records":[{"order":1},{"order":2}]}
	// 2 acknowledged
}

// Ledger, metrics and captures are derived from the steps of an engine.
func ExamplePipe_observe() {
	orders := &memory.Queue{MaxReceives: 1}
	orders.PutBodies(`{"order":1}`, `{"order":2}`)
	kind := orders.Kind()

	ctx, stop := context.WithCancel(context.Background())
	engine := poller.Queue{
		Pipe: poller.Pipe{
			Name:  "orders",
			Shape: kind.Shape,
			Target: invoke.Func(func() (map[string]any, error) {
				failed := []map[string]string{{"itemIdentifier": "msg-2"}}
				return map[string]any{"batchItemFailures": failed}, nil
			}),
			Policy: mapping.PolicyFor(mapping.Config{FunctionResponseTypes: []string{mapping.PartialFailures}}, kind),
			Observe: func(s poller.Step) {
				fmt.Println(s.Mapping, s.Action, len(s.Records))
				if s.Action == poller.Settled {
					stop()
				}
			},
		},
		Feed:       orders.Open(sources.Spec{}),
		Limits:     kind.Limits,
		MaxPollers: 1,
	}
	engine.Run(ctx)
	// Output:
	// orders received 2
	// orders delivered 2
	// orders settled 1
}

// Deliver carries a batch by hand: replay does so.
func ExamplePipe_Deliver() {
	orders := &memory.Queue{}
	pipe := poller.Pipe{
		Shape:  orders.Kind().Shape,
		Target: invoke.Func(func() error { return fmt.Errorf("out of stock") }),
	}
	pipe.Policy.Retries = 1
	batch := []sources.Record{{ID: "msg-1", Body: []byte(`{"order":1}`)}}
	first := pipe.Deliver(context.Background(), pipe.Target, batch, mapping.Past{})
	fmt.Println("again in", first.Parts[0].Wait)
	second := pipe.Deliver(context.Background(), pipe.Target, batch, first.Parts[0].Past)
	fmt.Println(len(second.Dead), second.Cause)
	// Output:
	// again in 500ms
	// 1 RetryAttemptsExhausted
}
