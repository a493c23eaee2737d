package penstocktest_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/penstock/penstock/penstocktest"
)

// handle reports messages that it cannot handle.
func handle(_ context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
	var response events.SQSEventResponse
	for _, message := range event.Records {
		if strings.Contains(message.Body, "poison") {
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: message.MessageId})
		}
	}
	return response, nil
}

// An Outcome prints as a timeline.
func ExampleOutcome() {
	got, err := penstocktest.Run(penstocktest.Mapping{Partial: true, MaxReceives: 3}, handle,
		`{"order":1}`, `{"order":2,"note":"poison"}`, `{"order":3}`)
	fmt.Print(got)
	fmt.Println(err)
	// Output:
	// 0s    req-1  3 records  done msg-1 msg-3, again msg-2
	// 30s   req-2  1 record   again msg-2
	// 1m0s  req-3  1 record   again msg-2
	// 1m30s dead   msg-2
	// <nil>
}

// Groups of a FIFO queue run side by side; a failure holds back its own group.
func ExampleRun() {
	tried := 0
	charge := func(event events.SQSEvent) error {
		if event.Records[0].Body == "first" {
			if tried++; tried == 1 {
				return fmt.Errorf("card terminal is away")
			}
		}
		return nil
	}
	got, _ := penstocktest.Run(penstocktest.Mapping{FIFO: true, BatchSize: 1}, charge,
		penstocktest.Message{Body: "first", Group: "anna"},
		penstocktest.Message{Body: "second", Group: "anna"},
		penstocktest.Message{Body: "other", Group: "ben", After: time.Second})
	fmt.Print(got)
	// Output:
	// 0s  req-1  1 record   again msg-1 (errorString: card terminal is away)
	// 1s  req-2  1 record   done msg-3
	// 30s req-3  1 record   done msg-1
	// 30s req-4  1 record   done msg-2
}
