package lambdaapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/control"
	"github.com/penstock/penstock/control/lambdaapi"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/store"
)

// A Plane behind the API: what clients create is built by Run.
func ExampleNew() {
	data, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(data)
	plane, err := control.Open(context.Background(), control.Options{
		Store: store.Memory(), Data: data, LocalCode: true,
		Build: func(_ context.Context, f control.Function) (invoke.Function, io.Closer, error) {
			return invoke.Function{Target: invoke.Func(func(name string) (string, error) { return "Hello " + name, nil })}, nil, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	server := &penstock.Server{}
	running.Go(func() { server.Run(ctx) })
	running.Go(func() { plane.Run(ctx, server) })

	api := lambdaapi.New(plane, lambdaapi.NewCodeLinks(plane)).Handler()
	call := func(method, path, body string) {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		fmt.Printf("%d %.40s\n", w.Code, w.Body)
	}
	call("POST", "/2015-03-31/functions", `{"FunctionName":"greet","Runtime":"provided.al2023","Handler":"main",
		"Role":"arn:aws:iam::000000000000:role/r","Code":{"S3Bucket":"penstock-local","S3Key":"`+data+`"}}`)
	plane.Settled(ctx)
	call("POST", "/2015-03-31/functions/greet/invocations", `"Ada"`)
	call("POST", "/2015-03-31/functions/great/invocations", `"Ada"`)

	stop()
	running.Wait()
	plane.Close()
	// Output:
	// 201 {"FunctionName":"greet","FunctionArn":"a
	// 200 "Hello Ada"
	// 404 {"Message":"Function not found: arn:aws:
}
