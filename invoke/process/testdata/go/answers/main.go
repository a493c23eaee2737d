// Command answers is a function of the process suite: errors, panics, context.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func handle(ctx context.Context, event any) (any, error) {
	switch event {
	case "error":
		return nil, errors.New("Error: x")
	case "panic":
		panic("on purpose")
	case "arn":
		c, _ := lambdacontext.FromContext(ctx)
		return c.InvokedFunctionArn, nil
	case "grandchild":
		// It keeps stdout open and lives on.
		c := exec.Command("/bin/sh", "-c", "echo from the grandchild; exec sleep 1000")
		c.Stdout = os.Stdout
		if err := c.Start(); err != nil {
			return nil, err
		}
		fmt.Println(c.Process.Pid)
		return c.Process.Pid, nil
	case "exit":
		os.Exit(4)
	}
	return event, nil
}

func main() { lambda.Start(handle) }
