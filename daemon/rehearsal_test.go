package daemon

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/internal/pipenet"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/sources/all"
)

// stage is a template with a queue that function "work" reads. NAME, QUEUE and
// MAPPING are replaced by its name and more properties.
const stage = `Transform: AWS::Serverless-2016-10-31
Resources:
  Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead}}
  Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: NAME, VisibilityTimeout: 30 QUEUE}}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: work
      Runtime: python3.12
      Handler: app.handler
      CodeUri: .
      Timeout: 5
      Events:
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn MAPPING}}
`

const redriven = ", RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}"

// parsed is stage with its slots filled; the queue is called jobs unless named.
func parsed(t *testing.T, name, queue, mapping string) *template.Stack {
	t.Helper()
	text := strings.NewReplacer("NAME", cmp.Or(name, "jobs"), " QUEUE", queue, " MAPPING", mapping).Replace(stage)
	stack, err := template.Parse("template.yaml", []byte(text), template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return stack
}

// A play is a rehearsal with functions of this process, on a fake clock.
type play struct {
	name           string // of the queue
	queue, mapping string // properties
	events         string // an events file
	work           func(ctx context.Context, bodies []string) error
	blocked        bool
	skipped        bool
	cancel         bool // at once
	options        tryOptions
}

// perform runs a play in a bubble and returns what was printed, how long it
// took, and how it ended.
func (p play) perform(t *testing.T) (text string, took time.Duration, err error) {
	t.Helper()
	messages, err := parseMessages([]byte(p.events))
	if err != nil {
		t.Fatal(err)
	}
	stack := parsed(t, p.name, p.queue, p.mapping)
	for i := range messages {
		if messages[i].To, err = queueFor(messages[i], stack); err != nil {
			t.Fatal(err)
		}
		messages[i].from = fmt.Sprintf("events #%d", i+1)
	}
	f := &fleet{functions: map[string]invoke.Function{}, skipped: map[string]error{}}
	if p.skipped {
		f.skipped["work"] = errors.New("no interpreter")
	} else {
		f.functions["work"] = invoke.Function{Target: target(p.work), Timeout: 5 * time.Second, Concurrency: 10}
	}
	if p.blocked {
		f.functions["work"] = invoke.Function{Target: target(p.work), Concurrency: -1}
	}
	if p.options == (tryOptions{}) {
		p.options = tryOptions{limit: 5 * time.Minute, receives: 10}
	}
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		l := pipenet.Listen()
		defer l.Close()
		client := &awsclient.Client{Dial: l.DialContext}
		defer client.CloseIdle()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if p.cancel {
			cancel()
		}
		console := newConsole(&out, &out)
		c := &command{kinds: all.Over(client), console: console, out: stream{console, &out}, err: stream{console, &out}}
		c.Region, c.Account, c.LogLevel = "us-east-1", "000000000000", "warn"
		c.log = slog.New(c.logHandler(c.err, false))
		began := time.Now()
		err = c.perform(ctx, atLoopback{l}, stack, f, messages, p.options)
		took = time.Since(began)
	})
	return out.String(), took, err
}

// atLoopback gives a network in memory the address of a port.
type atLoopback struct{ *pipenet.Listener }

func (atLoopback) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9330} }

// target is a function that gets the bodies of a batch. An error that is
// failures names those that failed.
func target(work func(context.Context, []string) error) invoke.Target {
	return invoke.Func(func(ctx context.Context, event struct {
		Records []struct{ MessageID, Body string }
	}) (json.RawMessage, error) {
		var bodies []string
		for _, r := range event.Records {
			bodies = append(bodies, r.Body)
		}
		err := work(ctx, bodies)
		if failed, ok := err.(failures); ok {
			var items []string
			for _, r := range event.Records {
				if slices.Contains(failed, r.Body) {
					items = append(items, fmt.Sprintf(`{"itemIdentifier":%q}`, r.MessageID))
				}
			}
			return json.RawMessage(`{"batchItemFailures":[` + strings.Join(items, ",") + `]}`), nil
		}
		return nil, err
	})
}

type failures []string

func (f failures) Error() string { return "failed: " + strings.Join(f, ", ") }

func fine(context.Context, []string) error { return nil }

func TestRehearsals(t *testing.T) {
	broken := func(context.Context, []string) error { return errors.New("cannot do this") }
	poison := func(_ context.Context, bodies []string) error {
		if slices.Contains(bodies, "poison") {
			return failures{"poison"}
		}
		return nil
	}
	tests := []struct {
		name string
		play play
		code int
		most time.Duration // of the engine's time
		says []string
		not  string
	}{
		{"delivered", play{work: fine, events: `[{"body":"a","expect":"delivered"},{"body":"b"}]`}, 0, time.Second,
			[]string{"jobs  a\n", "work: delivered\n", "ok: delivered, as expected", "the expectation is met"}, "jumps"},
		{"no expectation", play{work: fine, events: `{"body":"a"}`}, 0, time.Second, []string{"messages settled: 1 of 1"}, "expectation"},
		{"the clock jumps over visibility timeouts", play{queue: redriven, work: broken, events: `{"body":"a","expect":"dead"}`}, 0, 5 * time.Second,
			[]string{"the queues' clock jumps 30s ahead", "work: failed: errorString: cannot do this; hidden until its visibility timeout ends", "failed (receive 3)", "dead: moved to dead after 3 receives", "   1m30s  dead", "the expectation is met"}, ""},
		{"partial failures", play{queue: redriven, mapping: ", FunctionResponseTypes: [ReportBatchItemFailures]", work: poison,
			events: `[{"body":"good","expect":"delivered"},{"body":"poison","expect":"dead"}]`}, 0, 5 * time.Second, []string{"reported by the function", "all 2 expectations met"}, ""},
		{"delay", play{work: fine, events: `{"body":"a","delay":600,"expect":"delivered"}`}, 0, 2 * time.Second, []string{"sent, delayed for 10m0s", "jumps 10m0s", "    10m0s  work: delivered"}, ""},
		{"endless message", play{work: broken, events: `{"body":"a"}`}, 1, 10 * time.Second,
			[]string{"not settled: queue jobs has no dead-letter queue", "more than 10 times (--max-receives):\n  jobs  a", "still in the queue"}, "receive 12"},
		{"a dead-letter queue after more receives than --max-receives", play{queue: strings.Replace(redriven, "3}", "14}", 1), work: broken,
			events: `{"body":"a","expect":"dead"}`}, 0, 10 * time.Second, []string{"moved to dead after 14 receives"}, "not settled"},
		{"time limit", play{queue: strings.Replace(redriven, "3}", "1000}", 1), work: func(context.Context, []string) error { time.Sleep(4 * time.Second); return errors.New("slow") },
			events: `{"body":"a"}`, options: tryOptions{limit: time.Minute, receives: 10}}, 1, 75 * time.Second, []string{"not settled: the time limit is over"}, ""},
		{"expectation fails", play{work: fine, events: `[{"body":"a","expect":"filtered"},{"body":"b","expect":"delivered"}]`}, 1, time.Second,
			[]string{"FAILED: expected filtered, but it is delivered (events #1)", "1 of 2 expectations failed"}, ""},
		{"the only expectation fails", play{work: fine, events: `{"body":"a","expect":"dead"}`}, 1, time.Second, []string{"\nthe expectation failed\n"}, ""},
		{"filtered", play{mapping: `, FilterCriteria: {Filters: [{Pattern: '{"body": {"n": [1]}}'}]}`, work: fine,
			events: `[{"body":{"n":1},"expect":"delivered"},{"body":{"n":2},"expect":"filtered"},{"body":"no JSON","expect":"filtered"}]`}, 0, time.Second, []string{"filtered out", "all 3 expectations met"}, ""},
		{"window", play{mapping: ", BatchSize: 100, MaximumBatchingWindowInSeconds: 20", work: fine, events: `{"body":"a","times":25}`}, 0, 25 * time.Second,
			[]string{"its batching window of 20s passes in real time", "jobs    work      25        0         25         0       0         1 "}, ""},
		{"blocked", play{blocked: true, work: fine, events: `{"body":"a"}`}, 1, time.Second, []string{"function work is blocked, its reserved concurrency is 0", "1 message for a function that is blocked"}, "delivered"},
		{"skipped", play{skipped: true, events: `[{"body":"a","expect":"delivered"},{"to":"dead","body":"b"}]`}, 0, time.Second,
			[]string{"skipping function work: no interpreter", "not sending 1 message", "messages settled: 0 of 1; skipped: work"}, "SOURCE"},
		{"disabled", play{mapping: ", Enabled: false", work: fine, events: `{"body":"a","expect":"delivered"}`}, 1, time.Second, []string{"skipping mapping jobs -> work: it is disabled", "expected delivered, but it is still in the queue"}, ""},
		{"message SQS refuses", play{work: fine, events: `{"body":"a","attributes":{"AWS.x":"y"}}`}, 2, time.Second, nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, took, err := test.play.perform(t)
			if code(err) != test.code {
				t.Errorf("exit code %d (%v), want %d", code(err), err, test.code)
			}
			if took > test.most {
				t.Errorf("it took %v of the engine's time, more than %v", took, test.most)
			}
			for _, want := range test.says {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing", want)
				}
			}
			if test.not != "" && strings.Contains(text, test.not) {
				t.Errorf("%q is there", test.not)
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

// While a function runs the clock stands, so that its message is not received
// by another before its time.
func TestNoJumpWhileAFunctionRuns(t *testing.T) {
	var mu sync.Mutex
	calls := map[string]int{}
	p := play{
		mapping: ", BatchSize: 1", events: `[{"body":"slow","expect":"delivered"},{"body":"late","delay":300,"expect":"delivered"}]`,
		work: func(_ context.Context, bodies []string) error {
			mu.Lock()
			calls[bodies[0]]++
			mu.Unlock()
			if bodies[0] == "slow" {
				time.Sleep(4 * time.Second)
			}
			return nil
		},
	}
	text, took, err := p.perform(t)
	if err != nil || calls["slow"] != 1 || calls["late"] != 1 {
		t.Errorf("%v, calls %v\n%s", err, calls, text)
	}
	if took < 4*time.Second || took > 8*time.Second {
		t.Errorf("it took %v, want the 4 s of the function", took)
	}
	if !strings.Contains(text, "jumps 4m56s") {
		t.Errorf("the clock must jump when the function is done\n%s", text)
	}
}

// What is sent twice to a FIFO queue is one message, and groups keep order.
func TestDuplicatesAndGroups(t *testing.T) {
	var order []string
	var mu sync.Mutex
	p := play{
		name: "jobs.fifo", queue: ", FifoQueue: true", mapping: ", BatchSize: 1",
		events: `[{"body":"1","group":"g","dedup":"x","expect":"delivered"},{"body":"1","group":"g","dedup":"x"},{"body":"2","group":"g","dedup":"y","times":3}]`,
		work: func(_ context.Context, bodies []string) error {
			mu.Lock()
			order = append(order, bodies...)
			mu.Unlock()
			return nil
		},
	}
	text, _, err := p.perform(t)
	if err != nil || !slices.Equal(order, []string{"1", "2"}) {
		t.Errorf("%v, order %q", err, order)
	}
	for _, want := range []string{"jobs.fifo [g]  1\n", "sent again and dropped: a duplicate", "the expectation is met"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestInterruptedRehearsal(t *testing.T) {
	p := play{work: fine, events: `{"body":"a","delay":900}`, cancel: true}
	if text, _, err := p.perform(t); code(err) != exitInterrupted {
		t.Errorf("exit code %d (%v), want %d\n%s", code(err), err, exitInterrupted, text)
	}
}
