package events

import "encoding/json"

// An Entry describes one shape to people: "penstock sources" prints it.
type Entry struct {
	Shape Shape
	// Doc is one sentence.
	Doc string
	// Sample is an event with made-up values.
	Sample json.RawMessage
	// Response is what the function may answer and what that does.
	Response string
}

// Catalogue lists the shapes of this package in the order of their names. The
// result is the caller's.
func Catalogue() []Entry {
	return []Entry{sqsEntry()}
}

func sqsEntry() Entry {
	title := "The Whistler"
	message := SQSMessage{
		MessageID:     "059f36b4-87a3-44ab-83d2-661975830a7d",
		ReceiptHandle: "AQEBexample",
		Body:          `{"order": 1}`,
		MD5OfBody:     "dc97bbb7eff3689c366f23d88bae9f28",
		Attributes: map[string]string{
			"ApproximateReceiveCount":          "1",
			"SentTimestamp":                    "1764090000123",
			"SenderId":                         "AROAEXAMPLE:i-0a",
			"ApproximateFirstReceiveTimestamp": "1764090000130",
		},
		MessageAttributes:      map[string]SQSMessageAttribute{"Title": {DataType: "String", StringValue: &title}},
		MD5OfMessageAttributes: "f4ba90390ad3f80d43ce8a9e4a4abfd6",
		QueueARN:               "arn:aws:sqs:eu-west-1:111122223333:orders",
		Region:                 "eu-west-1",
	}
	return Entry{
		Shape:  SQS,
		Doc:    "Messages of an Amazon SQS queue.",
		Sample: SQS.Event(Frame{Records: []json.RawMessage{AppendSQS(nil, &message)}}),
		Response: `Without ReportBatchItemFailures any answer settles the whole batch. With it,
{"batchItemFailures":[{"itemIdentifier":"<messageId>"}]} names the messages to
hand out again; an identifier that is not in the batch fails the whole batch.
A function error fails the whole batch.`,
	}
}
