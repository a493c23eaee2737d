package invoke_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/penstock/penstock/invoke"
)

type order struct{ Number int }

type method struct{}

func (method) Invoke(_ context.Context, b []byte) ([]byte, error) { return append(b, ' '), nil }

func TestFuncTakesWhatLambdaStartTakes(t *testing.T) {
	for name, c := range map[string]struct {
		handler     any
		event, want string
	}{
		"nothing":           {func() {}, ``, `null`},
		"error":             {func() error { return nil }, ``, `null`},
		"value":             {func() (order, error) { return order{7}, nil }, ``, `{"Number":7}`},
		"event":             {func(o order) error { return nil }, `{"Number":1}`, `null`},
		"event, value":      {func(o order) (order, error) { o.Number++; return o, nil }, `{"Number":1}`, `{"Number":2}`},
		"context":           {func(context.Context) error { return nil }, ``, `null`},
		"context, event":    {func(_ context.Context, o *order) (int, error) { return o.Number, nil }, `{"Number":5}`, `5`},
		"any":               {func(v any) (any, error) { return v, nil }, `["<&>"]`, `["<&>"]`},
		"empty event":       {func(v any) (any, error) { return v, nil }, ``, `{}`},
		"raw message":       {func(v json.RawMessage) (json.RawMessage, error) { return v, nil }, `{"a": 1}`, `{"a":1}`},
		"bytes are base64":  {func(v []byte) ([]byte, error) { return bytes.ToUpper(v), nil }, `"YWJj"`, `"QUJD"`},
		"reader":            {func() (io.Reader, error) { return strings.NewReader("plain"), nil }, ``, `plain`},
		"lambda.Handler":    {method{}, `{}`, `{} `},
		"lambda.NewHandler": {lambda.NewHandler(func() (int, error) { return 1, nil }), ``, `1`},
		"library's event":   {func(e events.SQSEvent) (string, error) { return e.Records[0].Body, nil }, `{"Records":[{"body":"b"}]}`, `"b"`},
	} {
		t.Run(name, func(t *testing.T) {
			target := invoke.Func(c.handler)
			if err := invoke.Check(target); err != nil {
				t.Fatal(err)
			}
			got, err := target.Invoke(t.Context(), invoke.Request{ID: "id-1", Event: []byte(c.event)})
			if err != nil || got.Failure != "" || string(got.Payload) != c.want || got.RequestID != "id-1" {
				t.Errorf("%s %+v, %v; want %s", got.Payload, got, err, c.want)
			}
		})
	}
}

// The library knows of a wrong handler only when it is called: both must agree.
func TestFuncNamesWrongHandlers(t *testing.T) {
	for name, handler := range map[string]any{
		"nil":                 nil,
		"no function":         42,
		"three arguments":     func(context.Context, int, int) {},
		"two, no context":     func(int, int) {},
		"an interface":        func(fmt.Stringer) {},
		"three values":        func() (int, int, error) { return 0, 0, nil },
		"one value, no error": func() int { return 0 },
		//lint:ignore ST1008 that is what is wrong with it
		"two values, no error":    func() (error, int) { return nil, 0 },
		"nil function":            (func())(nil),
		"variable number of args": func(...string) {},
	} {
		t.Run(name, func(t *testing.T) {
			target := invoke.Func(handler)
			if err := invoke.Check(target); !errors.Is(err, invoke.ErrRefused) {
				t.Errorf("Check: %v", err)
			}
			if _, err := target.Invoke(t.Context(), invoke.Request{}); !errors.Is(err, invoke.ErrRefused) {
				t.Errorf("Invoke: %v", err)
			}
			defer func() { recover() }() // two of these the library does not survive
			if _, err := lambda.NewHandler(handler).Invoke(t.Context(), []byte("0")); err == nil {
				t.Error("lambda.Start takes it")
			}
		})
	}
	if invoke.Check(invoke.Bytes(nil)) == nil {
		t.Error("Bytes(nil) passes")
	}
}

type failed struct{ code int }

func (f *failed) Error() string { return fmt.Sprint("code ", f.code) }

func TestFuncFailures(t *testing.T) {
	for name, c := range map[string]struct {
		handler any
		want    string
	}{
		"errors.New":   {func() error { return errors.New("Error: x") }, `{"errorMessage":"Error: x","errorType":"errorString"}`},
		"wrapped":      {func() error { return fmt.Errorf("a: %w", io.EOF) }, `{"errorMessage":"a: EOF","errorType":"wrapError"}`},
		"own type":     {func() error { return &failed{3} }, `{"errorMessage":"code 3","errorType":"failed"}`},
		"ready made":   {func() error { return messages.InvokeResponse_Error{Message: "m", Type: "Own"} }, `{"errorMessage":"m","errorType":"Own"}`},
		"bad event":    {func(int) error { return nil }, `{"errorMessage":"json: cannot unmarshal object into Go value of type int","errorType":"UnmarshalTypeError"}`},
		"ends itself":  {func() { runtime.Goexit() }, `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id-1 Error: Runtime exited with error: exit status 2"}`},
		"ready panic":  {func() { panic(messages.InvokeResponse_Error{Message: "m", Type: "Own"}) }, `{"errorMessage":"m","errorType":"Own"}`},
		"bad response": {func() (any, error) { return func() {}, nil }, `{"errorMessage":"json: unsupported type: func()","errorType":"UnsupportedTypeError"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := invoke.Func(c.handler).Invoke(t.Context(), invoke.Request{ID: "id-1"})
			if err != nil || got.Failure != "Unhandled" || string(got.Payload) != c.want {
				t.Errorf("%q %s, %v; want %s", got.Failure, got.Payload, err, c.want)
			}
		})
	}
}

type wrecked struct{}

func (wrecked) Error() string { panic("twice") }

func TestPanicIsAFailure(t *testing.T) {
	var none map[string]int
	for name, c := range map[string]struct {
		handler any
		message string
		kind    string
	}{
		"string":         {func() { panic("boom") }, "boom", "string"},
		"error":          {func() { panic(&failed{1}) }, "code 1", "failed"},
		"runtime":        {func() { none["a"] = 1 }, "assignment to entry in nil map", "plainError"},
		"nil":            {func() { panic(nil) }, "panic called with nil argument", "PanicNilError"},
		"from its error": {func() error { return wrecked{} }, "twice", "string"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := invoke.Func(c.handler).Invoke(t.Context(), invoke.Request{})
			if err != nil || got.Failure != "Unhandled" {
				t.Fatalf("%+v, %v", got, err)
			}
			var m messages.InvokeResponse_Error
			if err := json.Unmarshal(got.Payload, &m); err != nil {
				t.Fatal(err)
			}
			if m.Message != c.message || m.Type != c.kind {
				t.Errorf("%q %q", m.Message, m.Type)
			}
			if len(m.StackTrace) == 0 || len(m.StackTrace) > 32 || m.StackTrace[0].Path != "runtime/panic.go" {
				t.Fatalf("stack %s", got.Payload)
			}
			if f := m.StackTrace[1]; name == "string" && (f.Path != "penstock/penstock/invoke_test/func_test.go" && !strings.HasSuffix(f.Path, "invoke/func_test.go") || !strings.HasPrefix(f.Label, "TestPanicIsAFailure.")) {
				t.Errorf("frame %+v", f)
			}
		})
	}
}

func deep(n int) {
	if n == 0 {
		panic("deep")
	}
	deep(n - 1)
}

func TestStackHas32Frames(t *testing.T) {
	got, _ := invoke.Func(func() { deep(100) }).Invoke(t.Context(), invoke.Request{})
	var m messages.InvokeResponse_Error
	if err := json.Unmarshal(got.Payload, &m); err != nil || len(m.StackTrace) != 32 {
		t.Errorf("%d frames, %v", len(m.StackTrace), err)
	}
}

func TestFuncContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deadline := time.Now().Add(5 * time.Second)
		ctx, cancel := context.WithDeadline(t.Context(), deadline)
		defer cancel()
		target := invoke.Func(func(ctx context.Context) error {
			lc, ok := lambdacontext.FromContext(ctx)
			if !ok || lc.AwsRequestID != "id-7" || lc.InvokedFunctionArn != "arn:f:live" ||
				lc.ClientContext.Client.AppTitle != "app" || lc.ClientContext.Custom["k"] != "v" {
				t.Errorf("%+v", lc)
			}
			if d, ok := ctx.Deadline(); !ok || !d.Equal(deadline) {
				t.Errorf("deadline %v", d)
			}
			if trace := ctx.Value("x-amzn-trace-id"); trace != "Root=1-x" {
				t.Errorf("trace %v", trace)
			}
			return nil
		})
		got, err := target.Invoke(ctx, invoke.Request{
			ID: "id-7", FunctionARN: "arn:f:live", Trace: "Root=1-x",
			ClientContext: []byte(`{"Client":{"app_title":"app"},"custom":{"k":"v"}}`),
		})
		if err != nil || got.Failure != "" {
			t.Errorf("%+v, %v", got, err)
		}
		got, err = target.Invoke(ctx, invoke.Request{ClientContext: []byte(`[`)})
		if err != nil || got.Failure == "" {
			t.Errorf("a client context that is no JSON: %+v, %v", got, err)
		}
	})
}

func TestFuncTimesOut(t *testing.T) {
	const want = `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: id-1 Error: Task timed out after 1.50 seconds"}`
	for name, handler := range map[string]any{
		"heeding":         func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"ignoring":        func() { time.Sleep(time.Hour) },
		"in that instant": func() { time.Sleep(1500 * time.Millisecond) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				target := invoke.Timed{Target: invoke.Func(handler), Timeout: 1500 * time.Millisecond}
				got, err := target.Invoke(t.Context(), invoke.Request{ID: "id-1"})
				if err != nil || got.Failure != "Unhandled" || string(got.Payload) != want {
					t.Errorf("%s, %v", got.Payload, err)
				}
				if d := time.Since(began); d != 1500*time.Millisecond {
					t.Errorf("after %v", d)
				}
				time.Sleep(2 * time.Hour) // let the handler end
			})
		})
	}
}

func TestFuncCancelledIsNotAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stopping := errors.New("stopping")
		time.AfterFunc(time.Second, func() { cancel(stopping) })
		_, err := invoke.Func(func() { time.Sleep(time.Minute) }).Invoke(ctx, invoke.Request{})
		if !errors.Is(err, stopping) || errors.Is(err, invoke.ErrRefused) || errors.Is(err, invoke.ErrThrottled) {
			t.Errorf("%v", err)
		}
		time.Sleep(time.Hour) // let the handler end
		ran := false
		_, err = invoke.Func(func() { ran = true }).Invoke(ctx, invoke.Request{})
		synctest.Wait()
		if err == nil || ran {
			t.Errorf("ran %v, %v", ran, err)
		}
	})
}

func TestFuncSizes(t *testing.T) {
	size := 0
	target := invoke.Bytes(func(context.Context, []byte) ([]byte, error) { return make([]byte, size), nil })
	for _, size = range []int{invoke.MaxResponse, invoke.MaxResponse + 1} {
		got, err := target.Invoke(t.Context(), invoke.Request{})
		if err != nil || (got.Failure != "") != (size > invoke.MaxResponse) {
			t.Errorf("%d bytes: %q, %v", size, got.Failure, err)
		}
		if want := `{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}`; got.Failure != "" && string(got.Payload) != want {
			t.Errorf("%s", got.Payload)
		}
	}
	size = 0
	largest := bytes.Repeat([]byte("7"), invoke.MaxRequest)
	if _, err := target.Invoke(t.Context(), invoke.Request{Event: largest}); err != nil {
		t.Errorf("largest request: %v", err)
	}
	_, err := target.Invoke(t.Context(), invoke.Request{Event: append(largest, '7')})
	if !errors.Is(err, invoke.ErrRefused) || !strings.Contains(fmt.Sprint(err), "Request must be smaller than 6291456 bytes for the InvokeFunction operation") {
		t.Errorf("too large a request: %v", err)
	}
}

func TestEventIsJSON(t *testing.T) {
	_, err := invoke.Func(func() {}).Invoke(t.Context(), invoke.Request{Event: []byte(`{"a":`)})
	want := "InvalidRequestContentException: Could not parse request body into json: Could not parse payload into json: unexpected end of JSON input"
	if !errors.Is(err, invoke.ErrRefused) || err.Error() != want {
		t.Errorf("%v", err)
	}
}
