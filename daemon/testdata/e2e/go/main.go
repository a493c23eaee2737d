// Command go prints the event it gets and reports messages that say "fail" at
// their first receive, and messages that say "poison" always.
package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(raw json.RawMessage) (events.SQSEventResponse, error) {
		fmt.Printf("EVENT %s\n", raw)
		var event events.SQSEvent
		var response events.SQSEventResponse
		if err := json.Unmarshal(raw, &event); err != nil {
			return response, err
		}
		for _, m := range event.Records {
			first := m.Attributes["ApproximateReceiveCount"] == "1"
			if strings.Contains(m.Body, "poison") || first && strings.Contains(m.Body, "fail") {
				response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			}
		}
		return response, nil
	})
}
