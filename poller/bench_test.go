package poller_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

// renderSQS makes an SQS record of a message.
func renderSQS(m memory.Message, _ sources.Spec) json.RawMessage {
	return events.AppendSQS(make([]byte, 0, 2048), &events.SQSMessage{
		MessageID: m.ID, ReceiptHandle: m.ID, Body: m.Body, MD5OfBody: "5d41402abc4b2a76b9719d911017c592",
		Attributes: map[string]string{"ApproximateReceiveCount": "1", "SentTimestamp": "1764090000123", "SenderId": "AROAEXAMPLE", "ApproximateFirstReceiveTimestamp": "1764090000130"},
		QueueARN:   "arn:aws:sqs:us-east-1:000000000000:test", Region: "us-east-1",
	})
}

// kilobyte is message i; all share one body, so that the size of the backlog is
// not measured.
func kilobyte(i int) memory.Message {
	return memory.Message{ID: fmt.Sprint("message-", i), Body: body}
}

var body = strings.Repeat("x", 1024)

// BenchmarkRenderAndJoin is what cannot be spared: rendering each record and
// joining ten of them into an event. One iteration is one record of 1 KB.
func BenchmarkRenderAndJoin(b *testing.B) {
	b.ReportAllocs()
	bodies := make([]json.RawMessage, 0, 10)
	m := kilobyte(1)
	for b.Loop() {
		bodies = append(bodies, renderSQS(m, sources.Spec{}))
		if len(bodies) == cap(bodies) {
			sink = events.SQS.Event(events.Frame{Records: bodies})
			bodies = bodies[:0]
		}
	}
}

var sink json.RawMessage

// A counter is a function that only counts down, and then stops the engine.
type counter struct {
	left int
	stop context.CancelFunc
}

func (c *counter) Invoke(context.Context, invoke.Request) (invoke.Result, error) {
	if c.left -= batch; c.left <= 0 {
		c.stop()
	}
	return invoke.Result{}, nil
}

const (
	batch   = 10
	backlog = 1000 // sent at once
)

// BenchmarkPipeline is to take no more than twice as long: it carries records
// of 1 KB from a queue in memory through one poller, ten at a time: receive,
// render, join, invoke, judge, acknowledge.
func BenchmarkPipeline(b *testing.B) {
	b.ReportAllocs()
	messages := make([]memory.Message, backlog)
	for i := range messages {
		messages[i] = kilobyte(i)
	}
	for left := b.N; left > 0; left -= backlog {
		b.StopTimer()
		n := min(backlog, (left+batch-1)/batch*batch)
		queue := &memory.Queue{Name: "sqs", Shape: events.SQS, Render: renderSQS, Visibility: time.Hour}
		queue.Put(messages[:n]...)
		kind := queue.Kind()
		ctx, stop := context.WithCancel(context.Background())
		engine := &poller.Queue{
			Pipe: poller.Pipe{Shape: kind.Shape, Target: &counter{left: n, stop: stop}, Policy: mapping.Policy{Shape: kind.Shape}},
			Feed: queue.Open(sources.Spec{}), Limits: kind.Limits, BatchSize: batch, MaxPollers: 1,
		}
		b.StartTimer()
		engine.Run(ctx)
		if c := queue.Counts(); c.Acked != n {
			b.Fatalf("%d of %d acknowledged", c.Acked, n)
		}
	}
}
