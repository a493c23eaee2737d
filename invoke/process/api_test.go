package process

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/invoke"
)

const (
	nextPath  = "/2018-06-01/runtime/invocation/next"
	initPath  = "/2018-06-01/runtime/init/error"
	idPath    = "/2018-06-01/runtime/invocation/id-1/response"
	errorPath = "/2018-06-01/runtime/invocation/id-1/error"
)

// A runtimeClient calls an api without a network.
type runtimeClient struct{ api *api }

func (c runtimeClient) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	c.api.ServeHTTP(w, r)
	return w
}

func (c runtimeClient) post(path, body string) *httptest.ResponseRecorder {
	return c.send(httptest.NewRequest("POST", path, strings.NewReader(body)))
}

func (c runtimeClient) next() *httptest.ResponseRecorder {
	return c.send(httptest.NewRequest("GET", nextPath, nil))
}

// poll calls next in the background.
func (c runtimeClient) poll(ctx context.Context) <-chan *httptest.ResponseRecorder {
	got := make(chan *httptest.ResponseRecorder, 1)
	go func() { got <- c.send(httptest.NewRequest("GET", nextPath, nil).WithContext(ctx)) }()
	return got
}

func testAPI(limit int) (*api, runtimeClient, *atomic.Int32) {
	ready := new(atomic.Int32)
	a := newAPI(limit, extensionInfo{"f", "$LATEST", "f.handler"}, func(n int) { ready.Add(int32(n)) })
	return a, runtimeClient{a}, ready
}

func testInvocation(id string) *invocation {
	inv := newInvocation(id)
	inv.event, inv.arn, inv.trace = []byte(`{"a":1}`), "arn:f", "Root=1"
	inv.deadline = time.UnixMilli(1234567890123)
	return inv
}

// running brings an api to the state Running with invocation id-1.
func runningAPI(t *testing.T) (*api, runtimeClient, *invocation) {
	a, c, _ := testAPI(1)
	inv := testInvocation("id-1")
	a.deliver(inv)
	if w := c.next(); w.Code != 200 {
		t.Fatalf("next: %d", w.Code)
	}
	return a, c, inv
}

func TestLegalOrder(t *testing.T) {
	const (
		id         = "400 InvalidRequestID"
		transition = "403 InvalidStateTransition"
		ok         = "202"
	)
	calls := map[string]func(runtimeClient) *httptest.ResponseRecorder{
		"next":       func(c runtimeClient) *httptest.ResponseRecorder { return c.next() },
		"response":   func(c runtimeClient) *httptest.ResponseRecorder { return c.post(idPath, "1") },
		"error":      func(c runtimeClient) *httptest.ResponseRecorder { return c.post(errorPath, "{}") },
		"init/error": func(c runtimeClient) *httptest.ResponseRecorder { return c.post(initPath, "{}") },
		"other id": func(c runtimeClient) *httptest.ResponseRecorder {
			return c.post("/2018-06-01/runtime/invocation/id-2/response", "1")
		},
	}
	for _, row := range []struct {
		state state
		want  map[string]string // a call that blocks is not listed
	}{
		{stateStarted, map[string]string{"response": id, "error": id, "init/error": ok, "other id": id}},
		{stateInitError, map[string]string{"next": transition, "response": id, "error": id, "init/error": transition}},
		{stateReady, map[string]string{"response": id, "error": id, "init/error": transition}},
		{stateRunning, map[string]string{"next": "200", "response": ok, "error": ok, "init/error": transition, "other id": id}},
		{stateResponse, map[string]string{"next": transition, "response": transition, "error": transition, "init/error": transition, "other id": id}},
		{stateError, map[string]string{"next": transition, "response": transition, "error": transition, "init/error": transition}},
		{stateSent, map[string]string{"response": transition, "error": transition, "init/error": transition, "other id": id}},
	} {
		for name, want := range row.want {
			a, c, _ := testAPI(1)
			a.state = row.state
			switch row.state {
			case stateRunning, stateResponse, stateError, stateSent:
				a.current = testInvocation("id-1")
			}
			w := calls[name](c)
			var refusal struct{ ErrorType, ErrorMessage string }
			json.Unmarshal(w.Body.Bytes(), &refusal)
			got := strings.TrimSpace(fmt.Sprint(w.Code, " ", refusal.ErrorType))
			if got != want {
				t.Errorf("%s in %s: %s, want %s", name, row.state, got, want)
			}
			if w.Code == 403 && !strings.HasPrefix(refusal.ErrorMessage, "State transition from "+string(row.state)+" to ") {
				t.Errorf("%s in %s: %q", name, row.state, refusal.ErrorMessage)
			}
		}
	}
}

func TestNextHandsOutTheEvent(t *testing.T) {
	a, c, ready := testAPI(1)
	inv := testInvocation("id-1")
	inv.clientContext = []byte(`{"custom":1}`)
	a.deliver(inv)
	w := c.next()
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Content-Length": "7",
		"Lambda-Runtime-Aws-Request-Id": "id-1", "Lambda-Runtime-Deadline-Ms": "1234567890123",
		"Lambda-Runtime-Invoked-Function-Arn": "arn:f", "Lambda-Runtime-Trace-Id": "Root=1",
		"Lambda-Runtime-Client-Context": `{"custom":1}`,
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, there := w.Header()["Lambda-Runtime-Cognito-Identity"]; there || w.Body.String() != `{"a":1}` {
		t.Errorf("answer %v %q", w.Header(), w.Body)
	}
	if ready.Load() != 1 || !inv.wasHanded() {
		t.Errorf("ready %d, handed %v", ready.Load(), inv.wasHanded())
	}
	// A poll while running gets the same event at once (H6).
	if w := c.next(); w.Code != 200 || w.Header().Get("Lambda-Runtime-Aws-Request-Id") != "id-1" {
		t.Errorf("second poll: %d %v", w.Code, w.Header())
	}
	if ready.Load() != 1 {
		t.Error("a poll while running counted as room")
	}
}

func TestAnEventWakesOnePoller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		a, c, ready := testAPI(1)
		one, two := c.poll(ctx), c.poll(ctx)
		synctest.Wait()
		if ready.Load() != 1 {
			t.Errorf("two pollers of one process are room for %d", ready.Load())
		}
		inv := testInvocation("id-1")
		a.deliver(inv)
		synctest.Wait()
		if len(one)+len(two) != 1 {
			t.Errorf("%d pollers woke", len(one)+len(two))
		}
		// The answer is released at the response; the end is the next poll.
		if w := c.post(idPath, `"r"`); w.Code != 202 || w.Body.String() != "{\"status\":\"OK\"}\n" || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("response: %d %s", w.Code, w.Body)
		}
		select {
		case <-inv.done:
			t.Error("done before the next poll")
		default:
		}
		if got := inv.outcome(); string(got.payload) != `"r"` || got.status != "success" {
			t.Errorf("answer %+v", got)
		}
		three := c.poll(ctx)
		synctest.Wait()
		select {
		case <-inv.done:
		default:
			t.Error("not done after the next poll")
		}
		if ready.Load() != 2 {
			t.Errorf("ready %d times", ready.Load())
		}
		cancel()
		synctest.Wait()
		_ = three
	})
}

func TestAnswers(t *testing.T) {
	largest := strings.Repeat("x", invoke.MaxResponse)
	encoded := base64.StdEncoding.EncodeToString([]byte(`{"errorType":"E"}`))
	chunked := func(r *http.Request) { r.ContentLength = -1 }
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for _, row := range []struct {
		name, path, body string
		change           func(*http.Request)
		code             int
		refusal          string
		want             answer
	}{
		{"result", idPath, `{"r":1}`, nil, 202, "", answer{[]byte(`{"r":1}`), "success", ""}},
		{"chunked", idPath, `{"r":1}`, chunked, 202, "", answer{[]byte(`{"r":1}`), "success", ""}},
		{"empty", idPath, "", nil, 202, "", answer{[]byte{}, "success", ""}},
		{"largest", idPath, largest, nil, 202, "", answer{[]byte(largest), "success", ""}},
		{"largest chunked", idPath, largest, chunked, 202, "", answer{[]byte(largest), "success", ""}},
		{"too large", idPath, largest + "x", nil, 413, "RequestEntityTooLarge", tooLarge()},
		{"too large, chunked", idPath, largest + "x", chunked, 413, "RequestEntityTooLarge", tooLarge()},
		{"streaming", idPath, "part", header("Lambda-Runtime-Function-Response-Mode", "streaming"), 202, "", answer{[]byte("part"), "success", ""}},
		{"mode", idPath, "part", header("Lambda-Runtime-Function-Response-Mode", "buffered"), 400, "InvalidFunctionResponseMode",
			answer{failureObject("Runtime.InvalidResponseModeHeader", "Invalid response mode buffered"), "error", "Runtime.InvalidResponseModeHeader"}},
		{"trailers", idPath, "part", func(r *http.Request) {
			r.Trailer = http.Header{"Lambda-Runtime-Function-Error-Type": {"Function.Bad"}, "Lambda-Runtime-Function-Error-Body": {encoded}}
		}, 202, "", answer{[]byte(`{"errorType":"E"}`), "error", "Function.Bad"}},
		{"error", errorPath, `{"errorMessage":"m"}`, nil, 202, "", answer{[]byte(`{"errorMessage":"m"}`), "error", ""}},
		{"typed error", errorPath, `{}`, header("Lambda-Runtime-Function-Error-Type", "Runtime.UserException"), 202, "", answer{[]byte(`{}`), "error", "Runtime.UserException"}},
		{"foreign type", errorPath, `{}`, header("Lambda-Runtime-Function-Error-Type", "java.lang.Error"), 202, "", answer{[]byte(`{}`), "error", "Runtime.Unknown"}},
		{"with cause", errorPath, `{"errorMessage":"m","errorType":"T","errorCause":{"paths":[]}}`, header("Content-Type", "application/vnd.aws.lambda.error.cause+json"), 202, "",
			answer{[]byte(`{"errorMessage":"m","errorType":"T"}`), "error", ""}},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, c, inv := runningAPI(t)
			r := httptest.NewRequest("POST", row.path, strings.NewReader(row.body))
			if row.change != nil {
				row.change(r)
			}
			w := c.send(r)
			if w.Code != row.code || !strings.Contains(w.Body.String(), row.refusal) {
				t.Errorf("%d %.200s", w.Code, w.Body)
			}
			got := inv.outcome()
			if string(got.payload) != string(row.want.payload) || got.status != row.want.status || got.kind != row.want.kind {
				t.Errorf("answer %.200s %s %s", got.payload, got.status, got.kind)
			}
			// Whatever it was, the runtime may go on, and not answer again.
			if w := c.post(idPath, "2"); w.Code != 403 {
				t.Errorf("second answer: %d", w.Code)
			}
		})
	}
}

type cutBody struct{}

func (cutBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestTruncatedAnswer(t *testing.T) {
	_, c, inv := runningAPI(t)
	w := c.send(httptest.NewRequest("POST", idPath, io.MultiReader(strings.NewReader("par"), cutBody{})))
	if w.Code != 400 || !strings.Contains(w.Body.String(), "TruncatedHTTPRequest") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if got := inv.outcome(); got.kind != "Runtime.TruncatedResponse" {
		t.Errorf("answer %s", got.payload)
	}
}

func TestInitError(t *testing.T) {
	a, c, _ := testAPI(1)
	r := httptest.NewRequest("POST", initPath, strings.NewReader(`{"errorMessage":"m"}`))
	r.Header.Set("Lambda-Runtime-Function-Error-Type", "Runtime.ImportModuleError")
	if w := c.send(r); w.Code != 202 {
		t.Errorf("%d", w.Code)
	}
	if got := <-a.initFailed; string(got.payload) != `{"errorMessage":"m"}` || got.kind != "Runtime.ImportModuleError" {
		t.Errorf("%s %s", got.payload, got.kind)
	}
}

func TestManyPollers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		a, c, ready := testAPI(2)
		one, two := c.poll(ctx), c.poll(ctx)
		synctest.Wait()
		if w := c.next(); w.Code != 500 {
			t.Errorf("one poller too many: %d", w.Code)
		}
		if ready.Load() != 2 {
			t.Errorf("ready %d", ready.Load())
		}
		first, second := testInvocation("id-1"), testInvocation("id-2")
		a.deliver(first)
		a.deliver(second)
		<-one
		<-two
		if w := c.post("/2018-06-01/runtime/invocation/id-2/response", "2"); w.Code != 202 {
			t.Errorf("%d", w.Code)
		}
		if w := c.post("/2018-06-01/runtime/invocation/id-2/response", "2"); w.Code != 400 {
			t.Errorf("second answer: %d", w.Code)
		}
		if string(second.outcome().payload) != "2" || first.hasAnswer() {
			t.Error("answers crossed")
		}
		select {
		case <-second.done:
		default:
			t.Error("among several pollers the answer is the end")
		}
		a.expire(first)
		if w := c.post(idPath, "1"); w.Code != 410 || !strings.Contains(w.Body.String(), "InvokeTimeout") {
			t.Errorf("late answer: %d %s", w.Code, w.Body)
		}
		if w := c.post(initPath, "{}"); w.Code != 403 {
			t.Errorf("init error: %d", w.Code)
		}
	})
}

func TestOtherPaths(t *testing.T) {
	_, c, _ := testAPI(1)
	for _, row := range []struct {
		method, path string
		code         int
		body         string
	}{
		{"GET", "/2018-06-01/ping", 200, ""},
		{"PUT", "/2022-07-01/telemetry", 202, "Telemetry.NotSupported"},
		{"PUT", "/2020-08-15/logs", 202, "Logs.NotSupported"},
		{"GET", "/2018-06-01/runtime/restore/next", 404, ""},
		{"POST", "/2018-06-01/runtime/invocation//response", 404, ""},
		{"POST", "/2018-06-01/runtime/invocation/x/other", 404, ""},
		{"POST", nextPath, 405, ""},
		{"GET", "/", 404, ""},
	} {
		if w := c.send(httptest.NewRequest(row.method, row.path, nil)); w.Code != row.code || !strings.Contains(w.Body.String(), row.body) {
			t.Errorf("%s %s: %d %s", row.method, row.path, w.Code, w.Body)
		}
	}
}
