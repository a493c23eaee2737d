package awswire

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// A Route says how requests for one service are recognised. Empty fields match
// nothing.
type Route struct {
	Service string            // name in the credential scope: "sqs"
	Target  string            // prefix of X-Amz-Target before the dot: "AmazonSQS"
	Version string            // Version parameter of the query protocol: "2012-11-05"
	Actions []string          // query actions, for requests without Version
	Path    func(string) bool // paths that are this service's alone
	Handler http.Handler
}

// A Router serves several services on one port. It asks, in this order: what the
// client signed for, the X-Amz-Target header, the path, and the Version or Action
// parameter. The first question that some route answers decides.
type Router struct {
	Routes  []Route
	Default http.Handler  // for requests no route knows; nil: an UnknownOperation error
	MaxBody int64         // bytes of a form body read to find its Action; zero: DefaultMaxBody
	NewID   func() string // request ids of errors made here; nil: random
}

// ServeHTTP passes r to the service it is for.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, err := rt.find(w, r)
	switch {
	case err != nil || h == nil && rt.Default == nil:
		rt.refuse(w, r, err)
	case h == nil:
		rt.Default.ServeHTTP(w, r)
	default:
		h.ServeHTTP(w, r)
	}
}

// find returns the handler for r, nil if no route fits, or an error if the body
// that would have told is too large.
func (rt *Router) find(w http.ResponseWriter, r *http.Request) (http.Handler, error) {
	if s, ok := ScopeOf(r); ok {
		if h := rt.match(func(t *Route) bool { return t.Service != "" && t.Service == s.Service }); h != nil {
			return h, nil
		}
	}
	if target, _, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		if h := rt.match(func(t *Route) bool { return t.Target != "" && t.Target == target }); h != nil {
			return h, nil
		}
	}
	if h := rt.match(func(t *Route) bool { return t.Path != nil && t.Path(r.URL.Path) }); h != nil {
		return h, nil
	}
	form, err := rt.peek(w, r)
	if err != nil {
		return nil, err
	}
	return rt.match(func(t *Route) bool { return t.takes(form) }), nil
}

func (rt *Router) match(fits func(*Route) bool) http.Handler {
	for i := range rt.Routes {
		if fits(&rt.Routes[i]) {
			return rt.Routes[i].Handler
		}
	}
	return nil
}

func (t *Route) takes(form url.Values) bool {
	if version := form.Get("Version"); version != "" {
		return version == t.Version
	}
	action := form.Get("Action")
	for _, a := range t.Actions {
		if a == action {
			return true
		}
	}
	return false
}

// peek returns the parameters of r and puts a form body back for the service.
func (rt *Router) peek(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	form := r.URL.Query()
	if form.Has("Action") || r.Method != http.MethodPost ||
		!strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return form, nil
	}
	limit := rt.MaxBody
	if limit == 0 {
		limit = DefaultMaxBody
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return nil, tooLarge()
	}
	if err != nil {
		return nil, Malformed("The request body ended early.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ = url.ParseQuery(string(body)) // what is broken in it, the service says
	return form, nil
}

// refuse answers a request that no route takes, in the protocol it seems to use.
func (rt *Router) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if err == nil {
		err = UnknownOperation("This endpoint serves no service that this request is for.")
	}
	id := newID(rt.NewID)
	w.Header()["x-amzn-RequestId"] = []string{id}
	if r.Header.Get("X-Amz-Target") != "" {
		writeJSONError(w, "application/x-amz-json-1.0", "", AsError(err))
		return
	}
	queryAnswer{id: id}.xml(w, nil, err)
}
