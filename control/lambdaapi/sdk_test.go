package lambdaapi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control/lambdaapi"
	"github.com/penstock/penstock/internal/pipenet"
)

// client is the SDK's client of an API behind a router, on an in-memory network.
func client(t *testing.T, api lambdaapi.API) *lambda.Client {
	t.Helper()
	l := pipenet.Listen()
	server := &http.Server{Handler: &awswire.Router{Routes: []awswire.Route{lambdaapi.Route(api.Handler())}}}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	transport := &http.Transport{DialContext: l.DialContext}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	return lambda.New(lambda.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://lambda.test"), HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("AK", "SK", ""), Retryer: aws.NopRetryer{},
	})
}

func TestSDKAccountSettings(t *testing.T) {
	account := lambdaapi.Account{Usage: func(context.Context) (lambdaapi.Usage, error) {
		return lambdaapi.Usage{Functions: 3, CodeSize: 1841, Reserved: 150}, nil
	}}
	c := client(t, lambdaapi.API{Operations: lambdaapi.Operations{GetAccountSettings: account.GetAccountSettings}})
	out, err := c.GetAccountSettings(t.Context(), &lambda.GetAccountSettingsInput{})
	if err != nil {
		t.Fatal(err)
	}
	limit := types.AccountLimit{TotalCodeSize: 80530636800, CodeSizeUnzipped: 262144000, CodeSizeZipped: 52428800, ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: aws.Int32(850)}
	if *out.AccountUsage != (types.AccountUsage{FunctionCount: 3, TotalCodeSize: 1841}) || out.AccountLimit.TotalCodeSize != limit.TotalCodeSize ||
		out.AccountLimit.CodeSizeUnzipped != limit.CodeSizeUnzipped || out.AccountLimit.CodeSizeZipped != limit.CodeSizeZipped ||
		out.AccountLimit.ConcurrentExecutions != 1000 || *out.AccountLimit.UnreservedConcurrentExecutions != 850 {
		t.Errorf("%+v %+v", *out.AccountLimit, *out.AccountUsage)
	}
}

// A mapping comes back as the SDK sent it, times as numbers.
func TestSDKMapping(t *testing.T) {
	at := time.UnixMilli(1767323045678).UTC()
	var got *lambdaapi.CreateEventSourceMappingRequest
	api := lambdaapi.API{}
	api.CreateEventSourceMapping = func(_ context.Context, in *lambdaapi.CreateEventSourceMappingRequest) (*lambdaapi.EventSourceMappingConfiguration, error) {
		got = in
		return &lambdaapi.EventSourceMappingConfiguration{
			UUID: new("0f1e2d3c"), State: new("Creating"), BatchSize: in.BatchSize, LastModified: &awswire.Epoch{Time: at}, FilterCriteria: in.FilterCriteria,
			FunctionResponseTypes: []string{}, StartingPositionTimestamp: in.StartingPositionTimestamp, SelfManagedEventSource: in.SelfManagedEventSource,
			SourceAccessConfigurations: in.SourceAccessConfigurations,
		}, nil
	}
	in := &lambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("f"), BatchSize: aws.Int32(10), StartingPosition: types.EventSourcePositionAtTimestamp, StartingPositionTimestamp: &at,
		FilterCriteria:             &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String(`{"body":["<"]}`)}}},
		SelfManagedEventSource:     &types.SelfManagedEventSource{Endpoints: map[string][]string{"KAFKA_BOOTSTRAP_SERVERS": {"b:9092"}}},
		SourceAccessConfigurations: []types.SourceAccessConfiguration{{Type: types.SourceAccessTypeBasicAuth, URI: aws.String("arn:x")}},
		Tags:                       map[string]string{"a": "b"},
	}
	out, err := client(t, api).CreateEventSourceMapping(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if got.StartingPositionTimestamp == nil || !got.StartingPositionTimestamp.Equal(at) || *got.StartingPosition != "AT_TIMESTAMP" || got.Tags["a"] != "b" || got.Enabled != nil {
		t.Errorf("the operation got %+v", got)
	}
	if !out.LastModified.Equal(at) || !out.StartingPositionTimestamp.Equal(at) || *out.BatchSize != 10 || *out.FilterCriteria.Filters[0].Pattern != `{"body":["<"]}` ||
		out.FunctionResponseTypes == nil || out.SelfManagedEventSource.Endpoints["KAFKA_BOOTSTRAP_SERVERS"][0] != "b:9092" || out.SourceAccessConfigurations[0].Type != "BASIC_AUTH" {
		t.Errorf("the client got %+v", out)
	}
}

func TestSDKFunction(t *testing.T) {
	const arn = "arn:aws:lambda:eu-west-1:111122223333:function:f:$LATEST"
	modified := awswire.ISO8601(time.UnixMilli(1767323045678))
	api := lambdaapi.API{}
	api.CreateFunction = func(_ context.Context, in *lambdaapi.CreateFunctionRequest) (*lambdaapi.FunctionConfiguration, error) {
		return &lambdaapi.FunctionConfiguration{FunctionName: in.FunctionName, CodeSize: new(int64(len(in.Code.ZipFile))), LastModified: &modified,
			Environment: &lambdaapi.EnvironmentResponse{Variables: in.Environment.Variables}, Timeout: in.Timeout}, nil
	}
	api.GetFunction = func(_ context.Context, in *lambdaapi.GetFunctionRequest) (*lambdaapi.GetFunctionResponse, error) {
		return &lambdaapi.GetFunctionResponse{Configuration: &lambdaapi.FunctionConfiguration{FunctionArn: in.FunctionName, Version: in.Qualifier}}, nil
	}
	api.DeleteFunction = func(context.Context, *lambdaapi.DeleteFunctionRequest) (*lambdaapi.DeleteFunctionResponse, error) {
		return &lambdaapi.DeleteFunctionResponse{StatusCode: new(204)}, nil
	}
	api.UntagResource = func(_ context.Context, in *lambdaapi.UntagResourceRequest) (*lambdaapi.Nothing, error) {
		if !cmp.Equal(in.TagKeys, []string{"x", "z"}) || *in.Resource != "arn:aws:lambda:eu-west-1:111122223333:function:f" {
			t.Errorf("untag %q of %s", in.TagKeys, *in.Resource)
		}
		return nil, nil
	}
	c := client(t, api)
	made, err := c.CreateFunction(t.Context(), &lambda.CreateFunctionInput{FunctionName: aws.String("f"), Role: aws.String(role), Code: &types.FunctionCode{ZipFile: []byte{0, 1, 2}},
		Environment: &types.Environment{Variables: map[string]string{"KEY": ""}}, Timeout: aws.Int32(3)})
	if err != nil || made.CodeSize != 3 || *made.LastModified != "2026-01-02T03:04:05.678+0000" || *made.Timeout != 3 || made.Environment.Variables["KEY"] != "" {
		t.Errorf("%+v %v", made, err)
	}
	got, err := c.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String(arn), Qualifier: aws.String("$LATEST")})
	if err != nil || *got.Configuration.FunctionArn != arn || *got.Configuration.Version != "$LATEST" {
		t.Errorf("%+v %v", got, err)
	}
	if gone, err := c.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil || gone.StatusCode != 204 {
		t.Errorf("%+v %v", gone, err)
	}
	if _, err := c.UntagResource(t.Context(), &lambda.UntagResourceInput{Resource: aws.String("arn:aws:lambda:eu-west-1:111122223333:function:f"), TagKeys: []string{"x", "z"}}); err != nil {
		t.Error(err)
	}
}

func TestSDKInvoke(t *testing.T) {
	api := lambdaapi.API{}
	api.Invoke = func(_ context.Context, in *lambdaapi.InvocationRequest) (*lambdaapi.InvocationResponse, error) {
		event, err := io.ReadAll(in.Payload)
		if err != nil {
			return nil, err
		}
		out := &lambdaapi.InvocationResponse{ExecutedVersion: new("$LATEST")}
		if in.InvocationType != nil && *in.InvocationType == "DryRun" {
			out.StatusCode = new(204)
			return out, nil
		}
		if in.LogType != nil && *in.LogType == "Tail" {
			out.LogResult = new("bG9n")
		}
		if bytes.Contains(event, []byte("fail")) {
			out.FunctionError = new("Unhandled")
		}
		out.Payload = bytes.NewReader(event)
		return out, nil
	}
	c := client(t, api)
	in := &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"a":"ü"}`), LogType: types.LogTypeTail}
	if out, err := c.Invoke(t.Context(), in); err != nil || out.StatusCode != 200 || string(out.Payload) != `{"a":"ü"}` || *out.ExecutedVersion != "$LATEST" || *out.LogResult != "bG9n" || out.FunctionError != nil {
		t.Errorf("%+v %v", out, err)
	}
	in.Payload = []byte(`"fail"`)
	if out, err := c.Invoke(t.Context(), in); err != nil || *out.FunctionError != "Unhandled" {
		t.Errorf("%+v %v", out, err)
	}
	in.InvocationType = types.InvocationTypeDryRun
	if out, err := c.Invoke(t.Context(), in); err != nil || out.StatusCode != 204 || len(out.Payload) != 0 {
		t.Errorf("%+v %v", out, err)
	}
	largest := bytes.Repeat([]byte("1"), 6291456)
	in = &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: largest}
	if out, err := c.Invoke(t.Context(), in); err != nil || len(out.Payload) != len(largest) {
		t.Errorf("the largest event: %v", err)
	}
	in.Payload = append(largest, '1')
	if got := problem(t, func() error { _, err := c.Invoke(t.Context(), in); return err }); got != "RequestEntityTooLargeException unknown: Request must be smaller than 6291456 bytes for the InvokeFunction operation" {
		t.Error(got)
	}
}

// problem is an error as the SDK shows it.
func problem(t *testing.T, call func() error) string {
	t.Helper()
	err := call()
	var e smithy.APIError
	if !errors.As(err, &e) {
		return "not an API error: " + errorText(err)
	}
	return e.ErrorCode() + " " + strings.ToLower(e.ErrorFault().String()) + ": " + e.ErrorMessage()
}

func errorText(err error) string {
	if err == nil {
		return "none"
	}
	return err.Error()
}

// The SDK makes its own types of the errors that the model has.
func TestSDKErrors(t *testing.T) {
	var fail error
	api := lambdaapi.API{NewID: func() string { return "id-7" }}
	api.GetFunction = func(context.Context, *lambdaapi.GetFunctionRequest) (*lambdaapi.GetFunctionResponse, error) {
		return nil, fail
	}
	c := client(t, api)
	get := func() error {
		_, err := c.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f")})
		return err
	}
	fail = lambdaapi.Exception(lambdaapi.ResourceNotFoundException, "Function not found: f")
	var missing *types.ResourceNotFoundException
	if err := get(); !errors.As(err, &missing) || *missing.Type != "User" || *missing.Message != "Function not found: f" || !strings.Contains(err.Error(), "RequestID: id-7") {
		t.Errorf("%v", err)
	}
	fail = lambdaapi.Exception(lambdaapi.InvalidParameterValueException, "text")
	var invalid *types.InvalidParameterValueException
	if err := get(); !errors.As(err, &invalid) || *invalid.Type != "User" || *invalid.Message != "text" {
		t.Errorf("%v", err)
	}
	e := lambdaapi.Exception(lambdaapi.TooManyRequestsException, "Rate Exceeded.")
	e.Members["Reason"] = "ReservedFunctionConcurrentInvocationLimitExceeded"
	e.Header = map[string]string{"Retry-After": "1"}
	fail = e
	var throttled *types.TooManyRequestsException
	if err := get(); !errors.As(err, &throttled) || throttled.Reason != types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded || *throttled.RetryAfterSeconds != "1" {
		t.Errorf("%v", err)
	}
	fail = errors.New("disk on fire")
	var broken *types.ServiceException
	if err := get(); !errors.As(err, &broken) || strings.Contains(err.Error(), "disk") {
		t.Errorf("%v", err)
	}
	if got := problem(t, func() error {
		_, err := c.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("*")})
		return err
	}); !strings.HasPrefix(got, "ValidationException unknown: 1 validation error detected: Value '*' at 'functionName' failed") {
		t.Error(got)
	}
	if got := problem(t, func() error {
		_, err := c.ListAliases(t.Context(), &lambda.ListAliasesInput{FunctionName: aws.String("f")})
		return err
	}); got != "InvalidParameterValueException client: ListAliases is not served by this endpoint yet. It belongs to this part of the project: asynchronous invocation, versions, aliases and concurrency." {
		t.Error(got)
	}
	if got := problem(t, func() error {
		_, err := c.ListLayers(t.Context(), &lambda.ListLayersInput{})
		return err
	}); !strings.Contains(got, "ListLayers is not supported by this endpoint.") {
		t.Error(got)
	}
}
