package sqs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/sources"
)

// answers runs f in a bubble with a feed of a service that answers every
// request by handler. The feed has not asked anything yet.
func answers(t *testing.T, handler http.HandlerFunc, f func(*testing.T, *awsclient.Client, *queue)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		dial, stop := serve(handler)
		c := &awsclient.Client{Dial: dial}
		cfg, err := c.Config(t.Context(), awsclient.Use{Endpoint: awsclient.Endpoint{URL: here}, Region: "us-east-1"})
		if err != nil {
			t.Fatal(err)
		}
		f(t, c, &queue{client: sqs.NewFromConfig(cfg), url: here + "/000000000000/orders", loan: 30 * time.Second})
		c.CloseIdle()
		stop()
	})
}

// reply writes an answer of SQS's JSON protocol.
func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func TestClasses(t *testing.T) {
	noAWS(t)
	for _, c := range []struct {
		status      int
		code, query string
		want        error
	}{
		{400, "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue;Sender", sources.ErrGone},
		{400, "com.amazonaws.sqs#QueueDoesNotExist", "", sources.ErrGone},
		{400, "AWS.SimpleQueueService.NonExistentQueue", "", sources.ErrGone},
		{403, "com.amazon.coral.service#AccessDeniedException", "AccessDenied;Sender", sources.ErrDenied},
		{400, "com.amazonaws.sqs#KmsAccessDenied", "KMS.AccessDeniedException;Sender", sources.ErrDenied},
		{403, "com.amazonaws.sqs#InvalidClientTokenId", "", sources.ErrDenied},
		{400, "com.amazon.coral.service#UnrecognizedClientException", "", sources.ErrDenied},
		{400, "com.amazonaws.sqs#InvalidSecurity", "InvalidSecurity;Sender", sources.ErrDenied},
		{403, "SomethingNew", "", sources.ErrDenied},
		{403, "com.amazonaws.sqs#OverLimit", "OverLimit;Sender", nil},
		{403, "com.amazonaws.sqs#RequestThrottled", "RequestThrottled;Sender", nil},
		{400, "com.amazonaws.sqs#RequestThrottled", "", nil},
		{500, "InternalFailure", "", nil},
		{503, "ServiceUnavailable", "", nil},
	} {
		requests := 0
		answers(t, func(w http.ResponseWriter, _ *http.Request) {
			requests++
			if c.query != "" {
				w.Header().Set("X-Amzn-Query-Error", c.query)
			}
			reply(w, c.status, fmt.Sprintf(`{"__type":%q,"message":"no"}`, c.code))
		}, func(t *testing.T, _ *awsclient.Client, q *queue) {
			records := []sources.Record{{ID: "a", Token: handle("h")}}
			_, err := q.Receive(t.Context(), 1, time.Second)
			for call, err := range map[string]error{
				"receive": err, "ack": q.Ack(t.Context(), records), "nack": q.Nack(t.Context(), records),
			} {
				gone, denied := errors.Is(err, sources.ErrGone), errors.Is(err, sources.ErrDenied)
				if err == nil || gone != (c.want == sources.ErrGone) || denied != (c.want == sources.ErrDenied) {
					t.Errorf("%d %s: %s: error %v, want %v", c.status, c.code, call, err, c.want)
				}
				if err != nil && (!strings.Contains(err.Error(), call) || strings.Contains(err.Error(), "Authorization")) {
					t.Errorf("error %v does not name its call %s, or tells too much", err, call)
				}
			}
		})
		if requests != 3 {
			t.Errorf("%d %s: %d requests, want 3: the engine retries", c.status, c.code, requests)
		}
	}
}

func TestNoCredentials(t *testing.T) {
	noAWS(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	_, err := Kind(nil).Inspect(t.Context(), sources.Spec{ARN: "arn:aws:sqs:eu-west-1:111122223333:orders"})
	if !errors.Is(err, sources.ErrDenied) || !errors.Is(err, awsclient.ErrCredentials) {
		t.Errorf("without credentials: %v", err)
	}
}

// TestBatchAnswers: what became of each record of a call.
func TestBatchAnswers(t *testing.T) {
	noAWS(t)
	const (
		expired = `{"Id":%q,"SenderFault":true,"Code":"InvalidParameterValue","Message":"Value h for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."}`
		invalid = `{"Id":%q,"SenderFault":true,"Code":"ReceiptHandleIsInvalid","Message":"The input receipt handle is not valid."}`
		deleted = `{"Id":%q,"SenderFault":true,"Code":"InvalidParameterValue","Message":"Value h for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."}`
		passing = `{"Id":%q,"SenderFault":false,"Code":"InternalError","Message":"again later"}`
	)
	entry := func(form, id string) string { return fmt.Sprintf(form, id) }
	for name, c := range map[string]struct {
		done, failed []string
		want         string // IDs that failed
		expired      bool
	}{
		"all done":                     {done: []string{"0", "1", "2"}},
		"one failed":                   {[]string{"0", "2"}, []string{entry(passing, "1")}, "b", false},
		"in another order":             {[]string{"1"}, []string{entry(passing, "2"), entry(passing, "0")}, "ac", false},
		"expired":                      {[]string{"0", "1"}, []string{entry(expired, "2")}, "c", true},
		"invalid":                      {[]string{"0", "1"}, []string{entry(invalid, "2")}, "c", true},
		"deleted":                      {[]string{"0", "1"}, []string{entry(deleted, "2")}, "c", true},
		"all expired":                  {nil, []string{entry(expired, "0"), entry(invalid, "1"), entry(deleted, "2")}, "abc", true},
		"expired and passing":          {[]string{"0"}, []string{entry(expired, "1"), entry(passing, "2")}, "bc", false},
		"passing and expired":          {[]string{"0"}, []string{entry(passing, "1"), entry(expired, "2")}, "bc", false},
		"not mentioned":                {[]string{"0", "2"}, nil, "b", false},
		"empty answer":                 {nil, nil, "abc", false},
		"names nobody":                 {[]string{"0", "1", "7", "x", ""}, []string{entry(passing, "9")}, "c", false},
		"the same message twice, once": {[]string{"0", "1"}, []string{entry(passing, "2")}, "c", false},
	} {
		t.Run(name, func(t *testing.T) {
			var done []string
			for _, id := range c.done {
				done = append(done, fmt.Sprintf(`{"Id":%q}`, id))
			}
			answers(t, func(w http.ResponseWriter, _ *http.Request) {
				reply(w, 200, `{"Successful":[`+strings.Join(done, ",")+`],"Failed":[`+strings.Join(c.failed, ",")+`]}`)
			}, func(t *testing.T, _ *awsclient.Client, q *queue) {
				records := []sources.Record{{ID: "a", Token: handle("1")}, {ID: "b", Token: handle("2")}, {ID: "c", Token: handle("3")}}
				for call, err := range map[string]error{"ack": q.Ack(t.Context(), records), "nack": q.Nack(t.Context(), records)} {
					var failed *sources.Failed
					if errors.As(err, &failed) != (c.want != "") {
						t.Errorf("%s: error %v, want %q", call, err, c.want)
						continue
					}
					var got strings.Builder
					if failed != nil {
						for _, r := range failed.Records {
							got.WriteString(r.ID)
						}
					}
					if got.String() != c.want || errors.Is(err, sources.ErrExpired) != c.expired {
						t.Errorf("%s: %q failed by %v, want %q, expired: %v", call, got.String(), err, c.want, c.expired)
					}
				}
			})
		})
	}
}

// TestEmptyCalls: a call without records asks nothing.
func TestEmptyCalls(t *testing.T) {
	noAWS(t)
	answers(t, func(http.ResponseWriter, *http.Request) { t.Error("something was asked") },
		func(t *testing.T, _ *awsclient.Client, q *queue) {
			if err := errors.Join(q.Ack(t.Context(), nil), q.Nack(t.Context(), nil), q.Close()); err != nil {
				t.Error(err)
			}
			stranger := []sources.Record{{ID: "a", Token: "h"}}
			if q.Ack(t.Context(), stranger) == nil || q.Nack(t.Context(), stranger) == nil {
				t.Error("a record of another source was taken")
			}
			for _, wait := range []time.Duration{-1, 20*time.Second + 1} {
				if _, err := q.Receive(t.Context(), 1, wait); err == nil {
					t.Errorf("wait %v was accepted", wait)
				}
			}
			if _, err := q.Receive(t.Context(), 0, 0); err == nil {
				t.Error("max 0 was accepted")
			}
		})
}

// TestWholeSeconds: SQS waits whole seconds; a wait is never cut short.
func TestWholeSeconds(t *testing.T) {
	noAWS(t)
	for wait, want := range map[time.Duration]string{
		0: `"WaitTimeSeconds":0`, 1: `"WaitTimeSeconds":1`, time.Second: `"WaitTimeSeconds":1`,
		1500 * time.Millisecond: `"WaitTimeSeconds":2`, 20 * time.Second: `"WaitTimeSeconds":20`,
	} {
		answers(t, func(w http.ResponseWriter, r *http.Request) {
			var body strings.Builder
			_ = r.Write(&body)
			if strings.Count(body.String(), want) != 1 || strings.Count(body.String(), "WaitTimeSeconds") != 1 {
				t.Errorf("wait %v: %s", wait, body.String())
			}
			reply(w, 200, `{}`)
		}, func(t *testing.T, _ *awsclient.Client, q *queue) {
			if got, err := q.Receive(t.Context(), 1, wait); err != nil || len(got) != 0 {
				t.Error(got, err)
			}
		})
	}
}

// TestCancelledWhileAnswered: messages of an answer that has begun are returned,
// since nobody else gets them now.
func TestCancelledWhileAnswered(t *testing.T) {
	noAWS(t)
	answers(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		fmt.Fprint(w, `{"Messages":[`)
		w.(http.Flusher).Flush()
		time.Sleep(2 * time.Second)
		fmt.Fprint(w, `{"MessageId":"m","ReceiptHandle":"h","Body":"x"}]}`)
	}, func(t *testing.T, _ *awsclient.Client, q *queue) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		records, err := q.Receive(ctx, 1, 20*time.Second)
		if err != nil || len(records) != 1 || records[0].ID != "m" {
			t.Errorf("%+v, %v", records, err)
		}
	})
}

// TestBrokenAnswers: an answer that is not one is an error, not an empty queue.
func TestBrokenAnswers(t *testing.T) {
	noAWS(t)
	for _, body := range []string{
		`null`, `{"Messages":`, `<html>`, `[]`, `{"Messages":{}}`,
		`{"Messages":[{"MessageId":"m","ReceiptHandle":"h","Body":"x","MD5OfBody":"00000000000000000000000000000000"}]}`,
		`{"Messages":[{"ReceiptHandle":"h","Body":"x"}]}`,
		`{"Messages":[{"MessageId":"m","Body":"x"}]}`,
	} {
		answers(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, body) },
			func(t *testing.T, _ *awsclient.Client, q *queue) {
				if got, err := q.Receive(t.Context(), 1, 0); err == nil {
					t.Errorf("answer %q gives %d records and no error", body, len(got))
				}
			})
	}
}

// TestBrokenFacts: attributes that cannot be read are an error, not a default.
func TestBrokenFacts(t *testing.T) {
	noAWS(t)
	for _, attributes := range []string{
		`{}`, `{"VisibilityTimeout":""}`, `{"VisibilityTimeout":"-1"}`, `{"VisibilityTimeout":"99999999"}`,
		`{"VisibilityTimeout":"30","RedrivePolicy":"{"}`, `{"VisibilityTimeout":"30","RedrivePolicy":"{}"}`,
		`{"VisibilityTimeout":"30","RedrivePolicy":"{\"maxReceiveCount\":0}"}`,
		`{"VisibilityTimeout":"30","RedrivePolicy":"{\"maxReceiveCount\":\"many\"}"}`,
	} {
		answers(t, func(w http.ResponseWriter, _ *http.Request) {
			reply(w, 200, `{"QueueUrl":"http://sqs.here/000000000000/orders","Attributes":`+attributes+`}`)
		}, func(t *testing.T, c *awsclient.Client, _ *queue) {
			s := sources.Spec{ARN: "arn:aws:sqs:us-east-1:000000000000:orders", Endpoint: sources.Endpoint{URL: here}}
			if f, err := Kind(c).Inspect(t.Context(), s); err == nil {
				t.Errorf("attributes %s give %+v", attributes, f)
			}
		})
	}
}
