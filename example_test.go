package penstock_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

// A function in this process reads a queue until its work is done. A daemon
// would use sources/all.Kinds() and a context that a signal ends.
func ExampleServer() {
	ctx, cancel := context.WithCancel(context.Background())
	queue := &memory.Queue{}
	queue.PutBodies(`{"order":1}`)

	server := &penstock.Server{
		Kinds: []sources.Kind{queue.Kind()},
		Functions: map[string]invoke.Function{
			"greet": {Target: invoke.Func(func(event json.RawMessage) error {
				fmt.Println("hello,", string(event))
				return nil
			})},
		},
		Mappings: []mapping.Config{
			{EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:orders", FunctionName: "greet", BatchSize: 10},
		},
		Observe: func(s poller.Step) {
			if s.Action == poller.Settled {
				cancel()
			}
		},
	}
	if err := server.Run(ctx); err != nil { // blocks; settles what is in hand
		fmt.Println(err)
	}
	// Output: hello, {"Records":[{"order":1}]}
}
