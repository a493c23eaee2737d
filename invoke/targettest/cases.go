package targettest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/penstock/penstock/invoke"
)

func echo(t *testing.T, rig Rig) {
	for _, event := range []string{
		`{"a":1,"b":[true,null,"x"]}`, `{"text":"äß€ 😀 \u0000 <&>\u2028"}`,
		`[]`, `"text"`, `12.5`, `null`, `{"big":12345678901234567890}`,
	} {
		succeeded(t, call(t, rig.Target, invoke.Request{Event: json.RawMessage(event)}), event)
	}
}

func emptyEvent(t *testing.T, rig Rig) {
	succeeded(t, call(t, rig.Target, invoke.Request{}), `{}`)
}

func failure(t *testing.T, rig Rig) {
	for range 2 { // a failure leaves the target as it was
		got := call(t, rig.Target, invoke.Request{Event: json.RawMessage(`{"do":"fail","message":"boom <1>"}`)})
		if _, message := failedWith(t, got); !strings.Contains(message, "boom <1>") {
			t.Errorf("errorMessage %q", message)
		}
	}
	succeeded(t, call(t, rig.Target, invoke.Request{Event: json.RawMessage(`{"after":1}`)}), `{"after":1}`)
}

func largestRequest(t *testing.T, rig Rig) {
	event := `"` + strings.Repeat("y", invoke.MaxRequest-2) + `"`
	got := call(t, rig.Target, invoke.Request{Event: json.RawMessage(event)})
	if got.Failure != "" || len(got.Payload) != len(event) {
		t.Errorf("failure %q, %d bytes came back: %.200s", got.Failure, len(got.Payload), got.Payload)
	}
	_, err := rig.Target.Invoke(t.Context(), invoke.Request{Event: json.RawMessage(event + " ")})
	if !errors.Is(err, invoke.ErrRefused) {
		t.Errorf("one byte more: %v, want ErrRefused", err)
	}
}

func responseSize(t *testing.T, rig Rig) {
	for _, size := range []int{invoke.MaxResponse, invoke.MaxResponse + 1, 2 * invoke.MaxResponse} {
		got := call(t, rig.Target, invoke.Request{Event: fmt.Appendf(nil, `{"do":"big","bytes":%d}`, size)})
		if size <= invoke.MaxResponse {
			if got.Failure != "" || len(got.Payload) != size {
				t.Errorf("%d bytes: failure %q, %d bytes", size, got.Failure, len(got.Payload))
			}
			continue
		}
		if kind, _ := failedWith(t, got); kind != "Function.ResponseSizeTooLarge" || len(got.Payload) > 1000 {
			t.Errorf("%d bytes: errorType %q, %d bytes", size, kind, len(got.Payload))
		}
	}
	succeeded(t, call(t, rig.Target, invoke.Request{}), `{}`)
}

func notJSON(t *testing.T, rig Rig) {
	for _, event := range []string{`{`, `{} {}`, `text`, "\"\xff\"", "\xef\xbb\xbf{}"} {
		if _, err := rig.Target.Invoke(t.Context(), invoke.Request{Event: json.RawMessage(event)}); !errors.Is(err, invoke.ErrRefused) {
			t.Errorf("event %q: %v, want ErrRefused", event, err)
		}
	}
}

func requestID(t *testing.T, rig Rig) {
	id := invoke.NewID()
	seen := map[string]bool{}
	for _, given := range []string{id, "", ""} {
		got := call(t, rig.Target, invoke.Request{ID: given, Event: json.RawMessage(`{"do":"id"}`)})
		var saw string
		if err := json.Unmarshal(got.Payload, &saw); err != nil || saw == "" || saw != got.RequestID && !rig.OtherID {
			t.Errorf("the function saw %s, the result says %q", got.Payload, got.RequestID)
		}
		if given != "" && !rig.OwnID && saw != given {
			t.Errorf("the function saw %q, the request said %q", saw, given)
		}
		seen[saw] = true
	}
	if len(seen) != 3 {
		t.Errorf("three requests had the ids %v", seen)
	}
}

func timeout(t *testing.T, rig Rig) {
	target, ctx := rig.Impatient, t.Context()
	if target == nil {
		target = rig.Target
	}
	call(t, target, invoke.Request{}) // a cold start is not to count
	if rig.Impatient == nil {
		limited, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		ctx = limited
	}
	began := time.Now()
	got, err := target.Invoke(ctx, invoke.Request{Event: json.RawMessage(`{"do":"sleep","ms":20000}`)})
	if err != nil {
		t.Fatalf("a timeout is a failure, not the error %v", err)
	}
	if took := time.Since(began); took < time.Second || took > 10*time.Second {
		t.Errorf("timed out after %v", took)
	}
	kind, message := failedWith(t, got)
	if kind != "Sandbox.Timedout" || !strings.HasSuffix(message, "Error: Task timed out after 1.00 seconds") {
		t.Errorf("%s: %s", kind, message)
	}
	succeeded(t, call(t, target, invoke.Request{Event: json.RawMessage(`{"after":1}`)}), `{"after":1}`)
}

func cancel(t *testing.T, rig Rig) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began := time.Now()
	time.AfterFunc(500*time.Millisecond, cancel)
	got, err := rig.Target.Invoke(ctx, invoke.Request{Event: json.RawMessage(`{"do":"sleep","ms":4000}`)})
	notNow(t, got, err)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("returned after %v", took)
	}
	succeeded(t, call(t, rig.Target, invoke.Request{Event: json.RawMessage(`{"after":1}`)}), `{"after":1}`)
}

func doneBefore(t *testing.T, rig Rig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := rig.Target.Invoke(ctx, invoke.Request{})
	notNow(t, got, err)
}

// notNow checks that an invocation was not judged: neither failed nor refused.
func notNow(t *testing.T, got invoke.Result, err error) {
	t.Helper()
	if err == nil || errors.Is(err, invoke.ErrRefused) {
		t.Errorf("%.300s, %q, error %v; want an error that is not ErrRefused", got.Payload, got.Failure, err)
	}
}

func concurrency(t *testing.T, rig Rig) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			event := fmt.Sprintf(`{"n":%d}`, i)
			for {
				got, err := rig.Target.Invoke(ctx, invoke.Request{Event: json.RawMessage(event)})
				if errors.Is(err, invoke.ErrThrottled) { // it may have little room
					select {
					case <-time.After(20 * time.Millisecond):
						continue
					case <-ctx.Done():
					}
				}
				if err != nil {
					t.Errorf("Invoke: %v", err)
					return
				}
				succeeded(t, got, event)
				return
			}
		})
	}
	wg.Wait()
}

func refused(t *testing.T, rig Rig) {
	if _, err := rig.Refused.Invoke(t.Context(), invoke.Request{}); !errors.Is(err, invoke.ErrRefused) {
		t.Errorf("%v, want ErrRefused", err)
	}
}

func throttled(t *testing.T, rig Rig) {
	if _, err := rig.Throttled.Invoke(t.Context(), invoke.Request{}); !errors.Is(err, invoke.ErrThrottled) {
		t.Errorf("%v, want ErrThrottled", err)
	}
}

func unreachable(t *testing.T, rig Rig) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got, err := rig.Unreachable.Invoke(ctx, invoke.Request{})
	notNow(t, got, err)
}
