package sqs

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/sources"
)

// A handle is a Token: the receipt handle of one receive of a message.
type handle string

// envelope is how many bytes of a record are neither body nor handle, for most
// messages: others cost another allocation.
const envelope = 512

// record makes a record of a message as ReceiveMessage returned it.
func (q *queue) record(m *types.Message, loan time.Time) sources.Record {
	message := events.SQSMessage{
		MessageID:              aws.ToString(m.MessageId),
		ReceiptHandle:          aws.ToString(m.ReceiptHandle),
		Body:                   aws.ToString(m.Body),
		MD5OfBody:              aws.ToString(m.MD5OfBody),
		Attributes:             m.Attributes,
		MD5OfMessageAttributes: aws.ToString(m.MD5OfMessageAttributes),
		Windowed:               q.spec.Window >= time.Second,
		QueueARN:               q.spec.ARN,
		Region:                 q.spec.Region,
	}
	if len(m.MessageAttributes) > 0 {
		message.MessageAttributes = make(map[string]events.SQSMessageAttribute, len(m.MessageAttributes))
		for name, a := range m.MessageAttributes {
			message.MessageAttributes[name] = events.SQSMessageAttribute{
				DataType:    aws.ToString(a.DataType),
				StringValue: a.StringValue,
				BinaryValue: a.BinaryValue,
			}
		}
	}
	r := sources.Record{
		ID:    message.MessageID,
		Body:  events.AppendSQS(make([]byte, 0, envelope+len(message.ReceiptHandle)+len(message.Body)), &message),
		Loan:  loan,
		Token: handle(message.ReceiptHandle),
	}
	r.Receives, _ = strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	if ms, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64); err == nil {
		r.Arrived = time.UnixMilli(ms)
	}
	if q.fifo {
		r.Group = m.Attributes["MessageGroupId"]
	}
	return r
}
