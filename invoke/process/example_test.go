package process_test

import (
	"context"
	"fmt"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/invoke/process"
)

// A function is checked when it is made, built and probed by Prepare, started
// by the first Invoke, and ended by Close.
func ExampleHost() {
	host := &process.Host{Logs: func(l process.LogLine) { fmt.Println(l.Function, l.Text) }}
	resize, err := host.New(process.Function{
		Name: "resize", Runtime: "python3.12", Handler: "app.handler",
		CodeDir: "testdata", Timeout: 30 * time.Second,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resize.Close()

	// A Process is an invoke.Target. What can never run is refused unseen.
	_, err = resize.Invoke(context.Background(), invoke.Request{Event: []byte("not JSON")})
	fmt.Println(err)

	_, err = host.New(process.Function{Name: "pay", Runtime: "cobol85", CodeDir: "testdata"})
	fmt.Println(err)
	// Output:
	// InvalidRequestContentException: Could not parse request body into json: Could not parse payload into json: invalid character 'o' in literal null (expecting 'u')
	// Function.Runtime "cobol85": penstock runs python*, nodejs*, go and provided*; for another runtime name its Lambda runtime client: --runtime cobol85=PATH (in Go, Host.Runtimes)
}

func ExampleCommand() {
	p := process.Command("python3", "app.handler")
	defer p.Close()
	var _ invoke.Target = p
	// Output:
}
