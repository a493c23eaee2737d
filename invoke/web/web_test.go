package web_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/penstock/penstock/internal/pipenet"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/invoke/targettest"
	"github.com/penstock/penstock/invoke/web"
)

// serve runs h on an in-memory network and returns a transport to it.
func serve(t *testing.T, h http.HandlerFunc) *http.Transport {
	l := pipenet.Listen()
	server := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() { server.Serve(l); close(done) }()
	transport := &http.Transport{DialContext: l.DialContext}
	t.Cleanup(func() { transport.CloseIdleConnections(); server.Close(); <-done })
	return transport
}

// function answers like the function of the conformance suite.
func function(w http.ResponseWriter, r *http.Request) {
	event, _ := io.ReadAll(r.Body)
	ctx := lambdacontext.NewContext(r.Context(), &lambdacontext.LambdaContext{AwsRequestID: r.Header.Get("X-Amzn-RequestId")})
	result, err := targettest.Handle(ctx, event)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	body, _ := json.Marshal(result)
	w.Write(body)
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }
}

func TestConformance(t *testing.T) {
	targettest.Run(t, true, func(t *testing.T) targettest.Rig {
		unreachable := pipenet.Listen()
		unreachable.Close()
		return targettest.Rig{
			Target:      web.Endpoint("http://function.test/run").Through(serve(t, function)),
			Refused:     web.Endpoint("ftp://function.test/run"),
			Throttled:   web.Endpoint("http://function.test/run").Through(serve(t, status(429))),
			Unreachable: web.Endpoint("http://function.test/run").Through(&http.Transport{DialContext: unreachable.DialContext}),
		}
	})
}

// roundTrip answers requests without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answering(h http.HandlerFunc) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h(w, r)
		return w.Result(), nil
	})
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status        int
		body          string
		payload, fail string
		err           error
	}{
		"json":              {200, `{"batchItemFailures":[]}`, `{"batchItemFailures":[]}`, "", nil},
		"other success":     {202, `1`, `1`, "", nil},
		"no content":        {204, ``, `null`, "", nil},
		"text":              {200, "OK\n", `"OK\n"`, "", nil},
		"too many requests": {429, ``, ``, "", invoke.ErrThrottled},
		"error":             {500, `broken`, `{"errorType":"HTTP.500","errorMessage":"500 Internal Server Error: broken"}`, "Unhandled", nil},
		"not found":         {404, ``, `{"errorType":"HTTP.404","errorMessage":"404 Not Found"}`, "Unhandled", nil},
		"redirect":          {302, ``, `{"errorType":"HTTP.302","errorMessage":"302 Found"}`, "Unhandled", nil},
		"unknown":           {599, ``, `{"errorType":"HTTP.599","errorMessage":"599"}`, "Unhandled", nil},
		"long error":        {500, strings.Repeat("x", 5000), `{"errorType":"HTTP.500","errorMessage":"500 Internal Server Error: ` + strings.Repeat("x", 1000) + `"}`, "Unhandled", nil},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			target := web.Endpoint("http://function.test/").Through(answering(func(w http.ResponseWriter, r *http.Request) {
				calls++
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}))
			got, err := target.Invoke(t.Context(), invoke.Request{})
			if !errors.Is(err, c.err) || string(got.Payload) != c.payload || got.Failure != c.fail {
				t.Errorf("%s %q, %v", got.Payload, got.Failure, err)
			}
			if calls != 1 {
				t.Errorf("%d requests", calls)
			}
		})
	}
	_, err := web.Endpoint("http://function.test/").Through(answering(status(503))).Invoke(t.Context(), invoke.Request{})
	if err == nil || errors.Is(err, invoke.ErrRefused) {
		t.Errorf("503: %v", err)
	}
}

func TestRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen *http.Request
		var body []byte
		target := web.Endpoint("http://user:secret@function.test/run?q=1").Through(answering(func(w http.ResponseWriter, r *http.Request) {
			seen = r
			body, _ = io.ReadAll(r.Body)
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		_, err := target.Invoke(ctx, invoke.Request{
			ID: "id-1", Event: []byte(`{"a":1}`), FunctionARN: "arn:aws:lambda:us-east-1:000000000000:function:f:live",
			ClientContext: []byte(`{"env":{}}`), Trace: "Root=1-x",
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"Content-Type":                        "application/json",
			"X-Amzn-Requestid":                    "id-1",
			"X-Amzn-Trace-Id":                     "Root=1-x",
			"Lambda-Runtime-Deadline-Ms":          fmt.Sprint(time.Now().Add(2500 * time.Millisecond).UnixMilli()),
			"Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:f:live",
			"X-Penstock-Function-Name":            "f",
			"X-Amz-Client-Context":                base64.StdEncoding.EncodeToString([]byte(`{"env":{}}`)),
			"Authorization":                       "Basic " + base64.StdEncoding.EncodeToString([]byte("user:secret")),
		} {
			if got := seen.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if seen.Method != "POST" || seen.URL.RequestURI() != "/run?q=1" || string(body) != `{"a":1}` || seen.ContentLength != 7 {
			t.Errorf("%s %s %q %d", seen.Method, seen.URL.RequestURI(), body, seen.ContentLength)
		}
		if _, err := target.Invoke(ctx, invoke.Request{}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"X-Amz-Client-Context", "Lambda-Runtime-Invoked-Function-Arn", "X-Penstock-Function-Name"} {
			if got := seen.Header.Values(name); got != nil {
				t.Errorf("%s without anything to say: %q", name, got)
			}
		}
	})
}

func TestNoSecretsInErrors(t *testing.T) {
	for _, url := range []string{"http://u:hunter2@function.test/?token=hunter2", "ftp://u:hunter2@h/", "http://h:port/hunter2", "\x01hunter2"} {
		target := web.Endpoint(url).Through(roundTrip(func(r *http.Request) (*http.Response, error) {
			return nil, errors.New("connection refused")
		}))
		_, err := target.Invoke(t.Context(), invoke.Request{})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}

func TestEndlessAnswerIsCutOff(t *testing.T) {
	read := 0
	target := web.Endpoint("http://function.test/").Through(roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(endless{&read})}, nil
	}))
	got, err := target.Invoke(t.Context(), invoke.Request{})
	if err != nil || !strings.Contains(string(got.Payload), "Function.ResponseSizeTooLarge") || read > 2*invoke.MaxResponse {
		t.Errorf("%s, %v after %d bytes", got.Payload, err, read)
	}
}

type endless struct{ read *int }

func (e endless) Read(p []byte) (int, error) { *e.read += len(p); return len(p), nil }

func TestNoDeadlineIsNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		target := web.Endpoint("http://function.test/").Through(serve(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}))
		_, err := target.Invoke(t.Context(), invoke.Request{})
		if err == nil || time.Since(began) != 900*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func ExampleEndpoint() {
	server := answering(func(w http.ResponseWriter, r *http.Request) {
		event, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, `{"got":%s}`, event)
	})
	target := web.Endpoint("https://functions.example.com/resize").Through(server)
	result, err := target.Invoke(context.Background(), invoke.Request{Event: []byte(`{"width":100}`)})
	fmt.Printf("%s %v\n", result.Payload, err)
	// Output: {"got":{"width":100}} <nil>
}
