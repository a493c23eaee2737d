// Package targettest is the conformance suite of targets: what package invoke
// says about Target, tried on a target whose function behaves as Handle. It
// refuses to know how a target works.
package targettest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/penstock/penstock/invoke"
)

// A Rig is a target under test and what is known about it.
type Rig struct {
	// Target runs a function that behaves as Handle.
	Target invoke.Target
	// Impatient is, for an invoke.Timekeeper, the same with a timeout of one
	// second. nil: Target is none, its timeout is the context's deadline.
	Impatient invoke.Target
	// Refused is a target that will never run anything: no such function,
	// access denied. nil: this kind of target cannot tell.
	Refused invoke.Target
	// Throttled is a target that has no capacity. nil: likewise.
	Throttled invoke.Target
	// Unreachable is a target whose service does not answer. nil: likewise.
	Unreachable invoke.Target
	// OwnID says that the target does not let the caller choose request ids.
	OwnID bool
	// OtherID says that the service's answer names another request id than the
	// function saw. AWS's does not; ministack's does.
	OtherID bool
}

// Handle is the function of the suite, for lambda.Start and invoke.Func; Python
// and Node have it too. The event's member "do" says what to do:
//
//	(none)  return the event
//	fail    fail with the error message in "message"
//	sleep   sleep for "ms" milliseconds, then return the event
//	big     return a JSON string of "bytes" bytes, its quotes included
//	id      return the request id as a string
func Handle(ctx context.Context, event json.RawMessage) (any, error) {
	var c struct {
		Do, Message string
		MS, Bytes   int
	}
	if err := json.Unmarshal(event, &c); err != nil {
		return event, nil // not an object: to be echoed
	}
	switch c.Do {
	case "fail":
		return nil, errors.New(c.Message)
	case "sleep":
		select {
		case <-time.After(time.Duration(c.MS) * time.Millisecond):
		case <-ctx.Done():
		}
	case "big":
		return strings.Repeat("x", c.Bytes-2), nil
	case "id":
		lc, _ := lambdacontext.FromContext(ctx)
		return lc.AwsRequestID, nil
	}
	return event, nil
}

// Run tries the rig that open makes, anew for each subtest. With bubble, time
// is fake (testing/synctest), so open may use no network and no process;
// without it the suite takes some seconds.
func Run(t *testing.T, bubble bool, open func(t *testing.T) Rig) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Rig)
		pick func(Rig) invoke.Target // nil: always runs
	}{
		{"echo", echo, nil},
		{"empty event", emptyEvent, nil},
		{"failure", failure, nil},
		{"not JSON", notJSON, nil},
		{"largest request", largestRequest, nil},
		{"response size", responseSize, nil},
		{"request id", requestID, nil},
		{"timeout", timeout, nil},
		{"cancel", cancel, nil},
		{"done before", doneBefore, nil},
		{"concurrency", concurrency, nil},
		{"refused", refused, func(r Rig) invoke.Target { return r.Refused }},
		{"throttled", throttled, func(r Rig) invoke.Target { return r.Throttled }},
		{"unreachable", unreachable, func(r Rig) invoke.Target { return r.Unreachable }},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(t *testing.T) {
				rig := open(t)
				if c.pick == nil || c.pick(rig) != nil {
					c.test(t, rig)
				}
			}
			if bubble {
				synctest.Test(t, run)
			} else {
				run(t)
			}
		})
	}
}

// call invokes with a generous deadline and expects an answer.
func call(t *testing.T, target invoke.Target, r invoke.Request) invoke.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := target.Invoke(ctx, r)
	if err != nil {
		t.Fatalf("Invoke: %v", err)
	}
	return got
}

// succeeded checks that a result is a success with this payload, as JSON.
func succeeded(t *testing.T, got invoke.Result, want string) {
	t.Helper()
	if got.Failure != "" || !sameJSON(got.Payload, []byte(want)) {
		t.Errorf("failure %q, payload %.300s; want %.300s", got.Failure, got.Payload, want)
	}
	if got.RequestID == "" {
		t.Error("result without a request id")
	}
	if got.Status != 0 && got.Status != 200 {
		t.Errorf("status %d", got.Status)
	}
}

func sameJSON(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	return fmt.Sprintf("%#v", x) == fmt.Sprintf("%#v", y)
}

// failedWith checks that a result is a failure, and reads its error object.
func failedWith(t *testing.T, got invoke.Result) (kind, message string) {
	t.Helper()
	if got.Failure == "" {
		t.Errorf("no failure: %.300s", got.Payload)
	}
	var object struct{ ErrorType, ErrorMessage string }
	if err := json.Unmarshal(got.Payload, &object); err != nil {
		t.Errorf("error object %.300q: %v", got.Payload, err)
	}
	return object.ErrorType, object.ErrorMessage
}
