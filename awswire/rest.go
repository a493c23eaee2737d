package awswire

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
)

// A REST serves the operations of one service in the REST-JSON protocol. It is an
// http.Handler; set its fields before the first request and do not change them
// after.
//
// Paths are matched as the client wrote them: nothing is cleaned, redirected or
// decoded before it is split at its slashes. One slash too many at the end is
// allowed, which older clients send.
//
// Content-Type is not looked at, since clients send none (Invoke) or one of their
// own (curl); a Content-Encoding is refused.
type REST struct {
	Operations []RESTOperation

	MaxBody int64         // bytes, for operations that set no limit; zero: DefaultMaxBody
	NewID   func() string // request ids; nil: random

	// TooLarge answers a body over the limit of its operation. begun is what was
	// read of it, if it was read here. nil: RequestEntityTooLargeException.
	TooLarge func(operation string, limit int64, begun []byte) error
	// Unserved answers an operation without a function. nil:
	// UnknownOperationException.
	Unserved func(operation string) error
	// Failed sees every error that is about to be answered and returns the one to
	// answer. One that is no *Error after it becomes InternalFailure. nil: as it is.
	Failed func(ctx context.Context, operation string, err error) error
}

// A RESTOperation is one operation of a service; [RESTOp] makes them.
type RESTOperation struct {
	Name    string
	Method  string
	Path    string // template: "/2015-03-31/functions/{FunctionName}/code"
	Status  int    // of a success
	MaxBody int64  // bytes; zero: that of the REST

	parts []part
	query [2]string // name and value that the template demands after '?'
	in    *binding
	call  func(r *http.Request, req Request, fill func(any) error) (any, error) // nil: unserved
}

// RESTOp returns the operation name that f carries out; with a nil f it is
// answered by REST.Unserved. In and Out are structs with the tags described at
// the top of the package. If *In has a method Validate() error, it is asked before
// f is called. It panics when path is no template or a tag is wrong: tables of
// operations are code.
func RESTOp[In, Out any](name, method, path string, status int, f func(context.Context, *In) (*Out, error)) RESTOperation {
	op := RESTOperation{Name: name, Method: method, Path: path, Status: status, in: bindingOf[In]()}
	op.parts, op.query = template(path)
	if f == nil {
		return op
	}
	op.call = func(r *http.Request, req Request, fill func(any) error) (any, error) {
		in := new(In)
		if err := fill(in); err != nil {
			return nil, err
		}
		if v, ok := any(in).(interface{ Validate() error }); ok {
			if err := v.Validate(); err != nil {
				return nil, err
			}
		}
		return f(r.Context(), in)
	}
	return op
}
