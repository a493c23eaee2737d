package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	drainMessages = 20_000
	drainPollers  = 4
	drainTime     = time.Minute // of one drain, at most
)

// mark is in every message once, so that functions can count.
const mark = "#"

// drain empties a full queue: messages a second, and CPU of this process (not
// of the server) for each.
func drain(ctx context.Context, l *lab) ([]figure, error) {
	q, err := l.queue(ctx, "drain")
	if err != nil {
		return nil, err
	}
	side := func(consume func(context.Context, function) error) sample {
		return func(ctx context.Context) ([]float64, error) { return drainOnce(ctx, q, consume) }
	}
	list, err := pairs(ctx, 5,
		side(func(ctx context.Context, f function) error { return q.loop(ctx, drainPollers, f) }),
		side(func(ctx context.Context, f function) error { return l.consume(ctx, q, drainPollers, f) }))
	if err != nil {
		return nil, err
	}
	rate, cpu := compare(list, 0), compare(list, 1)
	rate.what, rate.unit, rate.least = "drain over HTTP", "1/s", 0.9
	cpu.what, cpu.unit = "CPU of a message", "µs"
	return []figure{rate, cpu}, nil
}

// drainOnce fills the queue, then takes time and CPU from the first batch until
// the queue is empty and everything is settled.
func drainOnce(ctx context.Context, q *queue, consume func(context.Context, function) error) ([]float64, error) {
	if err := q.fill(ctx, drainMessages); err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	running, done := context.WithCancel(ctx)
	defer done()
	var seen atomic.Int64
	var first sync.Once // the clock starts when connections are open
	var began time.Time
	var cpu time.Duration
	err := consume(running, func(event []byte) {
		first.Do(func() { began, cpu = time.Now(), cpuTime() })
		if seen.Add(int64(bytes.Count(event, []byte(mark)))) >= drainMessages {
			done()
		}
	})
	took, used := time.Since(began), cpuTime()-cpu
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = q.empty(ctx)
	}
	if n := seen.Load(); err == nil && n != drainMessages {
		err = fmt.Errorf("%d messages came, must be %d", n, drainMessages)
	}
	if err != nil {
		return nil, err
	}
	return []float64{drainMessages / took.Seconds(), float64(used.Microseconds()) / drainMessages}, nil
}

// fill sends n messages of 200 bytes.
func (q *queue) fill(ctx context.Context, n int) error {
	const senders = 4
	body := aws.String(mark + strings.Repeat("x", 200-len(mark)))
	var left atomic.Int64
	left.Store(int64(n / 10))
	results := make(chan error, senders)
	for range senders {
		go func() {
			entries := make([]types.SendMessageBatchRequestEntry, 10)
			for i := range entries {
				entries[i] = types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), MessageBody: body}
			}
			for left.Add(-1) >= 0 {
				out, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: aws.String(q.url), Entries: entries})
				if err == nil && len(out.Failed) > 0 {
					err = fmt.Errorf("%d messages were not sent", len(out.Failed))
				}
				if err != nil {
					results <- err
					return
				}
			}
			results <- nil
		}()
	}
	var errs error
	for range senders {
		errs = errors.Join(errs, <-results)
	}
	return errs
}

// cpuTime is what this process has used, in user and system mode.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
