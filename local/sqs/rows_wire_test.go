package sqs_test

import (
	"encoding/xml"
	"errors"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func action(name string, parameters ...string) url.Values {
	v := url.Values{"Action": {name}, "Version": {"2012-11-05"}}
	for i := 0; i+1 < len(parameters); i += 2 {
		v.Set(parameters[i], parameters[i+1])
	}
	return v
}

// answers demands a status and parts of the text.
func (x *run) answers(at string, v url.Values, status int, parts ...string) string {
	got, answer := x.query(at, v)
	body := answer
	if got != status {
		x.fatal("%s: %d %s, want %d", v.Get("Action"), got, body, status)
	}
	if x.loose {
		body = strings.Join(strings.FieldsFunc(body, func(r rune) bool { return r == '\n' || r == ' ' }), "")
	}
	for _, part := range parts {
		if x.loose {
			part = strings.ReplaceAll(part, " ", "")
		}
		if !strings.Contains(body, part) {
			x.fatal("%s: %s lacks %s", v.Get("Action"), body, part)
		}
	}
	return answer
}

func wireRows() []row {
	return []row{
		{name: "12 missing queue in both protocols", run: func(x *run) {
			q := x.create("q", nil)
			x.deleteQueue(q)
			_, err := x.client.GetQueueAttributes(x.ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q})
			x.refused(err, "AWS.SimpleQueueService.NonExistentQueue")
			if text := err.Error(); !strings.Contains(text, "The specified queue does not exist.") {
				x.fatal("JSON text: %s", text)
			}
			x.answers("/", action("GetQueueAttributes", "QueueUrl", q), 400, "<Type>Sender</Type>",
				"<Code>AWS.SimpleQueueService.NonExistentQueue</Code>", "<Message>The specified queue does not exist for this wsdl version.</Message>")
		}},
		{name: "63 queries at a queue URL", run: func(x *run) {
			q, other := x.create("q", nil), x.create("other", nil)
			x.answers(q, url.Values{}, 404, "<UnknownOperationException")
			x.answers(q, action("FooBar"), 400, "<Code>InvalidAction</Code>", "The action FooBar is not valid for this endpoint.")
			x.answers(q, action("ListQueues"), 400, "<Code>InvalidAction</Code>")
			x.answers(q, action("CreateQueue", "QueueName", "new"), 400, "<Code>InvalidAction</Code>")
			x.answers(q, action("GetQueueUrl", "QueueName", x.prefix+"other"), 200, other)
			x.answers(q, action("SendMessage", "QueueUrl", other, "MessageBody", "x"), 200)
			x.equal("the parameter wins over the path", x.counts(q)[0]+x.counts(other)[0], "01")
			x.answers(q, action("DeleteQueue"), 200, "<DeleteQueueResponse", "<RequestId>")
			x.answers(q, action("GetQueueAttributes"), 400, "NonExistentQueue")
		}},
		{name: "64 typed error of the SDK", run: func(x *run) {
			_, err := x.trySend(x.create("q", nil)+"-none", "x")
			var missing *types.QueueDoesNotExist
			if !errors.As(err, &missing) {
				x.fatal("%v is no QueueDoesNotExist", err)
			}
			x.equal("code", missing.ErrorCode(), "AWS.SimpleQueueService.NonExistentQueue")
		}},
		{name: "83 messages by query", run: queryMessages},
		{name: "84 batches and attributes by query", run: func(x *run) {
			q := x.create("q", nil)
			x.answers(q, action("SendMessageBatch", "SendMessageBatchRequestEntry.1.Id", "a", "SendMessageBatchRequestEntry.1.MessageBody", "x",
				"SendMessageBatchRequestEntry.2.Id", "b", "SendMessageBatchRequestEntry.2.MessageBody", "\x01"), 200,
				"<SendMessageBatchResultEntry><Id>a</Id>", "<BatchResultErrorEntry><Id>b</Id>", "InvalidMessageContents")
			x.answers(q, action("GetQueueAttributes", "AttributeName.1", "All"), 200, "<Attribute><Name>VisibilityTimeout</Name><Value>30</Value></Attribute>")
			x.answers(q, action("SetQueueAttributes", "Attribute.1.Name", "VisibilityTimeout", "Attribute.1.Value", "7"), 200, "<SetQueueAttributesResponse")
			x.equal("set", x.attributes(q, "VisibilityTimeout")["VisibilityTimeout"], "7")
			x.answers(q, action("TagQueue", "Tag.1.Key", "k", "Tag.1.Value", "v"), 200)
			x.answers(q, action("ListQueueTags"), 200, "<Tag><Key>k</Key><Value>v</Value></Tag>")
			x.answers("/", action("ListQueues", "QueueNamePrefix", x.prefix), 200, "<QueueUrl>"+q+"</QueueUrl>")
			x.answers(q, action("SendMessage"), 400, "<Code>MissingParameter</Code>", "The request must contain the parameter MessageBody.")
		}},
		{name: "85 styles of queue URLs", run: func(x *run) {
			q := x.create("q", nil)
			u, err := url.Parse(q)
			x.ok(err)
			for _, style := range []string{q + "/", x.prefix + "q", "https://sqs.us-east-1.amazonaws.com" + u.Path, "https://us-east-1.queue.amazonaws.com" + u.Path,
				"https://queue.amazonaws.com" + u.Path, "http://other.test:1/queue/us-east-1" + u.Path, "http://other.test:1" + u.Path} {
				if _, err := x.trySend(style, "x"); err != nil {
					x.fatal("%s: %v", style, err)
				}
			}
			for _, elsewhere := range []string{"https://sqs.eu-west-1.amazonaws.com", "https://eu-west-1.queue.amazonaws.com", "http://other.test:1/queue/eu-west-1"} {
				_, err = x.trySend(elsewhere+u.Path, "x")
				x.refused(err, "AWS.SimpleQueueService.NonExistentQueue")
			}
		}},
		{name: "86 query answered as JSON", run: func(x *run) {
			q := x.create("q", nil)
			status, body := x.query("/", action("GetQueueUrl", "QueueName", x.prefix+"q"), "Accept", "application/json")
			if want := `{"GetQueueUrlResponse":{"GetQueueUrlResult":{"QueueUrl":"` + q + `"},"ResponseMetadata":{"RequestId":"`; status != 200 || !strings.HasPrefix(body, want) {
				x.fatal("%d %s, want %s", status, body, want)
			}
		}},
	}
}

func queryMessages(x *run) {
	q := x.create("q", nil)
	x.answers("/", action("ReceiveMessage", "QueueUrl", q), 200, "<ReceiveMessageResult/>")
	body := `"&quot;&quot;` + "\r<é>"
	x.answers(q, action("SendMessage", "MessageBody", body, "MessageAttribute.1.Name", "k",
		"MessageAttribute.1.Value.DataType", "String", "MessageAttribute.1.Value.StringValue", "x",
		"MessageAttribute.2.Name", "b", "MessageAttribute.2.Value.DataType", "Binary", "MessageAttribute.2.Value.BinaryValue", "AAEC"), 200,
		"<MD5OfMessageBody>")
	answer := x.answers(q, action("ReceiveMessage", "AttributeName.1", "All", "MessageAttributeName.1", "All", "VisibilityTimeout", "0"), 200,
		"<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>")
	var parsed struct {
		Body       string `xml:"ReceiveMessageResult>Message>Body"`
		Attributes []struct {
			Name   string
			String string `xml:"Value>StringValue"`
			Binary string `xml:"Value>BinaryValue"`
		} `xml:"ReceiveMessageResult>Message>MessageAttribute"`
	}
	x.ok(xml.Unmarshal([]byte(answer), &parsed))
	x.equal("body", parsed.Body, body)
	x.equal("attributes", len(parsed.Attributes), 2)
	for _, a := range parsed.Attributes {
		x.equal("attribute "+a.Name, a.String+a.Binary, map[string]string{"k": "x", "b": "AAEC"}[a.Name])
	}
	m := x.one(q, users("b"))
	x.equal("the same by JSON", aws.ToString(m.Body)+string(m.MessageAttributes["b"].BinaryValue), body+"\x00\x01\x02")
}
