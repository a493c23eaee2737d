package awswire

import (
	"context"
	"net/http"
	"strings"
)

// A Request holds what an operation may want to know of its HTTP request beside
// its input. The zero Request stands for a call made inside the process.
type Request struct {
	ID      string // request id, also sent to the client
	Region  string // of the credential scope; empty when unsigned
	BaseURL string // scheme and host as the client wrote them, no trailing slash
	TraceID string // header X-Amzn-Trace-Id

	// Unknown are the members of a REST request that the operation's input does
	// not have, as paths: "ScalingConfig.Burst", "?Colour". At most 100.
	Unknown []string
}

type requestKey struct{}

// NewContext returns a context that carries r. API does it for every call.
func NewContext(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// FromContext returns the request that ctx carries, or the zero Request.
func FromContext(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey{}).(Request)
	return r
}

func requestOf(r *http.Request, id string) Request {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	s, _ := ScopeOf(r)
	return Request{ID: id, Region: s.Region, BaseURL: scheme + "://" + r.Host, TraceID: r.Header.Get("X-Amzn-Trace-Id")}
}

// A Scope is the credential scope of a signed request. Nothing in it is verified.
type Scope struct {
	AccessKey, Region, Service string
}

// ScopeOf reads the scope from the Authorization header or from the query of a
// presigned URL. It reports false when r is unsigned or the scope is malformed.
func ScopeOf(r *http.Request) (Scope, bool) {
	credential := ""
	if auth := r.Header.Get("Authorization"); strings.HasPrefix(auth, "AWS4-") {
		_, rest, _ := strings.Cut(auth, "Credential=")
		credential, _, _ = strings.Cut(rest, ",")
	} else if strings.Contains(r.URL.RawQuery, "X-Amz-Credential=") {
		credential = r.URL.Query().Get("X-Amz-Credential")
	}
	// AccessKey/20260102/us-east-1/sqs/aws4_request; an access key may hold slashes.
	parts := strings.Split(strings.TrimSpace(credential), "/")
	n := len(parts)
	if n < 5 || parts[n-1] != "aws4_request" || parts[n-2] == "" {
		return Scope{}, false
	}
	return Scope{AccessKey: strings.Join(parts[:n-4], "/"), Region: parts[n-3], Service: parts[n-2]}, true
}
