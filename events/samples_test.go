package events_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/penstock/penstock/events"
)

// notSQS are the published samples that our events cannot equal, and why.
var notSQS = map[string]string{
	"doc-batch-item-failures.json": "a response, not an event",
	"rs-sqs-batch-response.json":   "a response, not an event",
	"go-sqs-event.json":            "invented: filled stringListValues and binaryListValues, which SQS does not support",
	"pt-sqsEvent.json":             "invented: binaryValue that is not base64 in a Number, and no list values",
}

// wireMessage reads a published record into our struct. Its own fields only
// exist to compare.
type wireMessage struct {
	MessageID, ReceiptHandle, Body, MD5OfBody string
	Attributes                                map[string]string
	MessageAttributes                         map[string]struct {
		StringValue *string
		BinaryValue *string
		DataType    string
	}
	MD5OfMessageAttributes    json.RawMessage
	EventSourceARN, AWSRegion string
}

// TestSQSSamples renders published samples again. PENSTOCK_SAMPLES names the
// folder that has them in its folder sqs.
func TestSQSSamples(t *testing.T) {
	folder := os.Getenv("PENSTOCK_SAMPLES")
	if folder == "" {
		t.Skip("PENSTOCK_SAMPLES is not set")
	}
	files, _ := filepath.Glob(filepath.Join(folder, "sqs", "*.json"))
	if len(files) == 0 {
		t.Fatalf("no samples in %s", folder)
	}
	for _, file := range files {
		name := filepath.Base(file)
		sample, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		same := equalJSON(t, sample, renderSample(t, name, sample))
		if why, listed := notSQS[name]; same == listed {
			t.Errorf("%s: equal %v, listed as %q", name, same, why)
		}
	}
}

func renderSample(t *testing.T, name string, sample []byte) json.RawMessage {
	var event struct{ Records []wireMessage }
	if err := json.Unmarshal(sample, &event); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var messages []events.SQSMessage
	for _, r := range event.Records {
		m := events.SQSMessage{
			MessageID: r.MessageID, ReceiptHandle: r.ReceiptHandle, Body: r.Body, MD5OfBody: r.MD5OfBody,
			Attributes: r.Attributes, QueueARN: r.EventSourceARN, Region: r.AWSRegion,
			Windowed: string(r.MD5OfMessageAttributes) == "null",
		}
		_ = json.Unmarshal(r.MD5OfMessageAttributes, &m.MD5OfMessageAttributes)
		for key, a := range r.MessageAttributes {
			if m.MessageAttributes == nil {
				m.MessageAttributes = map[string]events.SQSMessageAttribute{}
			}
			out := events.SQSMessageAttribute{DataType: a.DataType, StringValue: a.StringValue}
			if a.BinaryValue != nil {
				out.BinaryValue, _ = base64.StdEncoding.DecodeString(*a.BinaryValue)
			}
			m.MessageAttributes[key] = out
		}
		messages = append(messages, m)
	}
	return render(messages)
}

func equalJSON(t *testing.T, a, b []byte) bool {
	decode := func(data []byte) (v any) {
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		return v
	}
	return reflect.DeepEqual(decode(a), decode(b))
}
