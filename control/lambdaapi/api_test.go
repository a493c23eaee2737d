package lambdaapi_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control/lambdaapi"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
)

// failing is an API whose CreateFunction fails with err, unless that is nil.
func failing(err error, log *bytes.Buffer) http.Handler {
	api := lambdaapi.API{NewID: func() string { return "id-1" }}
	if log != nil {
		api.Log = slog.New(slog.NewTextHandler(log, nil))
	}
	api.CreateFunction = func(_ context.Context, in *lambdaapi.CreateFunctionRequest) (*lambdaapi.FunctionConfiguration, error) {
		return &lambdaapi.FunctionConfiguration{FunctionName: in.FunctionName, LoggingConfig: in.LoggingConfig}, err
	}
	return api.Handler()
}

func send(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func TestTableIsSound(t *testing.T) {
	h := lambdaapi.API{}.Handler()
	if err := h.Check(); err != nil {
		t.Error(err)
	}
	if n := len(h.Operations); n != 91 {
		t.Errorf("%d operations, want the 91 of the service", n)
	}
}

func TestUnserved(t *testing.T) {
	h := lambdaapi.API{}.Handler()
	for call, want := range map[string]string{
		"GET /2015-03-31/functions":                                    "ListFunctions is not served by this endpoint yet.",
		"GET /2015-03-31/functions/":                                   "ListFunctions is not served by this endpoint yet.",
		"POST /2015-03-31/event-source-mappings/":                      "CreateEventSourceMapping is not served by this endpoint yet.",
		"POST /2014-11-13/functions/f/invoke-async/":                   "InvokeAsync is not served by this endpoint yet. It belongs to this part of the project: asynchronous",
		"GET /2018-10-31/layers":                                       "ListLayers is not supported by this endpoint.",
		"GET /2018-10-31/layers?find=LayerVersion&Arn=a":               "GetLayerVersionByArn is not supported by this endpoint.",
		"GET /2019-09-30/functions/f/provisioned-concurrency":          "GetProvisionedConcurrencyConfig is not supported",
		"GET /2019-09-30/functions/f/provisioned-concurrency?List=ALL": "ListProvisionedConcurrencyConfigs is not supported",
		"GET /2019-09-25/functions/f/event-invoke-config/list":         "ListFunctionEventInvokeConfigs is not served",
		"DELETE /2026-07-09/resource-policy/arn%3Aaws%3Alambda":        "DeleteResourcePolicy is not served",
	} {
		method, path, _ := strings.Cut(call, " ")
		w := send(h, method, path, "{}")
		if w.Code != 400 || !strings.Contains(w.Body.String(), want) || !strings.Contains(w.Body.String(), `"Type":"User"`) ||
			w.Header()[errorType][0] != "InvalidParameterValueException" {
			t.Errorf("%s: %d %s, want %s", call, w.Code, w.Body, want)
		}
	}
	if w := send(h, "GET", "/2015-03-31/nothing", ""); w.Code != 404 || w.Header()[errorType][0] != "UnknownOperationException" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestErrorBodies(t *testing.T) {
	const body = `{"FunctionName":"f","Role":"arn:aws:iam::111122223333:role/r","Code":{}}`
	for name, tt := range map[string]struct {
		err    error
		status int
		code   string
		body   string
	}{
		"small":      {lambdaapi.Exception(lambdaapi.InvalidParameterValueException, "Unrecognized event source."), 400, "InvalidParameterValueException", `{"Type":"User","message":"Unrecognized event source."}`},
		"large":      {lambdaapi.Exception(lambdaapi.ResourceNotFoundException, "The resource you requested does not exist."), 404, "ResourceNotFoundException", `{"Message":"The resource you requested does not exist.","Type":"User"}`},
		"conflict":   {lambdaapi.Exception(lambdaapi.ResourceConflictException, "x"), 409, "ResourceConflictException", `{"Type":"User","message":"x"}`},
		"in use":     {lambdaapi.Exception(lambdaapi.ResourceInUseException, "x"), 400, "ResourceInUseException", `{"Message":"x","Type":"User"}`},
		"revision":   {lambdaapi.Exception(lambdaapi.PreconditionFailedException, "x"), 412, "PreconditionFailedException", `{"Type":"User","message":"x"}`},
		"runtime":    {lambdaapi.Exception(lambdaapi.InvalidRuntimeException, "x"), 502, "InvalidRuntimeException", `{"Message":"x","Type":"Server"}`},
		"validation": {lambdaapi.Exception(lambdaapi.ValidationException, "x"), 400, "ValidationException", `{"message":"x"}`},
		"denied":     {lambdaapi.Exception(lambdaapi.AccessDeniedException, "x"), 403, "AccessDeniedException", `{"Message":"x","Type":"User"}`},
		"too large":  {lambdaapi.Exception(lambdaapi.RequestEntityTooLargeException, "x"), 413, "RequestEntityTooLargeException", `{"Type":"User","message":"x"}`},
		"throttled": {&awswire.Error{Code: lambdaapi.TooManyRequestsException, Status: 429, Message: "Rate Exceeded.", Members: map[string]string{"Type": "User", "Reason": "CallerRateLimitExceeded"}},
			429, "TooManyRequestsException", `{"Reason":"CallerRateLimitExceeded","Type":"User","message":"Rate Exceeded."}`},
		"refusal":       {&invoke.Refusal{Exception: "ResourceNotFoundException", Message: "x"}, 404, "ResourceNotFoundException", `{"Message":"x","Type":"User"}`},
		"field":         {mapping.FieldError{Exception: "InvalidParameterValueException", Message: "x"}, 400, "InvalidParameterValueException", `{"Type":"User","message":"x"}`},
		"of no service": {awswire.UnknownOperation("x"), 404, "UnknownOperationException", `{"Type":"User","message":"x"}`},
		"unforeseen":    {errors.New("password"), 500, "ServiceException", `{"Message":"An error occurred and the request cannot be processed.","Type":"Server"}`},
	} {
		var log bytes.Buffer
		w := send(failing(tt.err, &log), "POST", "/2015-03-31/functions", body)
		if diff := cmp.Diff(tt.body, w.Body.String()); w.Code != tt.status || w.Header()[errorType][0] != tt.code || diff != "" {
			t.Errorf("%s: %d %s, want %d; body -want +got\n%s", name, w.Code, w.Header()[errorType], tt.status, diff)
		}
		if logged := strings.Contains(log.String(), "password") && strings.Contains(log.String(), "id-1"); logged != (name == "unforeseen") {
			t.Errorf("%s: logged %q", name, &log)
		}
	}
}

func TestRequests(t *testing.T) {
	function := func(more string) string {
		return `{"FunctionName":"f","Role":"arn:aws:iam::111122223333:role/r","Code":{}` + more + `}`
	}
	for name, tt := range map[string]struct {
		body   string
		status int
		want   string
		log    string
	}{
		"created":         {function(""), 201, `{"FunctionName":"f"}`, ""},
		"unknown":         {function(`,"Colour":{"a":1},"LoggingConfig":{"LogFormat":"JSON","Sink":1}`), 201, `{"FunctionName":"f","LoggingConfig":{"LogFormat":"JSON"}}`, `"[Colour LoggingConfig.Sink]"`},
		"refused":         {function(`,"Layers":["arn:aws:lambda:eu-west-1:111122223333:layer:x:1"]`), 400, `{"Type":"User","message":"Layers are not supported by this endpoint."}`, ""},
		"refused inside":  {strings.Replace(function(""), `{}`, `{"ImageUri":"i"}`, 1), 400, `{"Type":"User","message":"Container images are not supported by this endpoint."}`, ""},
		"violation first": {function(`,"Handler":"","Layers":["x"]`), 400, "2 validation errors detected: ", ""},
		"wrong type":      {function(`,"Timeout":"3"`), 400, `{"Type":"User","message":"STRING_VALUE can not be converted to an Integer (member Timeout)"}`, ""},
		"no JSON":         {`{"FunctionName"`, 400, `{"Type":"User","message":"The request body is not valid JSON: `, ""},
		"zip":             {`{"FunctionName":"f","Code":{"ZipFile":"` + strings.Repeat("A", 70167211) + `"}}`, 413, `{"Type":"User","message":"Zipped size must be smaller than 52428800 bytes"}`, ""},
		"settings":        {`{"Environment":{"Variables":{"A":"` + strings.Repeat("A", 70167211) + `"}},"Code":{"ZipFile":"AAAA"}}`, 413, `{"Type":"User","message":"Request must be smaller than 70167211 bytes for the CreateFunction operation"}`, ""},
	} {
		var log bytes.Buffer
		w := send(failing(nil, &log), "POST", "/2015-03-31/functions", tt.body)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: %d %.300s, want %d %s", name, w.Code, w.Body, tt.status, tt.want)
		}
		if !strings.Contains(log.String(), tt.log) || tt.log == "" && log.Len() > 0 {
			t.Errorf("%s: logged %q, want %s", name, &log, tt.log)
		}
	}
}

// Other operations take no more than a megabyte.
func TestSmallRequests(t *testing.T) {
	api := lambdaapi.API{}
	api.TagResource = func(context.Context, *lambdaapi.TagResourceRequest) (*lambdaapi.Nothing, error) { return nil, nil }
	w := send(api.Handler(), "POST", "/2017-03-31/tags/x", `{"Tags":{"a":"`+strings.Repeat("b", 1<<20)+`"}}`)
	if want := "Request must be smaller than 1048576 bytes for the TagResource operation"; w.Code != 413 || !strings.Contains(w.Body.String(), want) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRoute(t *testing.T) {
	named := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("sqs")) })
	router := &awswire.Router{Routes: []awswire.Route{
		{Service: "sqs", Target: "AmazonSQS", Version: "2012-11-05", Actions: []string{"SendMessage"}, Handler: named},
		lambdaapi.Route(lambdaapi.API{}.Handler()),
	}}
	for path, lambda := range map[string]bool{
		"/2015-03-31/functions": true, "/2014-11-13/functions/f/invoke-async": true, "/2017-03-31/tags/arn%3Aaws": true,
		"/2019-09-25/functions/f/event-invoke-config": true, "/2016-08-19/account-settings/": true, "/2018-10-31/layers?find=LayerVersion": true,
		"/?Action=SendMessage": false, "/2015-03-31": false, "/123/queue?Action=SendMessage": false,
	} {
		w := send(router, "GET", path, "")
		if got := w.Header()[errorType] != nil; got != lambda {
			t.Errorf("%s: %d %s, want Lambda: %t", path, w.Code, w.Body, lambda)
		}
	}
	r := httptest.NewRequest("POST", "/elsewhere", nil)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AK/20260102/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00")
	w := httptest.NewRecorder()
	if router.ServeHTTP(w, r); w.Header()[errorType][0] != "UnknownOperationException" {
		t.Errorf("signed for lambda: %d %s", w.Code, w.Body)
	}
}

// errorType is a header as AWS spells it, which is not how net/http would.
var errorType = "x-amzn-ErrorType"
