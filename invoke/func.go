package invoke

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Func is a target that runs handler in this process. It takes every form of
// handler that lambda.Start takes: functions of at most a context and an event
// that return at most a value and an error, and values that implement
// lambda.Handler. A []byte argument is base64 text in JSON, as there; for raw
// payloads see Bytes. A handler of another form is reported by Check.
//
// The context's deadline is the function's timeout: when it passes, the result
// is the failure Sandbox.Timedout and the handler's context is done. A handler
// that ignores its context goes on in its goroutine until it returns, and what
// it returns is dropped; AWS would have stopped it. (A testing/synctest bubble
// ends only after it.) A cancelled context makes
// Invoke return that error. A panic is a failure with a stackTrace. It does not
// end the process, as it would on AWS, so package variables keep what the
// handler left in them.
//
// A Handler made by lambda.NewHandler runs one invocation at a time, since its
// results share memory, and the context options it was made with are not
// seen; hand over its function instead.
func Func(handler any) Target {
	if err := signature(handler); err != nil {
		return &inProcess{invalid: &Refusal{"InvalidParameterValueException", "handler: " + err.Error()}}
	}
	if h, ok := handler.(lambda.Handler); ok {
		p := &inProcess{handler: func() lambda.Handler { return h }}
		if reflect.TypeOf(handler) == reflect.TypeOf(lambda.NewHandler(nil)) {
			p.turn = make(chan struct{}, 1)
		}
		return p
	}
	// A Handler of the library puts the result into a buffer that its next
	// result may be written to already. So each invocation has a Handler.
	return &inProcess{handler: func() lambda.Handler { return lambda.NewHandler(handler) }}
}

// Bytes is Func for a handler that takes the event and returns its result as
// they are on the wire. The event is not the handler's to change.
func Bytes(handler func(ctx context.Context, event []byte) ([]byte, error)) Target {
	if handler == nil {
		return Func(nil)
	}
	return &inProcess{handler: func() lambda.Handler { return rawHandler(handler) }}
}

type rawHandler func(context.Context, []byte) ([]byte, error)

func (h rawHandler) Invoke(ctx context.Context, event []byte) ([]byte, error) { return h(ctx, event) }

type inProcess struct {
	handler func() lambda.Handler
	turn    chan struct{} // not nil: one invocation at a time
	invalid error
}

func (p *inProcess) Check() error { return p.invalid }

func (p *inProcess) Invoke(ctx context.Context, r Request) (Result, error) {
	if err := errors.Join(p.invalid, r.Check()); err != nil {
		return Result{}, err
	}
	if r.ID == "" {
		r.ID = NewID()
	}
	began := time.Now()
	if ctx.Err() != nil {
		return Ended(ctx, r.ID, began)
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	answer := make(chan Result, 1) // nobody may be there to take it
	go p.run(inner, r, answer)
	select {
	case result := <-answer:
		if !over(ctx) {
			return result, nil
		}
	case <-ctx.Done():
	}
	return Ended(ctx, r.ID, began)
}

// run calls the handler and always answers: also when it panics, and when it
// ends its goroutine, as testing.T.FailNow does.
func (p *inProcess) run(ctx context.Context, r Request, answer chan<- Result) {
	var result Result
	returned := false
	defer func() {
		if v := recover(); v != nil {
			result = Result{RequestID: r.ID, Payload: panicked(v), Failure: Unhandled}
		} else if !returned {
			result = Failed(r.ID, "Runtime.ExitError", "Runtime exited with error: exit status 2")
		}
		answer <- result
	}()
	lc, err := lambdaContext(r)
	var payload []byte
	if err == nil {
		if r.Trace == "" {
			r.Trace = NewTrace()
		}
		ctx = context.WithValue(lambdacontext.NewContext(ctx, lc), "x-amzn-trace-id", r.Trace) //lint:ignore SA1029 the key that X-Ray's SDK reads
		payload, err = p.call(ctx, r.Payload())
	}
	returned = true
	switch {
	case err != nil:
		result = Result{RequestID: r.ID, Payload: raised(err), Failure: Unhandled}
	case len(payload) > MaxResponse:
		result = TooLarge(r.ID)
	default:
		result = Result{RequestID: r.ID, Payload: payload}
	}
}

func (p *inProcess) call(ctx context.Context, event []byte) ([]byte, error) {
	if p.turn == nil {
		return p.handler().Invoke(ctx, event)
	}
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.turn }()
	payload, err := p.handler().Invoke(ctx, event)
	return bytes.Clone(payload), err
}

func lambdaContext(r Request) (*lambdacontext.LambdaContext, error) {
	lc := &lambdacontext.LambdaContext{AwsRequestID: r.ID, InvokedFunctionArn: r.FunctionARN}
	if len(r.ClientContext) > 0 {
		if err := json.Unmarshal(r.ClientContext, &lc.ClientContext); err != nil {
			return nil, err
		}
	}
	return lc, nil
}

// over says whether an answer comes too late. The clock is asked too, so that
// a handler that takes exactly as long as it may has always timed out.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// Ended is what an invocation that began at the given time comes to when ctx
// ended it: a failed result if the function's time was up, else "not now",
// since the caller gave up.
func Ended(ctx context.Context, id string, began time.Time) (Result, error) {
	if err := ctx.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return Result{}, context.Cause(ctx)
	}
	deadline, _ := ctx.Deadline()
	return TimedOut(id, max(0, deadline.Sub(began))), nil
}
