package awswire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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

	// Unknown hears of members and parameters that the input of an operation does
	// not have; they are passed over. nil: nobody hears.
	Unknown func(ctx context.Context, operation string, members []string)
	// TooLarge makes the error for a body over the limit of its operation. begun
	// is what was read of it, nil where the operation reads for itself. nil:
	// RequestEntityTooLargeException.
	TooLarge func(operation string, limit int64, begun []byte) error
	// Unserved makes the error for an operation without a function. nil:
	// UnknownOperationException.
	Unserved func(operation string) error
	// Failed sees every error of an operation and returns the one to answer; one
	// that is no *Error becomes InternalFailure. nil: every error as it is.
	Failed func(ctx context.Context, operation string, err error) error
}

// A RESTOperation is one operation of a service; [RESTOp] makes them.
type RESTOperation struct {
	Name    string
	Method  string
	Path    string // template: "/2015-03-31/functions/{FunctionName}/code"
	Status  int    // of a success
	MaxBody int64  // bytes; zero: that of the REST

	template template
	in       *binding
	out      *binding
	fresh    func() any
	run      func(ctx context.Context, in any) (any, error) // nil: unserved
}

// RESTOp returns the operation name that f carries out; with a nil f it is
// answered by REST.Unserved. In and Out are structs with the tags described at
// the top of the package. If *In has a method Validate() error, it is asked before
// f is called. Whether path and tags are sound, REST.Check says.
func RESTOp[In, Out any](name, method, path string, status int, f func(context.Context, *In) (*Out, error)) RESTOperation {
	op := RESTOperation{
		Name: name, Method: method, Path: path, Status: status,
		template: templateOf(path), in: bindingOf[In](), out: bindingOf[Out](),
		fresh: func() any { return new(In) },
	}
	if f != nil {
		op.run = func(ctx context.Context, in any) (any, error) {
			out, err := f(ctx, in.(*In))
			if err != nil {
				return nil, err
			}
			if out == nil {
				out = new(Out)
			}
			return out, nil
		}
	}
	return op
}

// Check returns an error if a path is no template, a template names a member that
// the input does not have, or a tag cannot be followed.
func (s *REST) Check() error {
	for i := range s.Operations {
		op := &s.Operations[i]
		err := errors.Join(op.in.err, op.out.err)
		if op.run != nil {
			err = errors.Join(err, op.template.check(op.in))
		}
		if err != nil {
			return fmt.Errorf("awswire: operation %s: %w", op.Name, err)
		}
	}
	return nil
}

// Has says whether a request of this method and escaped path is for an operation
// here, served or not.
func (s *REST) Has(method, path string) bool {
	op, _ := s.find(method, path, nil)
	return op != nil
}

// ServeHTTP answers one request.
func (s *REST) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := requestOf(r, newID(s.NewID))
	w.Header()["x-amzn-RequestId"] = []string{req.ID} // spelt as AWS does, which Set would not
	query, err := parameters(r)
	op, labels := s.find(r.Method, r.URL.EscapedPath(), query)
	name, status := "", 0
	var out any
	switch {
	case op == nil:
		err = UnknownOperation(fmt.Sprintf("This service has no operation %s %s.", r.Method, shortened(r.URL.EscapedPath())))
	case err != nil:
		name = op.Name
	case op.run == nil:
		name, err = op.Name, s.unserved(op.Name)
	default:
		name, status = op.Name, op.Status
		out, err = s.call(w, r, req, op, labels, query)
	}
	if err == nil {
		err = op.out.answer(w, status, out)
	}
	if err != nil {
		s.refuse(w, NewContext(r.Context(), req), name, err)
	}
}

func (s *REST) call(w http.ResponseWriter, r *http.Request, req Request, op *RESTOperation, labels map[string]string, query map[string][]string) (any, error) {
	if c := r.Header.Get("Content-Encoding"); c != "" && c != "identity" {
		return nil, &Error{Code: "UnsupportedMediaTypeException", Status: http.StatusUnsupportedMediaType,
			Message: fmt.Sprintf("The Content-Encoding %q is not supported.", shortened(c))}
	}
	in := op.fresh()
	if err := op.in.fill(in, labels, query, r.Header); err != nil {
		return nil, err
	}
	unknown := op.in.strange(op, query)
	body := http.MaxBytesReader(w, r.Body, s.limit(op))
	switch {
	case op.in.payload >= 0:
		op.in.setPayload(in, body)
	case op.in.body:
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, s.unread(op, text, err)
		}
		more, err := op.in.decode(text, in)
		if err != nil {
			return nil, err
		}
		unknown = append(unknown, more...)
	}
	if v, ok := in.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			return nil, err
		}
	}
	req.Unknown = unknown
	ctx := NewContext(r.Context(), req)
	if len(unknown) > 0 && s.Unknown != nil {
		s.Unknown(ctx, op.Name, unknown)
	}
	out, err := op.run(ctx, in)
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		err = s.tooLarge(op, nil)
	}
	return out, err
}

func (s *REST) limit(op *RESTOperation) int64 {
	switch {
	case op.MaxBody != 0:
		return op.MaxBody
	case s.MaxBody != 0:
		return s.MaxBody
	}
	return DefaultMaxBody
}

// unread is the error for a body that could not be read to its end.
func (s *REST) unread(op *RESTOperation, begun []byte, err error) error {
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return s.tooLarge(op, begun)
	}
	return Malformed("The request body ended early.")
}

func (s *REST) tooLarge(op *RESTOperation, begun []byte) error {
	if s.TooLarge == nil {
		return tooLarge()
	}
	return s.TooLarge(op.Name, s.limit(op), begun)
}

func (s *REST) unserved(operation string) error {
	if s.Unserved == nil {
		return UnknownOperation(fmt.Sprintf("The operation %s is not served by this endpoint.", operation))
	}
	return s.Unserved(operation)
}

// refuse answers err. The connection of a request whose body was not read stays
// usable only as far as net/http likes to read on.
func (s *REST) refuse(w http.ResponseWriter, ctx context.Context, operation string, err error) {
	if s.Failed != nil {
		err = s.Failed(ctx, operation, err)
	}
	writeRESTError(w, AsError(err))
}

// shortened cuts what an error repeats of a request.
func shortened(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return text[:most] + "..."
}
