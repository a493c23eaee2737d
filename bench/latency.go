package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const (
	latencyMessages = 300
	latencyPause    = 3 * time.Millisecond // so that the poller receives again
)

// latency sends one message after the other to an idle queue: microseconds from
// before the send until the function has it.
func latency(ctx context.Context, l *lab) ([]figure, error) {
	q, err := l.queue(ctx, "latency")
	if err != nil {
		return nil, err
	}
	side := func(consume func(context.Context, function) error) sample {
		return func(ctx context.Context) ([]float64, error) { return latencyOnce(ctx, q, consume) }
	}
	list, err := pairs(ctx, 1,
		side(func(ctx context.Context, f function) error { return q.loop(ctx, 1, f) }),
		side(func(ctx context.Context, f function) error { return l.consume(ctx, q, 0, f) }))
	if err != nil {
		return nil, err
	}
	middle, late := compare(list, 0), compare(list, 1)
	middle.what, middle.unit, middle.most = "send to function, p50", "µs", 1.2
	late.what, late.unit = "send to function, p95", "µs"
	return []figure{middle, late}, nil
}

// latencyOnce returns the median and the 95th percentile.
func latencyOnce(ctx context.Context, q *queue, consume func(context.Context, function) error) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	running, done := context.WithCancel(ctx)
	defer done()
	base := time.Now()
	entered := make(chan float64, 1)
	over := make(chan error, 1)
	go func() {
		over <- consume(running, func(event []byte) {
			now := time.Since(base)
			entered <- float64((now - sentAt(event)).Nanoseconds()) / 1000
		})
	}()
	var took []float64
	for len(took) < latencyMessages {
		_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl:    aws.String(q.url),
			MessageBody: aws.String(fmt.Sprintf("%s%d%s", mark, time.Since(base).Nanoseconds(), mark)),
		})
		if err != nil {
			return nil, errors.Join(err, stop(done, over))
		}
		select {
		case d := <-entered:
			took = append(took, d)
		case err := <-over:
			return nil, errors.Join(errors.New("ended before all messages came"), err)
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), stop(done, over))
		}
		time.Sleep(latencyPause)
	}
	if err := stop(done, over); err != nil {
		return nil, err
	}
	took = took[latencyMessages/10:] // pollers start in the first ones
	slices.Sort(took)
	return []float64{median(took), took[len(took)*95/100]}, q.empty(ctx)
}

func stop(done context.CancelFunc, over <-chan error) error {
	done()
	return <-over
}

// sentAt reads the time that stands between the marks.
func sentAt(event []byte) time.Duration {
	_, rest, _ := bytes.Cut(event, []byte(mark))
	text, _, _ := bytes.Cut(rest, []byte(mark))
	n, _ := strconv.ParseInt(string(text), 10, 64)
	return time.Duration(n)
}
