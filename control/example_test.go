package control_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/control"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/store"
)

// A function is created, built in the background, and invoked. In a daemon the
// store is a file, and Build starts processes.
func Example() {
	data, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(data)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	plane, err := control.Open(ctx, control.Options{
		Store: store.Memory(), Data: data,
		Build: func(_ context.Context, f control.Function) (invoke.Function, io.Closer, error) {
			code, err := os.ReadFile(f.Dir + "/greeting.txt")
			target := invoke.Bytes(func(context.Context, []byte) ([]byte, error) {
				return fmt.Appendf(nil, "%q", code), nil
			})
			return invoke.Function{Target: target}, nil, err
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &penstock.Server{}
	var wg sync.WaitGroup
	wg.Go(func() { server.Run(ctx) })
	wg.Go(func() { plane.Run(ctx, server) })

	var code bytes.Buffer
	z := zip.NewWriter(&code)
	w, _ := z.Create("greeting.txt")
	io.WriteString(w, "hello")
	z.Close()
	f, err := plane.CreateFunction(ctx, control.FunctionInput{
		Name:          "greet",
		Configuration: control.Configuration{Runtime: "provided.al2023", Handler: "bootstrap"},
		Code:          control.CodeSource{ZipFile: code.Bytes()},
	})
	fmt.Println(f.State, err)
	plane.Settled(ctx)
	f, _ = plane.GetFunction("greet", "")
	fmt.Println(f.State, f.LastUpdateStatus)
	arn, callee, err := plane.Resolve("greet", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := callee.Target.Invoke(ctx, invoke.Request{FunctionARN: arn})
	fmt.Println(string(answer.Payload), err)

	stop()
	wg.Wait()
	plane.Close()
	// Output:
	// Pending <nil>
	// Active Successful
	// "hello" <nil>
}
