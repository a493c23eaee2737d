package store_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/penstock/penstock/store"
)

// A key that two change at once: the second is told, and reads again.
func ExampleSet() {
	ctx, s := context.Background(), store.Memory()
	defer s.Close()

	first, _ := store.Set(ctx, s, "mapping/1", []byte(`{"BatchSize":10}`), store.Absent)
	_, _ = store.Set(ctx, s, "mapping/1", []byte(`{"BatchSize":20}`), first)
	_, err := store.Set(ctx, s, "mapping/1", []byte(`{"BatchSize":30}`), first)
	fmt.Println(errors.Is(err, store.ErrConflict))
	fmt.Println(err)

	pair, _ := s.Get(ctx, "mapping/1")
	fmt.Printf("%s\n", pair.Value)
	// Output:
	// true
	// key "mapping/1": changed by somebody else: want revision 1, have revision 2
	// {"BatchSize":20}
}

// A delivery that fails is tried again later, with what is known of the first
// attempt.
func ExampleDue() {
	ctx, s := context.Background(), store.Memory()
	defer s.Close()

	_, _ = s.Commit(ctx, store.Txn{Queue: []store.Item{{Queue: "greet", Payload: []byte(`{"name":"Ada"}`)}}})

	list, _ := s.Claim(ctx, "greet", 10, time.Second)
	fmt.Printf("%s\n", list[0].Payload)
	_, _ = s.Commit(ctx, store.Txn{Hold: []store.Hold{{ID: list[0].ID, Due: time.Now(), Note: []byte("1 attempt")}}})

	list, _ = s.Claim(ctx, "greet", 10, time.Second)
	fmt.Printf("%s after %s\n", list[0].Payload, list[0].Note)
	_ = s.Ack(ctx, list[0].ID)

	n, _ := s.Count(ctx, "greet")
	fmt.Println(n, "left")
	// Output:
	// {"name":"Ada"}
	// {"name":"Ada"} after 1 attempt
	// 0 left
}

// What is written under a lease is refused once somebody else has it.
func ExampleLeases() {
	ctx, s := context.Background(), store.Memory()
	defer s.Close()

	mine, _ := s.Acquire(ctx, "shard-1", "node-a", time.Minute)
	_, err := s.Acquire(ctx, "shard-1", "node-b", time.Minute)
	fmt.Println(errors.Is(err, store.ErrHeld))
	_ = s.Release(ctx, mine)
	_, _ = s.Acquire(ctx, "shard-1", "node-b", time.Minute)

	_, err = s.Commit(ctx, store.Txn{
		Fence: []store.Lease{mine},
		Put:   []store.Put{{Key: "checkpoint/shard-1", Value: []byte("42")}},
	})
	fmt.Println(errors.Is(err, store.ErrLost))
	// Output:
	// true
	// true
}
