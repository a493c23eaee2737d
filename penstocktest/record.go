package penstocktest

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

// render makes the record of a message as it stands in an SQS event.
func (m Mapping) render(message memory.Message, _ sources.Spec) json.RawMessage {
	sum := md5.Sum([]byte(message.Body))
	out := events.SQSMessage{
		MessageID:     message.ID,
		ReceiptHandle: fmt.Sprintf("%s-receive-%d", message.ID, message.Receives),
		Body:          message.Body,
		MD5OfBody:     hex.EncodeToString(sum[:]),
		Attributes: map[string]string{
			"ApproximateReceiveCount":          strconv.Itoa(message.Receives),
			"SentTimestamp":                    milliseconds(message.Sent),
			"SenderId":                         account,
			"ApproximateFirstReceiveTimestamp": milliseconds(message.First),
		},
		Windowed: m.Window >= time.Second,
		QueueARN: m.arn(),
		Region:   region,
	}
	if message.Group != "" {
		out.Attributes["MessageGroupId"] = message.Group
	}
	if m.FIFO {
		out.Attributes["MessageDeduplicationId"] = message.ID
		out.Attributes["SequenceNumber"] = fmt.Sprintf("%020d", message.Sequence)
	}
	if len(message.Attributes) > 0 {
		out.MessageAttributes = map[string]events.SQSMessageAttribute{}
		for name, value := range message.Attributes {
			out.MessageAttributes[name] = events.SQSMessageAttribute{DataType: "String", StringValue: &value}
		}
		out.MD5OfMessageAttributes = attributesMD5(message.Attributes)
	}
	return events.AppendSQS(nil, &out)
}

func milliseconds(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// attributesMD5 is SQS's digest of message attributes of type String: of each
// in the order of names its name, type, kind of value (1: text) and value, texts
// behind their length in four bytes.
func attributesMD5(attributes map[string]string) string {
	digest := md5.New()
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		text(digest, name)
		text(digest, "String")
		digest.Write([]byte{1})
		text(digest, attributes[name])
	}
	return hex.EncodeToString(digest.Sum(nil))
}

func text(digest hash.Hash, s string) {
	digest.Write(binary.BigEndian.AppendUint32(nil, uint32(len(s))))
	digest.Write([]byte(s))
}
