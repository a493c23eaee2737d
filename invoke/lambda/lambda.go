// Package lambda runs functions that are remote: on AWS Lambda, on anything
// that speaks its Invoke API, or in the runtime interface emulator. It refuses
// to retry: the SDK's retries are off.
package lambda

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/penstock/penstock/invoke"
)

// Endpoint is the function of that name or ARN, with or without a qualifier,
// in cfg's region, for cfg's credentials. A name that is none is reported by
// Check. The function's own timeout and concurrency are in force there; the
// caller's deadline, if it comes first, is a timeout too, though the function
// may go on.
func Endpoint(cfg aws.Config, name string) *Target {
	_, err := invoke.ParseName(name)
	client := lambda.NewFromConfig(cfg, func(o *lambda.Options) {
		o.Retryer = aws.NopRetryer{}
		o.RetryMaxAttempts = 1
		o.HTTPClient = capped{o.HTTPClient}
	})
	return &Target{name: name, client: client, invalid: err}
}

// Emulator is the function behind a URL of the form
// http://HOST:8080/2015-03-31/functions/function/invocations, as the runtime
// interface emulator has it; a URL of another form is reported by Check. The
// emulator marks no failure: an answer that is an error object and nothing
// else, or the text of its timeout, is taken as one. client nil: the SDK's.
func Emulator(rawURL string, client aws.HTTPClient) *Target {
	base, name, err := emulated(rawURL)
	if err != nil {
		return &Target{invalid: err}
	}
	cfg := aws.Config{
		Region:       "us-east-1", // it looks at neither region nor signature
		Credentials:  aws.AnonymousCredentials{},
		BaseEndpoint: aws.String(base),
	}
	if client != nil {
		cfg.HTTPClient = client
	}
	t := Endpoint(cfg, name)
	t.emulator = true
	return t
}

func emulated(rawURL string) (base, name string, err error) {
	const rule = "must be http://HOST[:PORT]/2015-03-31/functions/NAME/invocations"
	refuse := func() (string, string, error) {
		return "", "", &invoke.Refusal{Exception: "InvalidParameterValueException", Message: fmt.Sprintf("emulator URL %q: %s", rawURL, rule)}
	}
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return refuse()
	}
	base, rest, ok := strings.Cut(u.Path, "/2015-03-31/functions/")
	name, end, _ := strings.Cut(rest, "/")
	if !ok || name == "" || end != "invocations" {
		return refuse()
	}
	return u.Scheme + "://" + u.Host + base, name, nil
}

// A Target is a remote function. It is safe for concurrent use.
type Target struct {
	name     string
	client   *lambda.Client
	invalid  error
	tail     bool
	emulator bool
}

// Tail returns t with Result.Log filled: the service is asked for the end of
// each invocation's log (LogType Tail).
func (t *Target) Tail() *Target {
	tailed := *t
	tailed.tail = true
	return &tailed
}

// Check says whether the name or URL is one.
func (t *Target) Check() error { return t.invalid }

// longest is how long a function may take when the caller sets no deadline: the
// longest timeout that AWS allows, and some time for the way.
const longest = 905 * time.Second

// Invoke calls the function and waits for its answer. Result.RequestID is the
// service's: it lets nobody choose. The Request's FunctionARN is not sent, the
// function is always the Target's.
func (t *Target) Invoke(ctx context.Context, r invoke.Request) (invoke.Result, error) {
	if err := errors.Join(t.invalid, r.Check()); err != nil {
		return invoke.Result{}, err
	}
	if r.ID == "" {
		r.ID = invoke.NewID() // for what ends here
	}
	input := &lambda.InvokeInput{FunctionName: &t.name, Payload: r.Payload(), InvocationType: types.InvocationTypeRequestResponse}
	if t.tail {
		input.LogType = types.LogTypeTail
	}
	if len(r.ClientContext) > 0 {
		input.ClientContext = aws.String(base64.StdEncoding.EncodeToString(r.ClientContext))
	}
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	out, err := t.client.Invoke(limited, input, func(o *lambda.Options) {
		if r.Trace != "" {
			o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("X-Amzn-Trace-Id", r.Trace))
		}
	})
	switch {
	case err == nil:
		return t.result(out)
	case ctx.Err() != nil:
		return invoke.Ended(ctx, r.ID, began)
	case errors.Is(err, errTooLarge):
		return invoke.TooLarge(r.ID), nil
	}
	return invoke.Result{}, classify(err)
}

func (t *Target) result(out *lambda.InvokeOutput) (invoke.Result, error) {
	r := invoke.Result{
		Payload: out.Payload,
		Failure: aws.ToString(out.FunctionError),
		Status:  int(out.StatusCode),
	}
	r.RequestID, _ = middleware.GetRequestIDMetadata(out.ResultMetadata)
	if v := aws.ToString(out.ExecutedVersion); v != "$LATEST" {
		r.Version = v
	}
	if s := aws.ToString(out.LogResult); s != "" {
		log, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return r, fmt.Errorf("log of invocation: %w", err)
		}
		r.Log = log
	}
	if len(r.Payload) == 0 {
		r.Payload = []byte("null")
	}
	if t.emulator && r.Failure == "" {
		return unmask(r), nil
	}
	return r, nil
}

// refusals are the exceptions after which this event can never be delivered.
// What may pass, such as expired credentials or a function being changed, is
// "not now".
var refusals = []string{
	"ResourceNotFoundException", "AccessDeniedException",
	"RequestTooLargeException", "RequestEntityTooLargeException",
	"InvalidRequestContentException", "InvalidParameterValueException",
	"UnsupportedMediaTypeException", "ValidationException",
}

// classify turns the SDK's error into the class it has for penstock, and drops
// what the SDK says around it: the text is shown to users.
func classify(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return fmt.Errorf("invoke function: %w", err)
	}
	code := api.ErrorCode()
	var http *smithyhttp.ResponseError
	status := 0
	if errors.As(err, &http) {
		status = http.HTTPStatusCode()
	}
	switch {
	case slices.Contains(refusals, code):
		return &invoke.Refusal{Exception: code, Message: api.ErrorMessage()}
	case code == "TooManyRequestsException" || status == 429:
		return fmt.Errorf("%w: %s: %s", invoke.ErrThrottled, code, api.ErrorMessage())
	}
	return fmt.Errorf("invoke function: status %d: %s: %s", status, code, api.ErrorMessage())
}

// capped is an HTTP client whose answers have at most MaxResponse bytes.
// The SDK itself would read on.
type capped struct{ client lambda.HTTPClient }

func (c capped) Do(r *http.Request) (*http.Response, error) {
	response, err := c.client.Do(r)
	if err == nil {
		response.Body = &cappedBody{response.Body, invoke.MaxResponse}
	}
	return response, err
}
