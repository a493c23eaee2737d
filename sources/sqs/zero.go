package sqs

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// sendZeroWait makes a receive that does not wait say so. The SDK leaves a zero
// out, and SQS then waits as long as the queue's ReceiveMessageWaitTimeSeconds.
func sendZeroWait(o *sqs.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Build.Add(middleware.BuildMiddlewareFunc("penstock.ZeroWait", addZeroWait), middleware.Before)
	})
}

func addZeroWait(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
	fail := func(err error) (middleware.BuildOutput, middleware.Metadata, error) {
		return middleware.BuildOutput{}, middleware.Metadata{}, fmt.Errorf("set WaitTimeSeconds: %w", err)
	}
	r, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return fail(fmt.Errorf("unknown request %T", in.Request))
	}
	body, err := io.ReadAll(r.GetStream())
	if err != nil {
		return fail(err)
	}
	if !bytes.Contains(body, []byte(`"WaitTimeSeconds"`)) && bytes.HasSuffix(body, []byte("}")) {
		body = append(body[:len(body)-1], `,"WaitTimeSeconds":0}`...)
	}
	if r, err = r.SetStream(bytes.NewReader(body)); err != nil {
		return fail(err)
	}
	in.Request = r
	return next.HandleBuild(ctx, in)
}
