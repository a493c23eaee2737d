package penstocktest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/penstocktest"
)

// TestOrders is the test of the package's documentation.
func TestOrders(t *testing.T) {
	got := penstocktest.SQS(t, penstocktest.Mapping{Partial: true, MaxReceives: 3}, handle,
		`{"order":1}`, `{"order":2,"note":"poison"}`, `{"order":3}`)

	if want := []int{3, 1, 1}; !slices.Equal(got.Sizes(), want) {
		t.Errorf("batches of %v, want %v: only the failed message is retried", got.Sizes(), want)
	}
	if want := []string{`{"order":2,"note":"poison"}`}; !slices.Equal(got.Dead, want) {
		t.Errorf("dead letters %q, want %q", got.Dead, want)
	}
	if want := []string{`{"order":1}`, `{"order":3}`}; !slices.Equal(got.Delivered, want) {
		t.Errorf("delivered %q, want %q", got.Delivered, want)
	}
}

type raw struct{}

func (raw) Invoke(context.Context, []byte) ([]byte, error) { return []byte("null"), nil }

// TestHandlers runs every form of handler that lambda.Start takes.
func TestHandlers(t *testing.T) {
	type event = events.SQSEvent
	for _, handler := range []any{
		func() {}, func() error { return nil }, func(event) {}, func(event) error { return nil },
		func(context.Context) error { return nil }, func(context.Context, event) error { return nil },
		func() (string, error) { return "", nil }, func(event) (string, error) { return "", nil },
		func(context.Context) (int, error) { return 0, nil }, func(context.Context, json.RawMessage) (any, error) { return nil, nil },
		raw{}, lambda.NewHandler(func(event) {}), lambda.Handler(raw{}),
	} {
		t.Run(fmt.Sprintf("%T", handler), func(t *testing.T) {
			t.Parallel()
			got := penstocktest.SQS(t, penstocktest.Mapping{}, handler, "one", "two")
			if want := []string{"one", "two"}; !slices.Equal(got.Delivered, want) {
				t.Errorf("delivered %q, want %q", got.Delivered, want)
			}
		})
	}
}

func sleepy(ctx context.Context, event events.SQSEvent) error {
	d, _ := time.ParseDuration(event.Records[0].Body)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// failing fails the first so many times.
func failing(times int64) any {
	var calls atomic.Int64
	return func() error {
		if calls.Add(1) <= times {
			return errors.New("boom")
		}
		return nil
	}
}

// TestTimelines pins what a mapping of AWS does, as the printed timeline.
func TestTimelines(t *testing.T) {
	type message = penstocktest.Message
	for _, c := range []struct {
		name     string
		mapping  penstocktest.Mapping
		handler  any
		messages []message
		want     string
	}{
		{"whole batch fails", penstocktest.Mapping{Visibility: time.Minute}, failing(1), []message{{Body: "a"}, {Body: "b"}}, `
0s   req-1  2 records  again msg-1 msg-2 (errorString: boom)
1m0s req-2  2 records  done msg-1 msg-2
`},
		{"panic", penstocktest.Mapping{MaxReceives: 1}, func() { panic("oh no") }, []message{{Body: "a"}}, `
0s  req-1  1 record   again msg-1 (string: oh no)
30s dead   msg-1
`},
		{"timeout", penstocktest.Mapping{MaxReceives: 1, Timeout: 2 * time.Second}, sleepy, []message{{Body: "5s"}}, `
0s  req-1  1 record   again msg-1 (Sandbox.Timedout: RequestId: req-1 Error: Task timed out after 2.00 seconds)
30s dead   msg-1
`},
		{"window", penstocktest.Mapping{BatchSize: 100, Window: 5 * time.Second}, func() {}, []message{{Body: "a"}, {Body: "b", After: 4 * time.Second}, {Body: "c", After: 6 * time.Second}}, `
5s  req-1  2 records  done msg-1 msg-2
10s req-2  1 record   done msg-3
`},
		{"window longer than the visibility timeout", penstocktest.Mapping{BatchSize: 100, Window: 40 * time.Second}, failing(1), []message{{Body: "a"}}, `
40s   req-1  1 record   again msg-1 (errorString: boom)
1m20s req-2  1 record   done msg-1
`},
		{"filters", penstocktest.Mapping{Filters: []string{`{"body":{"kind":["order"]}}`}}, func() {}, []message{{Body: `{"kind":"order"}`}, {Body: `{"kind":"alert"}`}, {Body: "text"}}, `
0s req-1     1 record   done msg-1
0s filtered  msg-2 msg-3
`},
		{"FIFO", penstocktest.Mapping{FIFO: true, Timeout: 20 * time.Second, BatchSize: 1}, sleepy, []message{{Body: "10s", Group: "a"}, {Body: "1s", Group: "a"}, {Body: "2s", Group: "b"}}, `
0s  req-1  1 record   done msg-1
0s  req-2  1 record   done msg-3
10s req-3  1 record   done msg-2
`},
		{"FIFO failure holds the group back", penstocktest.Mapping{FIFO: true, BatchSize: 1}, failing(1), []message{{Body: "a"}, {Body: "b"}}, `
0s  req-1  1 record   again msg-1 (errorString: boom)
30s req-2  1 record   done msg-1
30s req-3  1 record   done msg-2
`},
		{"delay", penstocktest.Mapping{}, func() {}, []message{{Body: "a", Delay: 15 * time.Minute}, {Body: "b", After: 2 * time.Hour}}, `
15m0s  req-1  1 record   done msg-1
2h0m0s req-2  1 record   done msg-2
`},
		{"concurrency of the function", penstocktest.Mapping{BatchSize: 1, Concurrency: 1}, sleepy, []message{{Body: "2s"}, {Body: "2s"}}, `
0s req-1  1 record   done msg-1
2s req-2  1 record   done msg-2
`},
		{"maximum concurrency", penstocktest.Mapping{BatchSize: 1, MaximumConcurrency: 2}, sleepy, []message{{Body: "2s"}, {Body: "2s"}, {Body: "1s"}}, `
0s req-1  1 record   done msg-1
0s req-2  1 record   done msg-2
2s req-3  1 record   done msg-3
`},
		{"no messages", penstocktest.Mapping{}, func() {}, nil, "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := penstocktest.SQS(t, c.mapping, c.handler, c.messages...)
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), got.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for _, body := range got.Filtered {
				if len(c.mapping.Filters) == 0 || slices.Contains(got.Delivered, body) || strings.Contains(body, "order") {
					t.Errorf("filtered %q, delivered %q", got.Filtered, got.Delivered)
				}
			}
			if len(c.mapping.Filters) > 0 && len(got.Filtered) != 2 {
				t.Errorf("filtered %q", got.Filtered)
			}
			if fates := len(got.Delivered) + len(got.Dead) + len(got.Filtered); fates != len(c.messages) {
				t.Errorf("%d fates for %d messages", fates, len(c.messages))
			}
		})
	}
}

// TestEvent looks at what the handler sees.
func TestEvent(t *testing.T) {
	var seen []events.SQSMessage
	var groups []string
	handler := func(event events.SQSEvent) error {
		seen = append(seen, event.Records...)
		groups = append(groups, event.Records[0].Attributes["MessageGroupId"])
		if len(seen) == 1 {
			return errors.New("not yet")
		}
		return nil
	}
	penstocktest.SQS(t, penstocktest.Mapping{FIFO: true}, handler,
		penstocktest.Message{Body: "hello", Group: "g", Attributes: map[string]string{"Title": "The Whistler", "A": "b"}})
	if len(seen) != 2 {
		t.Fatalf("%d records", len(seen))
	}
	for i, receives := range []string{"1", "2"} {
		m := seen[i]
		sent := fmt.Sprint(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()) // where a bubble's time begins
		want := map[string]string{
			"ApproximateReceiveCount": receives, "SentTimestamp": sent, "ApproximateFirstReceiveTimestamp": sent, "SenderId": "000000000000",
			"MessageGroupId": "g", "MessageDeduplicationId": "msg-1", "SequenceNumber": "00000000000000000001",
		}
		if diff := cmp.Diff(want, m.Attributes); diff != "" {
			t.Errorf("attributes -want +got:\n%s", diff)
		}
		if m.MessageId != "msg-1" || m.Body != "hello" || m.Md5OfBody != "5d41402abc4b2a76b9719d911017c592" || *m.MessageAttributes["Title"].StringValue != "The Whistler" {
			t.Errorf("message %+v", m)
		}
		if m.EventSourceARN != "arn:aws:sqs:us-east-1:000000000000:test.fifo" || m.EventSource != "aws:sqs" || m.AWSRegion != "us-east-1" {
			t.Errorf("source %q %q %q", m.EventSourceARN, m.EventSource, m.AWSRegion)
		}
	}
}

// TestTarget runs a target in real time.
func TestTarget(t *testing.T) {
	mapping := penstocktest.Mapping{Visibility: 20 * time.Millisecond, Timeout: 10 * time.Millisecond}
	got := penstocktest.SQS(t, mapping, invoke.Func(failing(1)), "a")
	if want := []int{1, 1}; !slices.Equal(got.Sizes(), want) {
		t.Errorf("batches of %v, want %v\n%v", got.Sizes(), want, got)
	}
	if began := got.Steps[0].Start; began.Year() == 2000 { // where a bubble's time begins
		t.Errorf("the target ran at %v", began)
	}
	if gap := got.Steps[len(got.Steps)-1].End.Sub(got.Steps[0].Start); gap < 20*time.Millisecond {
		t.Errorf("the retry came after %v", gap)
	}
}

// TestRefused: settings that AWS does not take, and scenarios without an end.
func TestRefused(t *testing.T) {
	type m = penstocktest.Mapping
	type message = penstocktest.Message
	never := 0
	for _, c := range []struct {
		name     string
		mapping  m
		handler  any
		messages []message
		want     string
	}{
		{"batch size", m{BatchSize: 10001}, nil, nil, "BatchSize"},
		{"batch without window", m{BatchSize: 11}, nil, nil, "Maximum batch window in seconds must be greater than 0"},
		{"window of FIFO queue", m{FIFO: true, Window: time.Second}, nil, nil, "Window"},
		{"long window", m{Window: 301 * time.Second}, nil, nil, "Mapping.Window is 5m1s"},
		{"concurrency of one", m{MaximumConcurrency: 1}, nil, nil, "MaximumConcurrency"},
		{"visibility below timeout", m{Timeout: time.Minute}, nil, nil, "visibility timeout"},
		{"filter", m{Filters: []string{`{"body":"x"}`}}, nil, nil, "Filter"},
		{"receives", m{MaxReceives: -1}, nil, nil, "Mapping.MaxReceives is -1"},
		{"handler", m{}, func(int, int, int) {}, nil, "handler"},
		{"not a handler", m{}, &never, nil, "handler"},
		{"empty body", m{}, nil, []message{{Body: "x"}, {}}, "message 2: Body is empty"},
		{"delay in FIFO queue", m{FIFO: true}, nil, []message{{Body: "x", Delay: time.Second}}, "message 1: Delay is 1s"},
		{"no end", m{}, func() error { return errors.New("boom") }, []message{{Body: "x"}}, `after 1h0m0s there is no end in sight for msg-1 ("x")`},
		{"no end within limit", m{Limit: 9 * time.Second}, failing(1), []message{{Body: "x"}, {Body: "y", After: 20 * time.Second}}, `after 29s there is no end in sight for msg-1 ("x")`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.handler == nil {
				c.handler = func() {}
			}
			got, err := penstocktest.Run(c.mapping, c.handler, c.messages...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one about %q\n%v", err, c.want, got)
			}
		})
	}
}

// TestBacklog: a great many messages go through in large batches.
func TestBacklog(t *testing.T) {
	bodies := make([]string, 2500)
	for i := range bodies {
		bodies[i] = fmt.Sprint(i)
	}
	got := penstocktest.SQS(t, penstocktest.Mapping{BatchSize: 1000, Window: time.Second}, func() {}, bodies...)
	if len(got.Delivered) != len(bodies) || got.Sizes()[0] != 1000 {
		t.Errorf("%d of %d delivered in batches of %v", len(got.Delivered), len(bodies), got.Sizes())
	}
}
