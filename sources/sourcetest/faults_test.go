package sourcetest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

// cut makes a call take any number of records, dropping what is too much.
func cut(call func(context.Context, []sources.Record) error) func(context.Context, []sources.Record) error {
	return func(ctx context.Context, r []sources.Record) error { return call(ctx, r[:min(len(r), 10)]) }
}

// each changes every record received.
func each(m *mutant, change func(*sources.Record)) {
	m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
		records, err := m.Queue.Receive(ctx, max, wait)
		for i := range records {
			change(&records[i])
		}
		return records, err
	}
}

// wrongName makes a partial failure name another record of the call.
func wrongName(call func(context.Context, []sources.Record) error) func(context.Context, []sources.Record) error {
	return func(ctx context.Context, r []sources.Record) error {
		err := call(ctx, r)
		var failed *sources.Failed
		if errors.As(err, &failed) && len(failed.Records) < len(r) {
			return &sources.Failed{Records: r[:1], Err: failed.Err}
		}
		return err
	}
}

// faults are what implementers get wrong, each with the case that must see it.
var faults = []struct {
	name, caught string
	queue        func() *memory.Queue
	// seed makes the fault; release lets go of what the mutant holds on to.
	seed func(m *mutant, q *memory.Queue) (release func())
}{
	{"ack does nothing", "ack", standard, func(m *mutant, _ *memory.Queue) func() {
		m.ack = func(context.Context, []sources.Record) error { return nil }
		return nil
	}},
	{"nack does nothing", "nack", standard, func(m *mutant, _ *memory.Queue) func() {
		m.nack = func(context.Context, []sources.Record) error { return nil }
		return nil
	}},
	{"hold does nothing", "hold", holder, func(m *mutant, _ *memory.Queue) func() {
		m.hold = func(context.Context, []sources.Held) error { return nil }
		return nil
	}},
	{"hold forgets the note", "hold", holder, func(m *mutant, _ *memory.Queue) func() {
		m.hold = func(ctx context.Context, held []sources.Held) error {
			for i := range held {
				held[i].Note = nil
			}
			return m.Queue.(sources.Holder).Hold(ctx, held)
		}
		return nil
	}},
	{"visibility in milliseconds", "loan", standard, func(_ *mutant, q *memory.Queue) func() {
		q.Visibility = 30 * time.Millisecond
		return nil
	}},
	{"loan in milliseconds", "loan", standard, func(m *mutant, _ *memory.Queue) func() {
		each(m, func(r *sources.Record) { r.Loan = time.Now().Add(30 * time.Millisecond) })
		return nil
	}},
	{"loan is not set", "loan", standard, func(m *mutant, _ *memory.Queue) func() {
		each(m, func(r *sources.Record) { r.Loan = time.Time{} })
		return nil
	}},
	{"wait in milliseconds", "wait", standard, func(m *mutant, _ *memory.Queue) func() {
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			return m.Queue.Receive(ctx, max, wait/1000)
		}
		return nil
	}},
	{"wait is always the longest", "wait", standard, func(m *mutant, _ *memory.Queue) func() {
		m.receive = func(ctx context.Context, max int, _ time.Duration) ([]sources.Record, error) {
			return m.Queue.Receive(ctx, max, 20*time.Second)
		}
		return nil
	}},
	{"wait ignored", "wait", standard, func(m *mutant, _ *memory.Queue) func() {
		m.receive = func(ctx context.Context, max int, _ time.Duration) ([]sources.Record, error) {
			return m.Queue.Receive(ctx, max, 0)
		}
		return nil
	}},
	{"looks only at the end of the wait", "a record ends the wait", standard, func(m *mutant, _ *memory.Queue) func() {
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
			return m.Queue.Receive(ctx, max, 0)
		}
		return nil
	}},
	{"cancel ignored", "cancel", standard, func(m *mutant, _ *memory.Queue) func() {
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			return m.Queue.Receive(context.WithoutCancel(ctx), max, wait)
		}
		return nil
	}},
	{"max ignored", "max", standard, func(m *mutant, _ *memory.Queue) func() {
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			return m.Queue.Receive(ctx, 10, wait)
		}
		return nil
	}},
	{"no ID", "records are well formed", standard, func(m *mutant, _ *memory.Queue) func() {
		each(m, func(r *sources.Record) { r.ID = "" })
		return nil
	}},
	{"one ID for all", "records are well formed", standard, func(m *mutant, _ *memory.Queue) func() {
		each(m, func(r *sources.Record) { r.ID = "id" })
		return nil
	}},
	{"body not JSON", "records are well formed", func() *memory.Queue {
		return &memory.Queue{Render: func(m memory.Message, _ sources.Spec) json.RawMessage { return json.RawMessage(m.Body) }}
	}, func(*mutant, *memory.Queue) func() { return nil }},
	{"receives do not count", "loan", standard, func(m *mutant, _ *memory.Queue) func() {
		each(m, func(r *sources.Record) { r.Receives = 1 })
		return nil
	}},
	{"goroutine leaked by receive", "max", standard, func(m *mutant, _ *memory.Queue) func() {
		hold := make(chan struct{})
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			go func() { <-hold }()
			return m.Queue.Receive(ctx, max, wait)
		}
		return func() { close(hold) }
	}},
	{"goroutine that outlives a cancel", "cancel", standard, func(m *mutant, _ *memory.Queue) func() {
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			c := make(chan reply, 1)
			go func() {
				records, err := m.Queue.Receive(context.WithoutCancel(ctx), max, wait)
				c <- reply{records, err, 0}
			}()
			select {
			case r := <-c:
				return r.records, r.err
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return func() { time.Sleep(20 * time.Second) }
	}},
	{"error of receive swallowed", "errors are errors", standard, func(m *mutant, _ *memory.Queue) func() {
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			records, err := m.Queue.Receive(ctx, max, wait)
			if err != nil && !errors.Is(err, sources.ErrTooMany) {
				err = nil
			}
			return records, err
		}
		return nil
	}},
	{"error of ack swallowed", "errors are errors", standard, func(m *mutant, _ *memory.Queue) func() {
		m.ack = func(ctx context.Context, r []sources.Record) error {
			err := m.Queue.Ack(ctx, r)
			if err != nil && !errors.Is(err, sources.ErrTooMany) {
				err = nil
			}
			return err
		}
		return nil
	}},
	{"receive keeps its arguments in the feed", "receives overlap", standard, func(m *mutant, _ *memory.Queue) func() {
		var mu sync.Mutex
		var deadline time.Time
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			mu.Lock()
			deadline = time.Now().Add(wait)
			mu.Unlock()
			for {
				got, err := m.Queue.Receive(ctx, max, 0)
				mu.Lock()
				over := !time.Now().Before(deadline)
				mu.Unlock()
				if len(got) > 0 || err != nil || over {
					return got, err
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
		return nil
	}},
	{"receive locks the feed while it waits", "receives overlap", standard, func(m *mutant, _ *memory.Queue) func() {
		lock := make(chan struct{}, 1)
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			lock <- struct{}{}
			defer func() { <-lock }()
			return m.Queue.Receive(ctx, max, wait)
		}
		return nil
	}},
	{"receive locks out ack", "receives overlap", standard, func(m *mutant, _ *memory.Queue) func() {
		var mu sync.Mutex
		waiting := 0
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			add := func(n int) { mu.Lock(); waiting += n; mu.Unlock() }
			add(1)
			defer add(-1)
			return m.Queue.Receive(ctx, max, wait)
		}
		m.ack = func(ctx context.Context, r []sources.Record) error {
			for {
				mu.Lock()
				busy := waiting > 0
				mu.Unlock()
				if !busy {
					return m.Queue.Ack(ctx, r)
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
		return nil
	}},
	{"receives share one buffer", "receives overlap", standard, func(m *mutant, _ *memory.Queue) func() {
		var mu sync.Mutex
		buffer := make([]sources.Record, 10)
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			got, err := m.Queue.Receive(ctx, max, wait)
			mu.Lock()
			defer mu.Unlock()
			return buffer[:copy(buffer, got)], err
		}
		return nil
	}},
	{"two receivers get the same record", "a crowd", standard, func(m *mutant, _ *memory.Queue) func() {
		var mu sync.Mutex
		var last []sources.Record
		var when time.Time
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			got, err := m.Queue.Receive(ctx, max, wait)
			mu.Lock()
			defer mu.Unlock()
			if len(got) == 0 && len(last) > 0 && !when.Equal(time.Now()) {
				again := last
				last = nil
				return again, nil
			}
			last, when = got, time.Now()
			return got, err
		}
		return nil
	}},
	{"too many received silently", "too many", standard, func(m *mutant, _ *memory.Queue) func() {
		m.receive = func(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
			return m.Queue.Receive(ctx, min(max, 10), wait)
		}
		return nil
	}},
	{"too many acknowledged silently", "too many", standard, func(m *mutant, _ *memory.Queue) func() {
		m.ack = cut(m.Queue.Ack)
		return nil
	}},
	{"too many returned silently", "too many", standard, func(m *mutant, _ *memory.Queue) func() {
		m.nack = cut(m.Queue.Nack)
		return nil
	}},
	{"a failed ack names another record", "partial failures", standard, func(m *mutant, _ *memory.Queue) func() {
		m.ack = wrongName(m.Queue.Ack)
		return nil
	}},
	{"a failed nack names another record", "partial failures", standard, func(m *mutant, _ *memory.Queue) func() {
		m.nack = wrongName(m.Queue.Nack)
		return nil
	}},
	{"a partial failure is swallowed", "partial failures", standard, func(m *mutant, _ *memory.Queue) func() {
		m.ack = func(ctx context.Context, r []sources.Record) error {
			err := m.Queue.Ack(ctx, r)
			var failed *sources.Failed
			if errors.As(err, &failed) && len(failed.Records) < len(r) {
				return nil
			}
			return err
		}
		return nil
	}},
	{"a partial failure is a failure of all", "partial failures", standard, func(m *mutant, _ *memory.Queue) func() {
		m.ack = func(ctx context.Context, r []sources.Record) error {
			if err := m.Queue.Ack(ctx, r); err != nil && !errors.Is(err, sources.ErrTooMany) {
				return &sources.Failed{Records: r, Err: err}
			} else {
				return err
			}
		}
		return nil
	}},
	{"groups are not named", "groups", fifo, func(m *mutant, _ *memory.Queue) func() {
		each(m, func(r *sources.Record) { r.Group = "" })
		return nil
	}},
	{"groups do not block", "groups", fifo, func(_ *mutant, q *memory.Queue) func() {
		q.FIFO = false
		return nil
	}},
}
