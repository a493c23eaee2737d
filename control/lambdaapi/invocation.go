package lambdaapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control"
	"github.com/penstock/penstock/invoke"
)

const (
	// maxClientContext bounds X-Amz-Client-Context, in bytes of base64.
	maxClientContext = 3583
	// maxLog is how much of the log a client gets, in bytes.
	maxLog = 4096
)

// invoke runs a function for a client that waits. A function is not stopped
// because its caller left. Whatever may have run is answered with status 200:
// clients repeat what is answered with 5xx.
func (s service) invoke(ctx context.Context, in *InvocationRequest) (*InvocationResponse, error) {
	event, err := io.ReadAll(in.Payload) // first: a slow client holds no slot
	if err != nil {
		if over := (*http.MaxBytesError)(nil); errors.As(err, &over) {
			return nil, err // awswire names the limit
		}
		return nil, awswire.Malformed("The request body ended early.")
	}
	wire := awswire.FromContext(ctx)
	q := invoke.Request{ID: wire.ID, Event: event, Trace: wire.TraceID}
	arn, f, err := s.plane.Resolve(text(in.FunctionName), text(in.Qualifier))
	if err != nil {
		return nil, s.unready(in, err)
	}
	q.FunctionARN = arn
	if err := q.Check(); err != nil {
		return nil, err
	}
	q.Rendered = true // as far as targets care: they need not check it once more
	if q.ClientContext, err = clientContext(text(in.ClientContext)); err != nil {
		return nil, err
	}
	switch text(in.InvocationType) {
	case "DryRun":
		return &InvocationResponse{StatusCode: new(http.StatusNoContent)}, nil
	case "Event":
		return nil, Exception(InvalidParameterValueException, "The InvocationType Event is not supported by this endpoint yet. Use RequestResponse.")
	}
	result, err := f.Target.Invoke(context.WithoutCancel(ctx), q)
	if err != nil {
		if result, err = s.failed(in, q.ID, err); err != nil {
			return nil, err
		}
	}
	return outcome(result, text(in.LogType) == "Tail"), nil
}

// outcome is the answer for a function that ran.
func outcome(r invoke.Result, tail bool) *InvocationResponse {
	out := &InvocationResponse{FunctionError: shown(r.Failure), ExecutedVersion: new(latest), Payload: bytes.NewReader(r.Payload)}
	if r.Version != "" {
		out.ExecutedVersion = &r.Version
	}
	if tail && len(r.Log) > 0 {
		out.LogResult = new(base64.StdEncoding.EncodeToString(r.Log[max(0, len(r.Log)-maxLog):]))
	}
	return out
}

// failed tells the errors of invocations that did not run from a result: what
// may have run failed.
func (s service) failed(in *InvocationRequest, id string, err error) (invoke.Result, error) {
	switch refusal, build := (*invoke.Refusal)(nil), (*control.BuildError)(nil); {
	case errors.Is(err, invoke.ErrThrottled):
		return invoke.Result{}, s.throttled(in)
	case errors.As(err, &refusal):
		return invoke.Result{}, s.unready(in, refusal)
	case errors.Is(err, invoke.ErrRefused):
		return invoke.Result{}, Exception(InvalidParameterValueException, err.Error())
	case errors.As(err, &build):
		return invoke.Result{}, unbuilt(build.Code, err.Error())
	}
	return invoke.Failed(id, "Sandbox.Failure", err.Error()), nil
}

// throttled is the answer when all slots of a function are in use.
func (s service) throttled(in *InvocationRequest) error {
	e := Exception(TooManyRequestsException, "Rate Exceeded.")
	e.Members["Reason"] = "ConcurrentInvocationLimitExceeded"
	if f, err := s.plane.GetFunction(text(in.FunctionName), text(in.Qualifier)); err == nil && f.Reserved != nil {
		e.Members["Reason"] = "ReservedFunctionConcurrentInvocationLimitExceeded"
	}
	return e
}

// unready is err, or if the function could not be built, why.
func (s service) unready(in *InvocationRequest, err error) error {
	f, missing := s.plane.GetFunction(text(in.FunctionName), text(in.Qualifier))
	if missing != nil || f.State != control.Failed {
		return err
	}
	return unbuilt(f.StateReasonCode, f.StateReason)
}

// unbuilt is the answer for a function that cannot run: AWS has names for two of
// the reasons.
func unbuilt(code, reason string) error {
	switch code {
	case "InvalidRuntime":
		return Exception(InvalidRuntimeException, reason)
	case "InvalidZipFileException":
		return Exception(InvalidZipFileException, reason)
	}
	return Exception(ResourceConflictException, "The operation cannot be performed at this time. The function is currently in the following state: Failed ("+reason+")")
}

// clientContext decodes what a client tells of itself.
func clientContext(header string) (json.RawMessage, error) {
	if header == "" {
		return nil, nil
	}
	if len(header) > maxClientContext {
		return nil, Exception(InvalidRequestContentException, "Client context must be at most 3583 bytes of Base64.")
	}
	object, err := base64.StdEncoding.DecodeString(header)
	trimmed := bytes.TrimSpace(object)
	if err != nil || len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(trimmed) {
		return nil, Exception(InvalidRequestContentException, "Client context must be a valid Base64-encoded JSON object.")
	}
	return trimmed, nil
}
