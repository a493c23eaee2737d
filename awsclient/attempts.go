package awsclient

import (
	"cmp"
	"context"
	"slices"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// Attempts counts the calls of services and what was sent for them, so that a
// retry cannot hide. The zero value is empty. It is safe for concurrent use.
type Attempts struct {
	mu     sync.Mutex
	counts map[operation]*Count
}

type operation struct{ service, name string }

// A Count is of one operation of one service.
type Count struct {
	// Service is the SDK's service id: "SQS". Operation: "ReceiveMessage".
	Service, Operation string
	// Calls counts calls, Attempts the requests made for them, Failures the
	// attempts that failed, those that were cancelled included. Attempts minus
	// Calls is the number of retries.
	Calls, Attempts, Failures uint64
}

// Snapshot returns the counts so far, ordered by service and operation.
func (a *Attempts) Snapshot() []Count {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]Count, 0, len(a.counts))
	for _, c := range a.counts {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(x, y Count) int {
		return cmp.Or(cmp.Compare(x.Service, y.Service), cmp.Compare(x.Operation, y.Operation))
	})
	return list
}

// add changes the count of the operation that ctx belongs to.
func (a *Attempts) add(ctx context.Context, change func(*Count)) {
	op := operation{awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)}
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.counts[op]
	if c == nil {
		if a.counts == nil {
			a.counts = map[operation]*Count{}
		}
		c = &Count{Service: op.service, Operation: op.name}
		a.counts[op] = c
	}
	change(c)
}

// count adds the counters to an operation's stack: one before the retry loop
// and one inside it.
func (a *Attempts) count(stack *middleware.Stack) error {
	calls := middleware.FinalizeMiddlewareFunc("penstock.Calls", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		a.add(ctx, func(c *Count) { c.Calls++ })
		return next.HandleFinalize(ctx, in)
	})
	attempts := middleware.FinalizeMiddlewareFunc("penstock.Attempts", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		a.add(ctx, func(c *Count) { c.Attempts++ })
		out, metadata, err := next.HandleFinalize(ctx, in)
		if err != nil {
			a.add(ctx, func(c *Count) { c.Failures++ })
		}
		return out, metadata, err
	})
	if err := stack.Finalize.Add(calls, middleware.Before); err != nil {
		return err
	}
	return stack.Finalize.Insert(attempts, "Retry", middleware.After)
}
