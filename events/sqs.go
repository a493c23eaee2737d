package events

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// SQS is the shape of Amazon SQS events: {"Records":[...]}. A record's name in
// a partial batch response is its messageId.
var SQS = Shape{
	Name:     "sqs",
	Event:    List("Records"),
	Envelope: ListEnvelope("Records"),
}

// An SQSMessage is what one record of an SQS event is rendered from: a message
// as ReceiveMessage returns it, with all its attributes, and where it is from.
type SQSMessage struct {
	MessageID     string
	ReceiptHandle string
	// Body is the message's text, which the function sees unchanged.
	Body      string
	MD5OfBody string
	// Attributes are the system attributes, all as text; times are
	// milliseconds since 1970.
	Attributes        map[string]string
	MessageAttributes map[string]SQSMessageAttribute
	// MD5OfMessageAttributes is empty for a message without attributes.
	MD5OfMessageAttributes string
	// Windowed says that the mapping has a batching window of a second or
	// more. AWS shows it: without message attributes md5OfMessageAttributes is
	// null then, and absent otherwise.
	Windowed bool
	// QueueARN and Region name the queue.
	QueueARN string
	Region   string
}

// An SQSMessageAttribute is one message attribute. Exactly one value is set:
// StringValue for String and Number types, BinaryValue for Binary.
type SQSMessageAttribute struct {
	// DataType is String, Number or Binary, perhaps with a custom label:
	// "Number.int".
	DataType    string
	StringValue *string
	// BinaryValue is nil when absent; the event shows it in base64.
	BinaryValue []byte
}

// sqsAttributes are the system attributes in the order in which AWS's events
// have them. Attributes that are not listed follow in the order of their names.
var sqsAttributes = [...]string{
	"DeadLetterQueueSourceArn",
	"ApproximateReceiveCount",
	"AWSTraceHeader",
	"SentTimestamp",
	"SequenceNumber",
	"MessageGroupId",
	"SenderId",
	"MessageDeduplicationId",
	"ApproximateFirstReceiveTimestamp",
}

// AppendSQS appends the record of m to dst, byte by byte as AWS renders it, and
// allocates nothing when dst has room. Every value is text, so it cannot fail;
// bytes that are not UTF-8 become U+FFFD.
func AppendSQS(dst []byte, m *SQSMessage) []byte {
	dst = append(dst, '{')
	dst = appendMember(dst, "messageId", m.MessageID)
	dst = appendMember(dst, "receiptHandle", m.ReceiptHandle)
	dst = appendMember(dst, "body", m.Body)
	dst = append(dst, `"attributes":`...)
	dst = appendSQSAttributes(dst, m.Attributes)
	dst = append(dst, `,"messageAttributes":{`...)
	name, more := after(m.MessageAttributes, "", true)
	for more {
		dst = appendText(dst, name)
		dst = append(dst, ':')
		dst = appendSQSMessageAttribute(dst, m.MessageAttributes[name])
		dst = append(dst, ',')
		name, more = after(m.MessageAttributes, name, false)
	}
	dst = closeObject(dst)
	dst = append(dst, ',')
	if m.MD5OfMessageAttributes != "" {
		dst = appendMember(dst, "md5OfMessageAttributes", m.MD5OfMessageAttributes)
	} else if m.Windowed {
		dst = append(dst, `"md5OfMessageAttributes":null,`...)
	}
	dst = appendMember(dst, "md5OfBody", m.MD5OfBody)
	dst = appendMember(dst, "eventSource", "aws:sqs")
	dst = appendMember(dst, "eventSourceARN", m.QueueARN)
	dst = appendMember(dst, "awsRegion", m.Region)
	return closeObject(dst)
}

func appendSQSAttributes(dst []byte, attributes map[string]string) []byte {
	dst = append(dst, '{')
	left := len(attributes)
	for _, name := range sqsAttributes {
		if value, ok := attributes[name]; ok {
			dst = appendMember(dst, name, value)
			left--
		}
	}
	name, more := "", left > 0
	for first := true; more; first = false {
		if name, more = after(attributes, name, first); more && !known(name) {
			dst = appendText(dst, name)
			dst = append(dst, ':')
			dst = appendText(dst, attributes[name])
			dst = append(dst, ',')
		}
	}
	return closeObject(dst)
}

func known(attribute string) bool {
	for _, name := range sqsAttributes {
		if name == attribute {
			return true
		}
	}
	return false
}

// appendSQSMessageAttribute writes the two lists that SQS never fills, because
// AWS does.
func appendSQSMessageAttribute(dst []byte, a SQSMessageAttribute) []byte {
	dst = append(dst, '{')
	if a.StringValue != nil {
		dst = appendMember(dst, "stringValue", *a.StringValue)
	}
	if a.BinaryValue != nil {
		dst = append(dst, `"binaryValue":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, a.BinaryValue)
		dst = append(dst, '"', ',')
	}
	dst = append(dst, `"stringListValues":[],"binaryListValues":[],`...)
	dst = appendMember(dst, "dataType", a.DataType)
	return closeObject(dst)
}

// SQSView is what filters see of a record that AppendSQS made: the record
// without eventSource, eventSourceARN and awsRegion, which AWS adds after
// filtering.
func SQSView(record json.RawMessage) json.RawMessage {
	end := bytes.LastIndex(record, []byte(`,"eventSource":`)) // the last members; no ARN or region holds this
	if end < 0 {
		return record
	}
	return append(append(make(json.RawMessage, 0, end+1), record[:end]...), '}')
}
