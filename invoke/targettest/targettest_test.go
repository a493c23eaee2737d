package targettest_test

import (
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/invoke/targettest"
)

func TestFunc(t *testing.T) {
	targettest.Run(t, true, func(t *testing.T) targettest.Rig {
		return targettest.Rig{
			Target:    invoke.Func(targettest.Handle),
			Refused:   invoke.Func(42),
			Throttled: invoke.Limited(invoke.Func(targettest.Handle), 0),
		}
	})
}

// Handlers of the library share a buffer: only -race or wrong echoes show it.
func TestMadeHandler(t *testing.T) {
	targettest.Run(t, true, func(t *testing.T) targettest.Rig {
		return targettest.Rig{Target: invoke.Func(lambda.NewHandler(targettest.Handle))}
	})
}

func TestLimited(t *testing.T) {
	targettest.Run(t, true, func(t *testing.T) targettest.Rig {
		return targettest.Rig{Target: invoke.Limited(invoke.Func(targettest.Handle), 2)}
	})
}
