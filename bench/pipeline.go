package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

const (
	pipelineMessages = 30_000
	pipelineBatch    = 10
)

// pipeline carries messages of 1 KB from a queue in memory through a whole
// server with one poller to a function that does nothing, on one CPU. Raw only
// renders the messages and joins them, which nobody can do without.
func pipeline(ctx context.Context, _ *lab) ([]figure, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	list, err := pairs(ctx, 3,
		func(context.Context) ([]float64, error) { return perMessage(renderAndJoin(pipelineMessages)), nil },
		func(ctx context.Context) ([]float64, error) {
			took, err := carry(ctx, pipelineMessages)
			return perMessage(took), err
		})
	if err != nil {
		return nil, err
	}
	f := compare(list, 0)
	f.what, f.unit, f.least = "pipeline over memory", "1/s", 0.5
	return []figure{f}, nil
}

func perMessage(took time.Duration) []float64 {
	return []float64{pipelineMessages / took.Seconds()}
}

// kilobytes makes n messages.
func kilobytes(n int) []memory.Message {
	body := strings.Repeat("x", 1024)
	list := make([]memory.Message, n)
	for i := range list {
		list[i] = memory.Message{ID: fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), Body: body}
	}
	return list
}

// render makes of a message what penstock's SQS source makes of one.
func render(m memory.Message, _ sources.Spec) json.RawMessage {
	return events.AppendSQS(make([]byte, 0, 1024+len(m.ID)+len(m.Body)), &events.SQSMessage{
		MessageID: m.ID, ReceiptHandle: m.ID, Body: m.Body, MD5OfBody: "900150983cd24fb0d6963f7d28e17f72",
		Attributes: map[string]string{
			"ApproximateReceiveCount": "1", "SentTimestamp": "1764090000123",
			"SenderId": account, "ApproximateFirstReceiveTimestamp": "1764090000130",
		},
		QueueARN: arnOf("pipeline"), Region: region,
	})
}

// renderAndJoin is raw.
func renderAndJoin(n int) time.Duration {
	messages := kilobytes(n)
	bodies := make([]json.RawMessage, 0, pipelineBatch)
	size := 0
	began := time.Now()
	for _, m := range messages {
		bodies = append(bodies, render(m, sources.Spec{}))
		if len(bodies) == pipelineBatch {
			size += len(events.SQS.Event(events.Frame{Records: bodies}))
			bodies = bodies[:0]
		}
	}
	took := time.Since(began)
	runtime.KeepAlive(size)
	return took
}

// carry is ours: it returns the time from the first receive until everything is
// acknowledged.
func carry(ctx context.Context, n int) (time.Duration, error) {
	queue := &memory.Queue{Name: "sqs", Shape: events.SQS, Render: render, Visibility: time.Hour}
	queue.Put(kilobytes(n)...)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	running, done := context.WithCancel(ctx)
	defer done()
	left := n / pipelineBatch // one poller: no other goroutine touches it at the same time
	target := invoke.Bytes(func(context.Context, []byte) ([]byte, error) {
		if left--; left == 0 {
			done()
		}
		return nil, nil
	})
	one := 1
	server := &penstock.Server{
		Kinds:     []sources.Kind{queue.Kind()},
		Functions: map[string]invoke.Function{"bench": {Target: target, Concurrency: one}},
		Mappings:  []mapping.Config{{EventSourceArn: arnOf("pipeline"), FunctionName: "bench", BatchSize: pipelineBatch}},
	}
	began := time.Now()
	if err := server.Run(running); err != nil {
		return 0, err
	}
	took := time.Since(began)
	if acked := queue.Counts().Acked; acked != n {
		return 0, fmt.Errorf("%d of %d messages were acknowledged", acked, n)
	}
	return took, nil
}
