package awswire

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// DefaultMaxBody is how many bytes of a request body are read when an API sets no
// limit of its own.
const DefaultMaxBody = 8 << 20

// An API serves the operations of one service in the JSON and query protocols. It
// is an http.Handler; set its fields before the first request and do not change
// them after.
type API struct {
	Target      string // prefix of X-Amz-Target before the dot: "AmazonSQS"
	JSONVersion string // "1.0" or "1.1"; empty: "1.0"
	ErrorShapes string // namespace of error shapes in __type: "com.amazonaws.sqs"
	Namespace   string // XML namespace of query answers; empty: none

	Operations []Operation

	// Query, when set, sees every query request before it is decoded: it may add
	// parameters that the path implies, or refuse the action.
	Query func(path, action string, form url.Values) error

	MaxBody int64         // bytes; zero: DefaultMaxBody
	NewID   func() string // request ids; nil: random
}

// An Operation is one operation of a service; [Op] makes them.
type Operation struct {
	Name string
	call func(ctx context.Context, decode func(any) error) (any, error)
}

// Op returns the operation name that f carries out. In and Out are structs with
// the tags described at the top of the package.
func Op[In, Out any](name string, f func(context.Context, *In) (*Out, error)) Operation {
	return Operation{Name: name, call: func(ctx context.Context, decode func(any) error) (any, error) {
		in := new(In)
		if err := decode(in); err != nil {
			return nil, err
		}
		out, err := f(ctx, in)
		if err != nil {
			return nil, err
		}
		return out, nil
	}}
}

func (a *API) operation(name string) *Operation {
	for i := range a.Operations {
		if a.Operations[i].Name == name {
			return &a.Operations[i]
		}
	}
	return nil
}

// ServeHTTP answers one request. The protocol is JSON if an X-Amz-Target header
// is present and query otherwise; the path does not matter to JSON.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := newID(a.NewID)
	w.Header()["x-amzn-RequestId"] = []string{id} // spelt as AWS does, which Set would not
	req := requestOf(r, id)
	limit := a.MaxBody
	if limit == 0 {
		limit = DefaultMaxBody
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		var over *http.MaxBytesError
		if !errors.As(err, &over) {
			return // the client left while sending; nobody reads an answer
		}
		err = tooLarge()
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		a.serveJSON(w, r, req, target, body, err)
		return
	}
	a.serveQuery(w, r, req, body, err)
}

func (a *API) serveJSON(w http.ResponseWriter, r *http.Request, req Request, target string, body []byte, err error) {
	version := a.JSONVersion
	if version == "" {
		version = "1.0"
	}
	contentType := "application/x-amz-json-" + version
	var out any
	if err == nil {
		out, err = a.callJSON(NewContext(r.Context(), req), r.Method, target, body)
	}
	if err == nil {
		if body, err = encodeJSON(out); err == nil {
			w.Header().Set("Content-Type", contentType)
			w.Write(body)
			return
		}
	}
	writeJSONError(w, contentType, a.ErrorShapes, AsError(err))
}

func (a *API) callJSON(ctx context.Context, method, target string, body []byte) (any, error) {
	service, name, _ := strings.Cut(target, ".")
	op := a.operation(name)
	if service != a.Target || op == nil || method != http.MethodPost {
		e := UnknownOperation(fmt.Sprintf("The operation %q is not known to this endpoint.", target))
		e.Status = http.StatusBadRequest // JSON front ends answer 400 where query ones answer 404
		return nil, e
	}
	return op.call(ctx, func(in any) error { return decodeJSON(body, in) })
}

// newID returns an id from f, or a random UUID.
func newID(f func() string) string {
	if f != nil {
		return f()
	}
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
