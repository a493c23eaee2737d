package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// The conformance program: rows of behaviour that speak to any SQS endpoint
// through the AWS SDK, or through plain HTTP where only the query protocol shows
// the behaviour. The runners are in conformance_test.go (this package, in fake
// time) and real_test.go (ElasticMQ).

// A rig is an endpoint to run rows against.
type rig struct {
	endpoint string // scheme and host
	http     *http.Client
	prefix   string // of queue names, so that rows can share a server
	loose    bool   // the server words its errors and lays out its XML in its own way
}

// A row is one behaviour. Rows are numbered as the test cases of the specification
// they were written from.
type row struct {
	name   string
	strict bool // needs the 60 second rules
	run    func(*run)
}

func rows() []row {
	return slices.Concat(queueRows(), sendRows(), attributeRows(), receiveRows(), handleRows(), fifoRows(), dedupRows(), deadRows(), taskRows(), wireRows())
}

// A run is one row at one rig. Its methods end the row at the first failure.
type run struct {
	rig
	ctx    context.Context
	client *sqs.Client
}

type rowFailure string

// do runs the row and returns what failed.
func (r row) do(ctx context.Context, g rig) (err error) {
	defer func() {
		if f := recover(); f != nil { // a rowFailure, or an answer without what the row looks into
			err = fmt.Errorf("%v", f)
		}
	}()
	r.run(&run{rig: g, ctx: ctx, client: g.client("us-east-1")})
	return nil
}

func (g rig) client(region string) *sqs.Client {
	return sqs.New(sqs.Options{
		Region: region, BaseEndpoint: &g.endpoint, HTTPClient: g.http, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
	})
}

func (x *run) fatal(format string, a ...any) { panic(rowFailure(fmt.Sprintf(format, a...))) }

func (x *run) ok(err error) {
	if err != nil {
		x.fatal("%v", err)
	}
}

func (x *run) equal(what string, got, want any) {
	if diff := cmp.Diff(want, got); diff != "" {
		x.fatal("%s: -want +got\n%s", what, diff)
	}
}

// refused demands an API error of that query code whose text has all parts. At a
// loose rig any refusal will do.
func (x *run) refused(err error, code string, parts ...string) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		x.fatal("error %v, want %s", err, code)
	}
	if x.loose {
		return
	}
	if api.ErrorCode() != code {
		x.fatal("code %s (%s), want %s", api.ErrorCode(), api.ErrorMessage(), code)
	}
	for _, part := range parts {
		if !strings.Contains(api.ErrorMessage(), part) {
			x.fatal("%s: text %q lacks %q", code, api.ErrorMessage(), part)
		}
	}
}

func (x *run) sleep(d time.Duration) { time.Sleep(d) } // fake time in this process, real time elsewhere

// took demands that f lasts from lo to hi.
func (x *run) took(lo, hi time.Duration, f func()) {
	start := time.Now()
	f()
	if d := time.Since(start); d < lo || d > hi {
		x.fatal("took %v, want %v to %v", d, lo, hi)
	}
}

type attrs = map[string]string

func (x *run) tryCreate(name string, a attrs) (string, error) {
	out, err := x.client.CreateQueue(x.ctx, &sqs.CreateQueueInput{QueueName: aws.String(x.prefix + name), Attributes: a})
	if err != nil {
		return "", err
	}
	return *out.QueueUrl, nil
}

func (x *run) create(name string, a attrs) string {
	q, err := x.tryCreate(name, a)
	x.ok(err)
	return q
}

// fifo creates a FIFO queue with content-based deduplication.
func (x *run) fifo(name string, a attrs) string {
	all := attrs{"FifoQueue": "true", "ContentBasedDeduplication": "true"}
	for k, v := range a {
		all[k] = v
	}
	return x.create(name+".fifo", all)
}

func (x *run) attributes(q string, names ...types.QueueAttributeName) attrs {
	out, err := x.client.GetQueueAttributes(x.ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q, AttributeNames: names})
	x.ok(err)
	return out.Attributes
}

func (x *run) arn(q string) string { return x.attributes(q, "QueueArn")["QueueArn"] }

func (x *run) set(q string, a attrs) error {
	_, err := x.client.SetQueueAttributes(x.ctx, &sqs.SetQueueAttributesInput{QueueUrl: &q, Attributes: a})
	return err
}

// counts are visible, in flight and delayed.
func (x *run) counts(q string) [3]string {
	a := x.attributes(q, "All")
	return [3]string{a["ApproximateNumberOfMessages"], a["ApproximateNumberOfMessagesNotVisible"], a["ApproximateNumberOfMessagesDelayed"]}
}

type sendOption func(*sqs.SendMessageInput)

func group(id string) sendOption {
	return func(in *sqs.SendMessageInput) { in.MessageGroupId = &id }
}

func dedup(id string) sendOption {
	return func(in *sqs.SendMessageInput) { in.MessageDeduplicationId = &id }
}

func delay(s int32) sendOption {
	return func(in *sqs.SendMessageInput) {
		if in.DelaySeconds = s; s == 0 {
			in.DelaySeconds = sentZero
		}
	}
}

func attribute(name string, v types.MessageAttributeValue) sendOption {
	return func(in *sqs.SendMessageInput) {
		if in.MessageAttributes == nil {
			in.MessageAttributes = map[string]types.MessageAttributeValue{}
		}
		in.MessageAttributes[name] = v
	}
}

func text(s string) types.MessageAttributeValue { return typed("String", s) }

func typed(t, s string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: &t, StringValue: &s}
}

func (x *run) trySend(q, body string, options ...sendOption) (*sqs.SendMessageOutput, error) {
	in := &sqs.SendMessageInput{QueueUrl: &q, MessageBody: &body}
	for _, o := range options {
		o(in)
	}
	return x.client.SendMessage(x.ctx, in, x.withZero("DelaySeconds", in.DelaySeconds))
}

func (x *run) send(q, body string, options ...sendOption) *sqs.SendMessageOutput {
	out, err := x.trySend(q, body, options...)
	x.ok(err)
	return out
}

type receiveOption func(*sqs.ReceiveMessageInput)

func wait(s int32) receiveOption {
	return func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = s }
}

// hide sets the visibility timeout of a receive.
func hide(s int32) receiveOption {
	return func(in *sqs.ReceiveMessageInput) {
		if in.VisibilityTimeout = s; s == 0 {
			in.VisibilityTimeout = sentZero
		}
	}
}

// sentZero stands for a zero that is to be sent: the SDK leaves zeros out, and
// for SQS a timeout or delay of zero is not the same as none.
const sentZero = math.MinInt32

func system(names ...types.MessageSystemAttributeName) receiveOption {
	return func(in *sqs.ReceiveMessageInput) { in.MessageSystemAttributeNames = names }
}

func users(names ...string) receiveOption {
	return func(in *sqs.ReceiveMessageInput) { in.MessageAttributeNames = names }
}

func (x *run) tryReceive(q string, max int32, options ...receiveOption) ([]types.Message, error) {
	in := &sqs.ReceiveMessageInput{QueueUrl: &q, MaxNumberOfMessages: max}
	for _, o := range options {
		o(in)
	}
	out, err := x.client.ReceiveMessage(x.ctx, in, x.withZero("VisibilityTimeout", in.VisibilityTimeout))
	if err != nil {
		return nil, err
	}
	return out.Messages, nil
}

func (x *run) receive(q string, max int32, options ...receiveOption) []types.Message {
	m, err := x.tryReceive(q, max, options...)
	x.ok(err)
	return m
}

// one receives exactly one message.
func (x *run) one(q string, options ...receiveOption) types.Message {
	m := x.receive(q, 1, options...)
	if len(m) != 1 {
		x.fatal("received %d messages, want 1", len(m))
	}
	return m[0]
}

// bodies receives and demands these bodies in this order.
func (x *run) bodies(q string, max int32, want []string, options ...receiveOption) []types.Message {
	m := x.receive(q, max, options...)
	var got []string
	for _, m := range m {
		got = append(got, *m.Body)
	}
	x.equal("bodies", got, want)
	return m
}

// none demands that nothing can be received.
func (x *run) none(q string, options ...receiveOption) { x.bodies(q, 10, nil, options...) }

// withZero makes the SDK's transport write a zero where value is sentZero.
func (x *run) withZero(member string, value int32) func(*sqs.Options) {
	return func(o *sqs.Options) {
		if value == sentZero {
			o.HTTPClient = zeroWriter{x.http, fmt.Sprintf(`"%s":%d`, member, sentZero), fmt.Sprintf(`"%s":0`, member)}
		}
	}
}

type zeroWriter struct {
	next       *http.Client
	marker, to string
}

func (z zeroWriter) Do(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	text := strings.Replace(string(body), z.marker, z.to, 1)
	req.Body, req.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	return z.next.Do(req)
}

func (x *run) tryDelete(q string, handle *string) error {
	_, err := x.client.DeleteMessage(x.ctx, &sqs.DeleteMessageInput{QueueUrl: &q, ReceiptHandle: handle})
	return err
}

func (x *run) tryChange(q string, handle *string, seconds int32) error {
	_, err := x.client.ChangeMessageVisibility(x.ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &q, ReceiptHandle: handle, VisibilityTimeout: seconds})
	return err
}

// json calls an operation with a body of its own, for members the SDK would omit.
func (x *run) json(operation, body string, header ...string) (int, string) {
	req, err := http.NewRequestWithContext(x.ctx, "POST", x.endpoint, strings.NewReader(body))
	x.ok(err)
	req.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	return x.call(req, header...)
}

// query calls an action by GET at a path or URL.
func (x *run) query(at string, parameters url.Values, header ...string) (int, string) {
	if strings.HasPrefix(at, "/") {
		at = x.endpoint + at
	}
	req, err := http.NewRequestWithContext(x.ctx, "GET", at+"?"+parameters.Encode(), nil)
	x.ok(err)
	return x.call(req, header...)
}

func (x *run) call(req *http.Request, header ...string) (int, string) {
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := x.http.Do(req)
	x.ok(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	x.ok(err)
	return res.StatusCode, string(body)
}
