package invoke

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// Unhandled is the FunctionError of every failed invocation that AWS's
// recordings show.
const Unhandled = "Unhandled"

// fault is an error object made by the host, with the key order that was
// recorded against AWS.
type fault struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

// Failed is the result of an invocation that the host, not the function, calls
// failed: kind is the errorType, "Sandbox.Timedout" or "Runtime.ExitError", and
// reason follows "RequestId: <id> Error: " in the errorMessage.
func Failed(id, kind, reason string) Result {
	payload, _ := json.Marshal(fault{kind, "RequestId: " + id + " Error: " + reason}) // strings always marshal
	return Result{RequestID: id, Payload: payload, Failure: Unhandled}
}

// TimedOut is the result of a function that ran longer than its timeout.
func TimedOut(id string, timeout time.Duration) Result {
	return Failed(id, "Sandbox.Timedout", fmt.Sprintf("Task timed out after %.2f seconds", timeout.Seconds()))
}

// TooLarge is the result of a function that returned more than MaxResponse
// bytes.
func TooLarge(id string) Result {
	payload := fmt.Sprintf(`{"errorMessage":"Response payload size exceeded maximum allowed payload size (%d bytes).","errorType":"Function.ResponseSizeTooLarge"}`, MaxResponse)
	return Result{RequestID: id, Payload: json.RawMessage(payload), Failure: Unhandled}
}

// raised renders the error that a Go handler returned, as aws-lambda-go does:
// errorType is the name of its type, without package and pointer.
func raised(err error) json.RawMessage {
	if m, ok := err.(messages.InvokeResponse_Error); ok {
		return render(m)
	}
	return render(messages.InvokeResponse_Error{Message: err.Error(), Type: typeName(err)})
}

// panicked renders what a Go handler panicked with. It is called by the
// function that recovered.
func panicked(value any) json.RawMessage {
	if m, ok := value.(messages.InvokeResponse_Error); ok {
		return render(m)
	}
	return render(messages.InvokeResponse_Error{Message: fmt.Sprint(value), Type: typeName(value), StackTrace: stack()})
}

func render(m messages.InvokeResponse_Error) json.RawMessage {
	b, _ := json.Marshal(m) // strings and numbers always marshal
	return b
}

func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// stackFrames is the most frames of an error object's stackTrace, as in
// aws-lambda-go.
const stackFrames = 32

// stack is the panicking goroutine's, from the panic down.
func stack() []*messages.InvokeResponse_Error_StackFrame {
	pcs := make([]uintptr, stackFrames+8)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	list := []*messages.InvokeResponse_Error_StackFrame{}
	for more := true; more && len(list) < stackFrames; {
		var f runtime.Frame
		f, more = frames.Next()
		if f.Function == "runtime.gopanic" {
			list = list[:0] // what is above belongs to this package
		}
		list = append(list, frame(f))
	}
	return list
}

// frame shortens a path to the package's, which AWS shows too: as many folders
// as the function's import path has, and the file.
func frame(f runtime.Frame) *messages.InvokeResponse_Error_StackFrame {
	path := strings.Split(f.File, "/")
	if keep := strings.Count(f.Function, "/") + 2; len(path) > keep {
		path = path[len(path)-keep:]
	}
	label := f.Function[strings.LastIndexByte(f.Function, '/')+1:]
	if _, name, ok := strings.Cut(label, "."); ok {
		label = name
	}
	return &messages.InvokeResponse_Error_StackFrame{Path: strings.Join(path, "/"), Line: int32(f.Line), Label: label}
}
