package sqs_test

import (
	"context"
	"fmt"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/sqs"
)

// One client serves all kinds of AWS, so that connections are shared and
// attempts are counted in one place.
func ExampleKind() {
	var client awsclient.Client
	kind := sqs.Kind(&client)

	spec := sources.Spec{
		ARN:      "arn:aws:sqs:us-east-1:000000000000:orders",
		Endpoint: sources.Endpoint{URL: "http://127.0.0.1:1"}, // nobody there
	}
	fmt.Println(kind.Name, kind.Matches(spec), kind.Limits.Call)

	_, err := kind.Queue(context.Background(), sources.Spec{ARN: "orders"})
	fmt.Println(err)
	// Output:
	// sqs true 10
	// queue "orders": must be an ARN arn:PARTITION:sqs:REGION:ACCOUNT:NAME
}
