// Package web runs functions that are HTTP endpoints: it posts the event to a
// URL and takes the answer's body as the result. It refuses to follow
// redirects and to retry.
package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/penstock/penstock/invoke"
)

// Endpoint is the target behind an http or https URL. A URL that is none is
// reported by Check. The URL may hold a password or a token: it is in no error.
func Endpoint(url string) *Target { return &Target{url: url, transport: defaultTransport()} }

// A Target posts events. The request has the headers
//
//	Content-Type: application/json
//	X-Amzn-RequestId, X-Amzn-Trace-Id
//	Lambda-Runtime-Deadline-Ms            Unix milliseconds, if there is a deadline
//	Lambda-Runtime-Invoked-Function-Arn   if the caller named the function
//	X-Penstock-Function-Name              the function's name, likewise
//	X-Amz-Client-Context                  base64, if there is one
//
// The answer decides:
//
//	2xx            the result is the body; a body that is not JSON becomes a JSON string, an empty one null
//	429            ErrThrottled
//	503, no answer not now
//	any other      a failure whose errorMessage holds the status and the first 1 000 bytes of the body
//
// A Target is safe for concurrent use.
type Target struct {
	url       string
	transport http.RoundTripper
}

// Through returns t with its requests made by transport: for proxies, client
// certificates, tests. nil: the default, which connects within 5 seconds.
func (t *Target) Through(transport http.RoundTripper) *Target {
	if transport == nil {
		transport = defaultTransport()
	}
	return &Target{t.url, transport}
}

func defaultTransport() http.RoundTripper {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
	}
}

// longest is how long an endpoint may take when the caller sets no deadline:
// the longest timeout that AWS allows for a function.
const longest = 900 * time.Second

// Check says whether the URL is one.
func (t *Target) Check() error {
	u, err := url.Parse(t.url)
	switch {
	case err != nil:
		return invalid("it cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https":
		return invalid(fmt.Sprintf("its scheme is %q, not http or https", u.Scheme))
	case u.Host == "":
		return invalid("it has no host")
	}
	return nil
}

func invalid(reason string) error {
	return &invoke.Refusal{Exception: "InvalidParameterValueException", Message: "endpoint URL: " + reason}
}

// Invoke posts the event.
func (t *Target) Invoke(ctx context.Context, r invoke.Request) (invoke.Result, error) {
	if err := errors.Join(t.Check(), r.Check()); err != nil {
		return invoke.Result{}, err
	}
	if r.ID == "" {
		r.ID = invoke.NewID()
	}
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	request, err := t.request(limited, r)
	if err != nil {
		return invoke.Result{}, invalid("no request can be made of it")
	}
	response, err := t.transport.RoundTrip(request) // not a Client, which would follow redirects
	if err != nil {
		return gone(ctx, r.ID, began, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, invoke.MaxResponse+1))
	if err != nil {
		return gone(ctx, r.ID, began, err)
	}
	return judge(r.ID, response.StatusCode, body)
}

// gone is the end of an invocation without an answer.
func gone(ctx context.Context, id string, began time.Time, err error) (invoke.Result, error) {
	if ctx.Err() != nil {
		return invoke.Ended(ctx, id, began)
	}
	return invoke.Result{}, fmt.Errorf("post event: %w", err)
}

func (t *Target) request(ctx context.Context, r invoke.Request) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(r.Payload()))
	if err != nil {
		return nil, err
	}
	if password, ok := request.URL.User.Password(); ok {
		request.SetBasicAuth(request.URL.User.Username(), password)
	}
	h := request.Header
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "penstock")
	h.Set("X-Amzn-RequestId", r.ID)
	if r.Trace == "" {
		r.Trace = invoke.NewTrace()
	}
	h.Set("X-Amzn-Trace-Id", r.Trace)
	if deadline, ok := ctx.Deadline(); ok {
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(deadline.UnixMilli(), 10))
	}
	if r.FunctionARN != "" {
		h.Set("Lambda-Runtime-Invoked-Function-Arn", r.FunctionARN)
		if name, err := invoke.ParseName(r.FunctionARN); err == nil {
			h.Set("X-Penstock-Function-Name", name.Name)
		}
	}
	if len(r.ClientContext) > 0 {
		h.Set("X-Amz-Client-Context", base64.StdEncoding.EncodeToString(r.ClientContext))
	}
	return request, nil
}

func judge(id string, status int, body []byte) (invoke.Result, error) {
	switch {
	case status == http.StatusTooManyRequests:
		return invoke.Result{}, fmt.Errorf("%w: the endpoint answered 429", invoke.ErrThrottled)
	case status == http.StatusServiceUnavailable:
		return invoke.Result{}, errors.New("the endpoint answered 503")
	case status < 200 || status > 299:
		return failure(id, status, body), nil
	case len(body) > invoke.MaxResponse:
		return invoke.TooLarge(id), nil
	}
	return invoke.Result{RequestID: id, Payload: result(body)}, nil
}

// result is the body as JSON.
func result(body []byte) json.RawMessage {
	if len(body) == 0 {
		return json.RawMessage("null")
	}
	if json.Valid(body) {
		return body
	}
	text, _ := json.Marshal(string(body)) // a string always marshals
	return text
}

// excerpt is how much of a failure's body its error object shows, in bytes.
const excerpt = 1000

func failure(id string, status int, body []byte) invoke.Result {
	message := strconv.Itoa(status)
	if text := http.StatusText(status); text != "" {
		message += " " + text
	}
	if len(body) > 0 {
		message += ": " + string(body[:min(len(body), excerpt)])
	}
	payload, _ := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{"HTTP." + strconv.Itoa(status), message}) // strings always marshal
	return invoke.Result{RequestID: id, Payload: payload, Failure: invoke.Unhandled}
}
