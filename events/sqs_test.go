package events_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	lambda "github.com/aws/aws-lambda-go/events"

	"github.com/penstock/penstock/events"
)

const orders = "arn:aws:sqs:eu-west-1:111122223333:orders"

func standard(more map[string]string) map[string]string {
	all := map[string]string{
		"ApproximateReceiveCount":          "1",
		"SentTimestamp":                    "1764090000123",
		"SenderId":                         "AROAEXAMPLE:i-0a",
		"ApproximateFirstReceiveTimestamp": "1764090000130",
	}
	for k, v := range more {
		all[k] = v
	}
	return all
}

func text(dataType, value string) events.SQSMessageAttribute {
	return events.SQSMessageAttribute{DataType: dataType, StringValue: &value}
}

// goldens are the messages of the files in testdata/sqs.
var goldens = map[string][]events.SQSMessage{
	"empty": nil,
	"standard": {{
		MessageID: "059f36b4-87a3-44ab-83d2-661975830a7d", ReceiptHandle: "AQEBr1",
		Body: `{"n": 1}`, MD5OfBody: "96d730b7a405ed0e9cb1068b43e06fe4",
		Attributes:             standard(nil),
		MessageAttributes:      map[string]events.SQSMessageAttribute{"WeeksOn": text("Number", "6"), "Title": text("String", "The Whistler")},
		MD5OfMessageAttributes: "f01c0899a652bd3ea7c766c2837f3c3f",
		Windowed:               true,
		QueueARN:               orders, Region: "eu-west-1",
	}},
	"window": {{
		MessageID: "5d1f0f7c-2c53-4d8f-9b61-0d6a3c1b2a90", ReceiptHandle: "AQEBr2",
		Body: "plain", MD5OfBody: "ac7938d40cfc2307e2bf325d28e7884e",
		Attributes: standard(map[string]string{"ApproximateReceiveCount": "3"}),
		Windowed:   true,
		QueueARN:   orders, Region: "eu-west-1",
	}},
	"fifo": {{
		MessageID: "8f6f7a1e-9f4b-4f57-8d2e-3b1c0a9d8e7f", ReceiptHandle: "AQEBr3",
		Body: "plain", MD5OfBody: "ac7938d40cfc2307e2bf325d28e7884e",
		Attributes: standard(map[string]string{
			"Zeta": "1", "Alpha": "later ones by name",
			"SequenceNumber": "18849496460467696128", "MessageGroupId": "g-1", "MessageDeduplicationId": "d-1",
			"AWSTraceHeader":           "Root=1-69259d90-0123456789abcdef01234567",
			"DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:111122223333:jobs.fifo",
		}),
		QueueARN: "arn:aws:sqs:eu-west-1:111122223333:dead.fifo", Region: "eu-west-1",
	}},
	"escapes": {{
		MessageID: "1c9be5a0-7a4d-4f0a-b6c8-2d3e4f5a6b7c", ReceiptHandle: "AQEBr4",
		Body: "a < b & c > d \"é😀\u2028\" \\ /\t\r\n\x01\x7f", MD5OfBody: "8c6ab6f20bfeacafa1a40bb21b83b37f",
		MessageAttributes: map[string]events.SQSMessageAttribute{
			"Name":  text("String", `Zoë <b> & "q"`),
			"Count": text("Number", "6"),
			"Blob":  {DataType: "Binary.png", BinaryValue: []byte("\x00\xff\x10abc")},
		},
		MD5OfMessageAttributes: "ca0439b9fd97a290059b81af71a6f476",
		QueueARN:               orders, Region: "eu-west-1",
	}, {
		MessageID: "2d0cf6b1-8b5e-4a1b-87d9-3e4f5a6b7c8d", ReceiptHandle: "AQEBr5",
		MD5OfBody: "d41d8cd98f00b204e9800998ecf8427e",
		QueueARN:  orders, Region: "eu-west-1",
	}},
}

func render(messages []events.SQSMessage) json.RawMessage {
	var frame events.Frame
	for i := range messages {
		frame.Records = append(frame.Records, events.AppendSQS(nil, &messages[i]))
	}
	return events.SQS.Event(frame)
}

func TestSQSGolden(t *testing.T) {
	files, _ := filepath.Glob("testdata/sqs/*.json")
	if len(files) != len(goldens) {
		t.Errorf("%d files, %d goldens", len(files), len(goldens))
	}
	for name, messages := range goldens {
		want, err := os.ReadFile(filepath.Join("testdata/sqs", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if got := append(render(messages), '\n'); !bytes.Equal(got, want) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
}

// Functions written with aws-lambda-go read our events.
func TestSQSDecodes(t *testing.T) {
	for name, messages := range goldens {
		var event lambda.SQSEvent
		if err := json.Unmarshal(render(messages), &event); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(event.Records) != len(messages) {
			t.Errorf("%s: %d records", name, len(event.Records))
			continue
		}
		for i, got := range event.Records {
			m := messages[i]
			if got.MessageId != m.MessageID || got.ReceiptHandle != m.ReceiptHandle || got.Body != m.Body || got.Md5OfBody != m.MD5OfBody ||
				got.Md5OfMessageAttributes != m.MD5OfMessageAttributes || got.EventSource != "aws:sqs" ||
				got.EventSourceARN != m.QueueARN || got.AWSRegion != m.Region {
				t.Errorf("%s: record %d is %+v", name, i, got)
			}
			if len(m.Attributes) > 0 && !reflect.DeepEqual(got.Attributes, m.Attributes) {
				t.Errorf("%s: attributes %v", name, got.Attributes)
			}
			if len(got.MessageAttributes) != len(m.MessageAttributes) {
				t.Errorf("%s: message attributes %v", name, got.MessageAttributes)
			}
			for key, want := range m.MessageAttributes {
				a := got.MessageAttributes[key]
				if a.DataType != want.DataType || !reflect.DeepEqual(a.StringValue, want.StringValue) || !bytes.Equal(a.BinaryValue, want.BinaryValue) ||
					a.StringListValues == nil || a.BinaryListValues == nil {
					t.Errorf("%s: attribute %s is %+v", name, key, a)
				}
			}
		}
	}
}

// An event is never larger than the payload cap was computed with.
func TestSQSEnvelope(t *testing.T) {
	for name, messages := range goldens {
		limit := events.SQS.Envelope
		for i := range messages {
			limit += len(events.AppendSQS(nil, &messages[i])) + 1
		}
		if got := len(render(messages)); got > limit {
			t.Errorf("%s: %d bytes, at most %d", name, got, limit)
		}
	}
}

func TestSQSIdentify(t *testing.T) {
	if id, ok := events.SQS.Identify(json.RawMessage(`"m-1"`)); id != "m-1" || !ok {
		t.Errorf("got %q, %v", id, ok)
	}
	for _, bad := range []string{``, `""`, `null`, `7`, `{}`} {
		if id, ok := events.SQS.Identify(json.RawMessage(bad)); ok {
			t.Errorf("%s identifies %q", bad, id)
		}
	}
}

func TestSQSAllocatesNothing(t *testing.T) {
	m := &goldens["fifo"][0]
	dst := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { events.AppendSQS(dst, m) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppendSQS(b *testing.B) {
	m := goldens["standard"][0]
	m.Body = strings.Repeat(`{"key":"value"},`, 64)
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	b.SetBytes(int64(len(events.AppendSQS(dst, &m))))
	for b.Loop() {
		events.AppendSQS(dst, &m)
	}
}

// FuzzAppendSQS compares the encoder with encoding/json: every text comes back
// as it was, but for bytes that are not UTF-8.
func FuzzAppendSQS(f *testing.F) {
	f.Add("id", "body", "name", "value", []byte{0})
	f.Add("<&>", "\x00\x1f\"\\\u2028", "é", "\xff\xc0x\xed\xa0\x80", []byte(nil))
	f.Add("", "", "", "", []byte{0xfb, 0xff, 0xfe})
	f.Fuzz(func(t *testing.T, id, body, name, value string, blob []byte) {
		m := events.SQSMessage{
			MessageID: id, Body: body, QueueARN: value, Region: name, ReceiptHandle: body, MD5OfBody: value,
			Attributes:             map[string]string{name: value, "SenderId": body},
			MessageAttributes:      map[string]events.SQSMessageAttribute{name: text(value, body), name + "x": {DataType: "Binary", BinaryValue: blob}},
			MD5OfMessageAttributes: id,
		}
		out := events.AppendSQS([]byte("prefix"), &m)
		if !bytes.HasPrefix(out, []byte("prefix")) || !utf8.Valid(out) {
			t.Fatalf("not an appended text: %q", out)
		}
		var got lambda.SQSMessage
		if err := json.Unmarshal(out[len("prefix"):], &got); err != nil {
			t.Fatalf("%v in %q", err, out)
		}
		viaJSON := func(s string) (back string) {
			data, _ := json.Marshal(s)
			_ = json.Unmarshal(data, &back)
			return back
		}
		if got.MessageId != viaJSON(id) || got.Body != viaJSON(body) || got.EventSourceARN != viaJSON(value) || got.Attributes[viaJSON(name)] == "" && value != "" && name != "SenderId" {
			t.Fatalf("got %+v of %+v", got, m)
		}
		if a := got.MessageAttributes[viaJSON(name)]; a.StringValue == nil || *a.StringValue != viaJSON(body) || a.DataType != viaJSON(value) {
			t.Fatalf("attribute %+v", a)
		}
		if a := got.MessageAttributes[viaJSON(name+"x")]; !bytes.Equal(a.BinaryValue, blob) {
			t.Fatalf("blob %v became %v", blob, a.BinaryValue)
		}
	})
}

func TestCatalogue(t *testing.T) {
	last := ""
	for _, e := range events.Catalogue() {
		if e.Shape.Name <= last {
			t.Errorf("%q after %q", e.Shape.Name, last)
		}
		last = e.Shape.Name
		if e.Doc == "" || e.Response == "" || !json.Valid(e.Sample) {
			t.Errorf("%s is not complete: %+v", e.Shape.Name, e)
		}
	}
	var event lambda.SQSEvent
	if err := json.Unmarshal(events.Catalogue()[0].Sample, &event); err != nil || len(event.Records) != 1 {
		t.Errorf("sample: %v", err)
	}
}

func ExampleAppendSQS() {
	record := events.AppendSQS(nil, &events.SQSMessage{
		MessageID:  "m-1",
		Body:       `{"price": "< 5 €"}`,
		Attributes: map[string]string{"SenderId": "me", "ApproximateReceiveCount": "2"},
		QueueARN:   "arn:aws:sqs:eu-west-1:111122223333:orders",
		Region:     "eu-west-1",
	})
	event := events.SQS.Event(events.Frame{Records: []json.RawMessage{record}})
	fmt.Printf("%s\n", event)
	// Output:
	// {"Records":[{"messageId":"m-1","receiptHandle":"","body":"{\"price\": \"< 5 €\"}","attributes":{"ApproximateReceiveCount":"2","SenderId":"me"},"messageAttributes":{},"md5OfBody":"","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:111122223333:orders","awsRegion":"eu-west-1"}]}
}
