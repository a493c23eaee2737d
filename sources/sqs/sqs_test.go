package sqs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/internal/pipenet"
	local "github.com/penstock/penstock/local/sqs"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/sourcetest"
)

const here = "http://sqs.here"

// serve runs a handler in memory, and returns the way to it and how to stop it.
func serve(handler http.Handler) (dial dialer, stop func()) {
	l := pipenet.Listen()
	srv := &http.Server{Handler: handler}
	go srv.Serve(l)
	return l.DialContext, func() { srv.Close() }
}

// TestConformance runs the suite against an SQS shaped service in memory. The
// queue has a wait time of its own, which no receive may fall back to.
func TestConformance(t *testing.T) {
	noAWS(t)
	for name, fifo := range map[string]bool{"standard": false, "fifo": true} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Queue(t, func(t *testing.T) sourcetest.QueueRig {
				service := &local.Service{}
				dial, stop := serve(service.Handler())
				return conformance(t, dial, here, "orders", 30*time.Second, fifo,
					map[string]string{"ReceiveMessageWaitTimeSeconds": "20"},
					func() { service.Close(); stop() })
			})
		})
	}
}

// with runs f in a bubble with a queue named orders at a service in memory.
// asked gets the body of every request.
func with(t *testing.T, attributes map[string]string, asked func(op, body string), f func(*testing.T, *awsclient.Client, *bench)) {
	t.Helper()
	noAWS(t)
	synctest.Test(t, func(t *testing.T) {
		service := &local.Service{}
		handler := service.Handler()
		dial, stop := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if asked != nil {
				asked(strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS."), string(body))
			}
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			handler.ServeHTTP(w, r)
		}))
		c := &awsclient.Client{Dial: dial}
		name := "orders"
		if attributes["FifoQueue"] != "" {
			name = "orders.fifo"
		}
		f(t, c, newBench(t, c, here, name, attributes))
		c.CloseIdle()
		service.Close()
		stop()
	})
}

func openFeed(t *testing.T, c *awsclient.Client, s sources.Spec) sources.Queue {
	t.Helper()
	feed, err := Kind(c).Queue(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return feed
}

func TestRecord(t *testing.T) {
	with(t, nil, nil, func(t *testing.T, c *awsclient.Client, b *bench) {
		sent := time.Now()
		_, err := b.client.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl:    b.url,
			MessageBody: aws.String(`{"n": 1}`),
			MessageAttributes: map[string]types.MessageAttributeValue{
				"Title": {DataType: aws.String("String"), StringValue: aws.String("The Whistler")},
				"Raw":   {DataType: aws.String("Binary"), BinaryValue: []byte{1, 2}},
			},
			MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
				"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String("Root=1-5759e988-bd862e3fe1be46a994272793")},
			},
			MessageGroupId: aws.String("tenant"), // a fair queue: no order
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		records, err := openFeed(t, c, b.spec).Receive(t.Context(), 10, 0)
		if err != nil || len(records) != 1 {
			t.Fatal(records, err)
		}
		r := records[0]
		if r.Group != "" || r.Receives != 1 || !r.Arrived.Equal(sent) || r.View != nil {
			t.Errorf("record %+v", r)
		}
		if want := time.Now().Add(30 * time.Second); !r.Loan.Equal(want) {
			t.Errorf("loan ends at %v, want %v", r.Loan, want)
		}
		for _, part := range []string{
			fmt.Sprintf(`{"messageId":%q,"receiptHandle":%q,"body":"{\"n\": 1}",`, r.ID, r.Token),
			`"ApproximateReceiveCount":"1"`, `"MessageGroupId":"tenant"`,
			`"AWSTraceHeader":"Root=1-5759e988-bd862e3fe1be46a994272793"`,
			`"Title":{"stringValue":"The Whistler","stringListValues":[],"binaryListValues":[],"dataType":"String"}`,
			`"Raw":{"binaryValue":"AQI=","stringListValues":[],"binaryListValues":[],"dataType":"Binary"}`,
			`"md5OfMessageAttributes":"`,
			`"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:orders","awsRegion":"us-east-1"}`,
		} {
			if !strings.Contains(string(r.Body), part) {
				t.Errorf("record %s\nlacks %s", r.Body, part)
			}
		}
	})
}

func TestGroupOnFIFOQueues(t *testing.T) {
	with(t, map[string]string{"FifoQueue": "true"}, nil, func(t *testing.T, c *awsclient.Client, b *bench) {
		if err := b.send("customer-7", "x"); err != nil {
			t.Fatal(err)
		}
		records, err := openFeed(t, c, b.spec).Receive(t.Context(), 1, 0)
		if err != nil || len(records) != 1 || records[0].Group != "customer-7" {
			t.Errorf("%+v, %v", records, err)
		}
	})
}

// TestWindow: a batch that waits longer than the queue's visibility timeout is
// received with a longer one, and its records show the window.
func TestWindow(t *testing.T) {
	for name, c := range map[string]struct {
		window, timeout time.Duration
		asks            string // "" for nothing
		loan            time.Duration
		null            bool
	}{
		"no window":                {0, 40 * time.Second, "", 40 * time.Second, false},
		"window fits":              {30 * time.Second, 10 * time.Second, "", 40 * time.Second, true},
		"window does not fit":      {30 * time.Second, 11 * time.Second, `"VisibilityTimeout":71`, 71 * time.Second, true},
		"window of less a second":  {500 * time.Millisecond, time.Minute, `"VisibilityTimeout":90`, 90 * time.Second, false},
		"window and long function": {5 * time.Minute, 15 * time.Minute, `"VisibilityTimeout":1230`, 1230 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			var asked string
			note := func(op, body string) {
				if op == "ReceiveMessage" {
					asked = body
				}
			}
			with(t, map[string]string{"VisibilityTimeout": "40"}, note, func(t *testing.T, client *awsclient.Client, b *bench) {
				if err := b.send("", "x"); err != nil {
					t.Fatal(err)
				}
				b.spec.Window, b.spec.Timeout = c.window, c.timeout
				records, err := openFeed(t, client, b.spec).Receive(t.Context(), 10, 20*time.Second)
				if err != nil || len(records) != 1 {
					t.Fatal(records, err)
				}
				if has := strings.Contains(asked, "VisibilityTimeout"); has != (c.asks != "") || !strings.Contains(asked, c.asks) {
					t.Errorf("asked %s, want %s", asked, c.asks)
				}
				if got := time.Until(records[0].Loan); got != c.loan {
					t.Errorf("loan of %v, want %v", got, c.loan)
				}
				if null := strings.Contains(string(records[0].Body), `"md5OfMessageAttributes":null`); null != c.null {
					t.Errorf("record shows the window: %v, want %v", null, c.null)
				}
			})
		})
	}
}

// A loan that is too short for the function would be over before it ends, and
// with a visibility timeout of zero before it begins: receives without end.
func TestShortVisibility(t *testing.T) {
	with(t, map[string]string{"VisibilityTimeout": "40"}, nil, func(t *testing.T, c *awsclient.Client, b *bench) {
		for timeout, refused := range map[time.Duration]bool{0: false, 40 * time.Second: false, 41 * time.Second: true} {
			b.spec.Timeout = timeout
			feed, err := Kind(c).Queue(t.Context(), b.spec)
			if (err != nil) != refused || refused && !strings.Contains(err.Error(), "visibility timeout 40s is less than the function's timeout 41s") {
				t.Errorf("timeout %v: %v, want it refused: %v", timeout, err, refused)
			}
			if err == nil {
				feed.Close()
			}
		}
	})
}

func TestFacts(t *testing.T) {
	with(t, nil, nil, func(t *testing.T, c *awsclient.Client, b *bench) {
		dead := "arn:aws:sqs:us-east-1:000000000000:orders"
		for policy, want := range map[string]int{
			"": 0,
			`{"deadLetterTargetArn":"` + dead + `","maxReceiveCount":5}`:   5,
			`{"deadLetterTargetArn":"` + dead + `","maxReceiveCount":"7"}`: 7,
		} {
			name := fmt.Sprint("q", want)
			attributes := map[string]string{"VisibilityTimeout": "43"}
			if policy != "" {
				attributes["RedrivePolicy"] = policy
			}
			q := newBench(t, c, here, name, attributes)
			got, err := Kind(c).Inspect(t.Context(), q.spec)
			facts := sources.Facts{Visibility: 43 * time.Second, MaxReceives: want}
			if err != nil || got != facts {
				t.Errorf("%s: %+v, %v, want %+v", policy, got, err, facts)
			}
		}
		if _, err := Kind(c).Inspect(t.Context(), sources.Spec{ARN: b.spec.ARN + "-gone", Endpoint: b.spec.Endpoint}); !errors.Is(err, sources.ErrGone) {
			t.Errorf("a queue that is not there: %v", err)
		}
	})
}

func TestSpecs(t *testing.T) {
	for arn, says := range map[string]string{
		"":                                       "must be an ARN",
		"orders":                                 "must be an ARN",
		"arn:aws:sns:r:1:name":                   "must be an ARN",
		"arn:aws:sqs:eu-west-1:111122223333:a:b": "must be an ARN",
		"arn:aws:sqs::111122223333:orders":       "a region",
		"arn:aws:sqs:eu-west-1:1111:orders":      "12 digits",
		"arn:aws:sqs:eu-west-1:11112222333x:orders":                               "12 digits",
		"arn:aws:sqs:eu-west-1:111122223333:":                                     "1 to 80",
		"arn:aws:sqs:eu-west-1:111122223333:.fifo":                                "1 to 80",
		"arn:aws:sqs:eu-west-1:111122223333:a/b":                                  "1 to 80",
		"arn:aws:sqs:eu-west-1:111122223333:" + strings.Repeat("a", 81):           "1 to 80",
		"arn:aws:sqs:eu-west-1:111122223333:" + strings.Repeat("a", 80):           "",
		"arn:aws:sqs:eu-west-1:111122223333:" + strings.Repeat("a", 75) + ".fifo": "",
	} {
		_, err := parse(arn)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, want %q", arn, err, says)
		}
	}
	kind := Kind(nil)
	for arn, want := range map[string]bool{
		"arn:aws:sqs:eu-west-1:111122223333:orders":   true,
		"arn:aws-cn:sqs:cn-north-1:111122223333:bad/": true, // ours, and refused when opened
		"arn:aws:kinesis:eu-west-1:111122223333:sqs":  false,
		"sqs": false,
	} {
		if got := kind.Matches(sources.Spec{ARN: arn}); got != want {
			t.Errorf("%s matches: %v, want %v", arn, got, want)
		}
	}
	with(t, nil, nil, func(t *testing.T, c *awsclient.Client, b *bench) {
		b.spec.Window, b.spec.Timeout = time.Second, 12*time.Hour
		if _, err := Kind(c).Queue(t.Context(), b.spec); err == nil || !strings.Contains(err.Error(), "12 hours") {
			t.Errorf("a visibility timeout of more than 12 hours: %v", err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("arn:aws:sqs:eu-west-1:111122223333:orders.fifo")
	f.Add("arn:aws:sqs::::")
	f.Fuzz(func(t *testing.T, arn string) {
		p, err := parse(arn)
		if err == nil && arn != strings.Join([]string{"arn", p.partition, "sqs", p.region, p.account, p.name}, ":") {
			t.Errorf("%q was read as %+v", arn, p)
		}
	})
}

func TestLoanEnd(t *testing.T) {
	start := time.Unix(1000, 0)
	for name, c := range map[string]struct{ took, loan, want time.Duration }{
		"at once":                  {10 * time.Millisecond, 30 * time.Second, 30 * time.Second},
		"after a long poll":        {19 * time.Second, 30 * time.Second, 48 * time.Second},
		"loan shorter than a poll": {19 * time.Second, 10 * time.Second, 28 * time.Second},
		"loan of a second":         {19 * time.Second, time.Second, 19*time.Second + 500*time.Millisecond},
	} {
		if got := loanEnd(start, start.Add(c.took), c.loan).Sub(start); got != c.want {
			t.Errorf("%s: %v after the start, want %v", name, got, c.want)
		}
	}
}

// TestAttempts: the client counts each request, and no request is repeated
// behind the caller's back.
func TestAttempts(t *testing.T) {
	with(t, nil, nil, func(t *testing.T, c *awsclient.Client, b *bench) {
		feed := openFeed(t, c, b.spec)
		for range 3 {
			if _, err := feed.Receive(t.Context(), 1, 0); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.client.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: b.url}); err != nil {
			t.Fatal(err)
		}
		if _, err := feed.Receive(t.Context(), 1, 0); !errors.Is(err, sources.ErrGone) {
			t.Errorf("a deleted queue: %v", err)
		}
		want := awsclient.Count{Service: "SQS", Operation: "ReceiveMessage", Calls: 4, Attempts: 4, Failures: 1}
		if got := c.Attempts.Snapshot(); !slices.Contains(got, want) {
			t.Errorf("counts %+v lack %+v", got, want)
		}
	})
}

// TestAWS: at AWS itself the URL follows from the ARN, and needs no call.
func TestAWS(t *testing.T) {
	noAWS(t)
	for arn, want := range map[string]string{
		"arn:aws:sqs:eu-west-1:111122223333:orders":     "https://sqs.eu-west-1.amazonaws.com/111122223333/orders",
		"arn:aws-cn:sqs:cn-north-1:111122223333:o.fifo": "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/o.fifo",
	} {
		c := &awsclient.Client{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errCut }}
		p, _ := parse(arn)
		cfg, err := c.Config(t.Context(), awsclient.Use{Region: p.region})
		if err != nil {
			t.Fatal(err)
		}
		got, err := urlOf(t.Context(), sqs.NewFromConfig(cfg), p)
		if err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", arn, got, err, want)
		}
	}
}
