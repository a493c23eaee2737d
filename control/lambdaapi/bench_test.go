package lambdaapi_test

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/penstock/penstock/control/lambdaapi"
)

func BenchmarkValidate(b *testing.B) {
	in := &lambdaapi.CreateEventSourceMappingRequest{FunctionName: new(fn + ":f:live"), EventSourceArn: new("arn:aws:sqs:eu-west-1:111122223333:q"), BatchSize: new(10)}
	b.ReportAllocs()
	for b.Loop() {
		if err := in.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInvoke is the cost of the API alone: no network, no function.
func BenchmarkInvoke(b *testing.B) {
	api := lambdaapi.API{}
	api.Invoke = func(_ context.Context, in *lambdaapi.InvocationRequest) (*lambdaapi.InvocationResponse, error) {
		event, err := io.ReadAll(in.Payload)
		return &lambdaapi.InvocationResponse{ExecutedVersion: new("$LATEST"), Payload: bytes.NewReader(event)}, err
	}
	h := api.Handler()
	event := strings.Repeat("x", 1024)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", "/2015-03-31/functions/f/invocations", strings.NewReader(event)))
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}
