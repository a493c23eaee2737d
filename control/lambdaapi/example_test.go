package lambdaapi_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/penstock/penstock/control/lambdaapi"
)

// An operation is a function; those that are missing are refused by name.
func Example() {
	api := lambdaapi.API{NewID: func() string { return "0f1e2d3c" }}
	api.GetFunctionConcurrency = func(_ context.Context, in *lambdaapi.GetFunctionConcurrencyRequest) (*lambdaapi.GetFunctionConcurrencyResponse, error) {
		return &lambdaapi.GetFunctionConcurrencyResponse{ReservedConcurrentExecutions: new(5)}, nil
	}
	h := api.Handler()
	for _, path := range []string{"/2019-09-30/functions/greet/concurrency", "/2019-09-30/functions/%2A/concurrency", "/2018-10-31/layers"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Printf("%d %.100s\n", w.Code, w.Body)
	}
	// Output:
	// 200 {"ReservedConcurrentExecutions":5}
	// 400 {"message":"1 validation error detected: Value '*' at 'functionName' failed to satisfy constraint: M
	// 400 {"Type":"User","message":"ListLayers is not supported by this endpoint."}
}

// What becomes of a member is a table.
func ExampleMembers() {
	for _, m := range lambdaapi.Members("Invoke") {
		fmt.Println(strings.TrimSpace(fmt.Sprintf("%s: %s. %s", m.Name, m.Treatment, m.Reason)))
	}
	// Output:
	// FunctionName: honoured.
	// Qualifier: honoured.
	// InvocationType: honoured.
	// LogType: honoured.
	// ClientContext: honoured.
	// Payload: honoured.
	// DurableExecutionName: refused. Durable executions are not supported by this endpoint.
	// TenantId: refused. Tenant isolation is not supported by this endpoint.
}
