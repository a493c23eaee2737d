package invoke_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/penstock/penstock/invoke"
)

func ExampleFunc() {
	greet := invoke.Func(func(_ context.Context, name string) (string, error) {
		if name == "" {
			return "", errors.New("nobody to greet")
		}
		return "Hello " + name, nil
	})
	for _, event := range []string{`"Ada"`, `""`} {
		result, err := greet.Invoke(context.Background(), invoke.Request{Event: []byte(event)})
		fmt.Printf("%q %s %v\n", result.Failure, result.Payload, err)
	}
	// Output:
	// "" "Hello Ada" <nil>
	// "Unhandled" {"errorMessage":"nobody to greet","errorType":"errorString"} <nil>
}

func ExampleNewFunctions() {
	functions, err := invoke.NewFunctions("us-east-1", "000000000000", map[string]invoke.Function{
		"greet": {Target: invoke.Func(func(name string) (string, error) { return "Hello " + name, nil })},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	arn, greet, err := functions.Resolve("function:greet")
	fmt.Println(arn, greet.Timeout, greet.Concurrency, err)
	_, _, err = functions.Resolve("great")
	fmt.Println(err, errors.Is(err, invoke.ErrRefused))
	// Output:
	// arn:aws:lambda:us-east-1:000000000000:function:greet 3s 10 <nil>
	// ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function:great:$LATEST true
}
