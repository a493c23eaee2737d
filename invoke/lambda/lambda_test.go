package lambda_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/penstock/penstock/internal/pipenet"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/invoke/lambda"
	"github.com/penstock/penstock/invoke/targettest"
)

// serve runs h on an in-memory network and returns a client of it.
func serve(t *testing.T, h http.HandlerFunc) *http.Client {
	l := pipenet.Listen()
	server := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() { server.Serve(l); close(done) }()
	transport := &http.Transport{DialContext: l.DialContext}
	t.Cleanup(func() { transport.CloseIdleConnections(); server.Close(); <-done })
	return &http.Client{Transport: transport}
}

func config(client *http.Client) aws.Config {
	return aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		BaseEndpoint: aws.String("http://lambda.test"),
		HTTPClient:   client,
	}
}

// service is the Invoke operation of a function that behaves as the suite's.
func service(w http.ResponseWriter, r *http.Request) {
	event, _ := io.ReadAll(r.Body)
	if r.URL.Path != "/2015-03-31/functions/f/invocations" {
		exception(404, "ResourceNotFoundException", "Function not found: "+r.URL.Path)(w, r)
		return
	}
	id := invoke.NewID()
	got, err := invoke.Func(targettest.Handle).Invoke(r.Context(), invoke.Request{ID: id, Event: event})
	if err != nil {
		return
	}
	if got.Failure != "" {
		w.Header().Set("X-Amz-Function-Error", got.Failure)
	}
	w.Header().Set("X-Amz-Executed-Version", "$LATEST")
	w.Header().Set("X-Amzn-Requestid", id)
	w.Write(got.Payload)
}

func exception(status int, name, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Errortype", name)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"Type":"User","Message":%q}`, message)
	}
}

func TestConformance(t *testing.T) {
	targettest.Run(t, true, func(t *testing.T) targettest.Rig {
		closed := pipenet.Listen()
		closed.Close()
		client := serve(t, service)
		return targettest.Rig{
			Target:      lambda.Endpoint(config(client), "f"),
			Refused:     lambda.Endpoint(config(client), "other"),
			Throttled:   lambda.Endpoint(config(serve(t, exception(429, "TooManyRequestsException", "Rate Exceeded."))), "f"),
			Unreachable: lambda.Endpoint(config(&http.Client{Transport: &http.Transport{DialContext: closed.DialContext}}), "f"),
			OwnID:       true,
		}
	})
}

// emulator answers as the runtime interface emulator: 200 whatever happens.
func emulator(w http.ResponseWriter, r *http.Request) {
	event, _ := io.ReadAll(r.Body)
	id := invoke.NewID()
	got, err := invoke.Func(targettest.Handle).Invoke(r.Context(), invoke.Request{ID: id, Event: event})
	if err == nil {
		w.Header().Set("X-Amzn-Requestid", id)
		w.Write(got.Payload)
	}
}

func TestEmulatorConformance(t *testing.T) {
	const url = "http://emulator.test:8080/2015-03-31/functions/function/invocations"
	targettest.Run(t, true, func(t *testing.T) targettest.Rig {
		closed := pipenet.Listen()
		closed.Close()
		return targettest.Rig{
			Target:      lambda.Emulator(url, serve(t, emulator)),
			Refused:     lambda.Emulator("http://emulator.test:8080/", nil),
			Unreachable: lambda.Emulator(url, &http.Client{Transport: &http.Transport{DialContext: closed.DialContext}}),
			OwnID:       true,
		}
	})
}

func TestEmulatorURL(t *testing.T) {
	for url, ok := range map[string]bool{
		"http://localhost:8080/2015-03-31/functions/function/invocations": true,
		"https://h/prefix/2015-03-31/functions/f/invocations":             true,
		"http://localhost:8080":                                      false,
		"http://localhost:8080/2015-03-31/functions//invocations":    false,
		"http://localhost:8080/2015-03-31/functions/f/invocations/x": false,
		"http://h/2015-03-31/functions/f/invocations?x=1":            false,
		"http://u:p@h/2015-03-31/functions/f/invocations":            false,
		"localhost:8080/2015-03-31/functions/f/invocations":          false,
		"": false,
	} {
		err := lambda.Emulator(url, nil).Check()
		if (err == nil) != ok || err != nil && !errors.Is(err, invoke.ErrRefused) {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestEmulatorFailures(t *testing.T) {
	for body, failed := range map[string]bool{
		`{"errorMessage":"m","errorType":"T"}`:                                     true,
		`{"errorMessage":"m","errorType":"T","requestId":"r","stackTrace":["  "]}`: true,
		`{"errorType":"T","errorMessage":"m","trace":[]}`:                          true,
		`{"errorMessage":"x Task timed out after 3.00 seconds"}`:                   true,
		`Task timed out after 3.00 seconds`:                                        true,
		`{"errorMessage":"m","errorType":"T","result":1}`:                          false,
		`{"errorMessage":"m","requestId":"r"}`:                                     false,
		`{"errorType":"T"}`:                                                        false,
		`["errorMessage"]`:                                                         false,
		`"Task timed out after 3 s"`:                                               false,
		`null`:                                                                     false,
	} {
		client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
		})}
		got, err := lambda.Emulator("http://h/2015-03-31/functions/f/invocations", client).Invoke(t.Context(), invoke.Request{})
		if err != nil || (got.Failure == "Unhandled") != failed {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
		if got, err := lambda.Endpoint(config(client), "f").Invoke(t.Context(), invoke.Request{}); err != nil || got.Failure != "" {
			t.Errorf("%s from a service that marks failures: %+v, %v", body, got, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		status int
		name   string
		want   error // nil: not now
	}{
		{429, "TooManyRequestsException", invoke.ErrThrottled},
		{429, "SomethingElse", invoke.ErrThrottled},
		{404, "ResourceNotFoundException", invoke.ErrRefused},
		{403, "AccessDeniedException", invoke.ErrRefused},
		{413, "RequestTooLargeException", invoke.ErrRefused},
		{413, "RequestEntityTooLargeException", invoke.ErrRefused},
		{400, "InvalidRequestContentException", invoke.ErrRefused},
		{400, "InvalidParameterValueException", invoke.ErrRefused},
		{400, "ValidationException", invoke.ErrRefused},
		{415, "UnsupportedMediaTypeException", invoke.ErrRefused},
		{403, "ExpiredTokenException", nil},
		{403, "UnrecognizedClientException", nil},
		{409, "ResourceConflictException", nil},
		{500, "ServiceException", nil},
		{502, "EC2ThrottledException", nil},
		{503, "ServiceUnavailable", nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int32
			client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				exception(c.status, c.name, "as AWS says")(w, r)
			})
			began := time.Now()
			_, err := lambda.Endpoint(config(client), "f").Invoke(t.Context(), invoke.Request{})
			if err == nil || errors.Is(err, invoke.ErrThrottled) != (c.want == invoke.ErrThrottled) || errors.Is(err, invoke.ErrRefused) != (c.want == invoke.ErrRefused) {
				t.Errorf("%d %s: %v", c.status, c.name, err)
			}
			if !strings.Contains(fmt.Sprint(err), c.name) || !strings.Contains(fmt.Sprint(err), "as AWS says") {
				t.Errorf("%s: %v", c.name, err)
			}
			if calls.Load() != 1 || time.Since(began) != 0 {
				t.Errorf("%s: %d calls in %v: the SDK retries", c.name, calls.Load(), time.Since(began))
			}
		})
	}
}

func TestRequestAndAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen *http.Request
		var body []byte
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			seen = r
			body, _ = io.ReadAll(r.Body)
			w.Header().Set("X-Amz-Function-Error", "Handled")
			w.Header().Set("X-Amz-Executed-Version", "7")
			w.Header().Set("X-Amzn-Requestid", "remote-1")
			w.Header().Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString([]byte("END RequestId: remote-1\n")))
			io.WriteString(w, `{"errorMessage":"m"}`)
		})
		got, err := lambda.Endpoint(config(client), "f:live").Tail().Invoke(t.Context(), invoke.Request{
			ID: "mine", Event: []byte(`{"a": 1}`), ClientContext: []byte(`{"env":{}}`), Trace: "Root=1-x",
		})
		if err != nil {
			t.Fatal(err)
		}
		if got.Failure != "Handled" || got.Version != "7" || got.RequestID != "remote-1" || got.Status != 200 ||
			string(got.Log) != "END RequestId: remote-1\n" || string(got.Payload) != `{"errorMessage":"m"}` {
			t.Errorf("%+v", got)
		}
		if seen.URL.Path != "/2015-03-31/functions/f:live/invocations" || string(body) != `{"a": 1}` {
			t.Errorf("%s %s", seen.URL.Path, body)
		}
		for name, want := range map[string]string{
			"X-Amz-Invocation-Type": "RequestResponse", "X-Amz-Log-Type": "Tail", "X-Amzn-Trace-Id": "Root=1-x",
			"X-Amz-Client-Context": base64.StdEncoding.EncodeToString([]byte(`{"env":{}}`)),
		} {
			if v := seen.Header.Get(name); v != want {
				t.Errorf("%s: %q, want %q", name, v, want)
			}
		}
		if !strings.HasPrefix(seen.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
			t.Error("the request is not signed")
		}
	})
}

type endless struct{ read *int }

func (e endless) Read(p []byte) (int, error) { *e.read += len(p); return len(p), nil }

func TestEndlessAnswerIsCutOff(t *testing.T) {
	for _, status := range []int{200, 500} {
		read := 0
		client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(endless{&read})}, nil
		})}
		got, err := lambda.Endpoint(config(client), "f").Invoke(t.Context(), invoke.Request{})
		if status == 200 && (err != nil || !strings.Contains(string(got.Payload), "Function.ResponseSizeTooLarge")) || read > 2*invoke.MaxResponse {
			t.Errorf("%d: %s, %v after %d bytes", status, got.Payload, err, read)
		}
	}
}

func TestEndpointName(t *testing.T) {
	for name, ok := range map[string]bool{"f": true, "f:live": true, "arn:aws:lambda:us-east-1:000000000000:function:f": true, "": false, "a/b": false} {
		if err := lambda.Endpoint(config(nil), name).Check(); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func ExampleEmulator() {
	target := lambda.Emulator("http://localhost:8080/2015-03-31/functions/function/invocations",
		&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) { // instead of an emulator
			event, err := io.ReadAll(r.Body)
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(event))}, err
		})})
	result, err := target.Invoke(context.Background(), invoke.Request{Event: []byte(`{"order":1}`)})
	fmt.Printf("%s %v\n", result.Payload, err)
	// Output: {"order":1} <nil>
}
