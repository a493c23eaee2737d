// Command bill charges orders. It is an ordinary Lambda function: nothing in it
// knows about penstock.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

type order struct {
	Order  int    `json:"order"`
	Amount int    `json:"amount"`
	Note   string `json:"note"`
}

// handle charges a batch and reports the orders that it could not charge.
func handle(_ context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
	var response events.SQSEventResponse
	for _, message := range event.Records {
		if err := charge(message.Body); err != nil {
			fmt.Printf("%s: %v\n", message.MessageId, err)
			response.BatchItemFailures = append(response.BatchItemFailures,
				events.SQSBatchItemFailure{ItemIdentifier: message.MessageId})
		}
	}
	return response, nil
}

func charge(body string) error {
	var o order
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		return fmt.Errorf("not an order: %w", err)
	}
	if o.Note == "poison" {
		return fmt.Errorf("order %d cannot be charged", o.Order)
	}
	fmt.Printf("order %d: charged %d %s\n", o.Order, o.Amount, os.Getenv("CURRENCY"))
	return nil
}

func main() { lambda.Start(handle) }
