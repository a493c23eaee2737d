package sqs_test

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// batch sends bodies with the ids 0, 1, ...
func (x *run) batch(q string, bodies ...string) (*sqs.SendMessageBatchOutput, error) {
	entries := []types.SendMessageBatchRequestEntry{} // none is not nil, which the SDK refuses
	for i := range bodies {
		entries = append(entries, types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), MessageBody: &bodies[i]})
	}
	return x.client.SendMessageBatch(x.ctx, &sqs.SendMessageBatchInput{QueueUrl: &q, Entries: entries})
}

// outcome prints a batch's answer: accepted ids, then refused ones with their
// fault, code and text.
func outcome(out *sqs.SendMessageBatchOutput) []string {
	var list []string
	for _, s := range out.Successful {
		list = append(list, *s.Id)
	}
	for _, f := range out.Failed {
		list = append(list, fmt.Sprintf("%s %t %s %s", *f.Id, f.SenderFault, *f.Code, aws.ToString(f.Message)))
	}
	return list
}

func sendRows() []row {
	const mebibyte = 1 << 20
	return []row{
		{name: "15 empty body", run: func(x *run) {
			_, err := x.trySend(x.create("q", nil), "")
			x.refused(err, "MissingParameter", "The request must contain the parameter MessageBody.")
		}},
		{name: "16 queue's size limit", run: func(x *run) {
			q := x.create("q", attrs{"MaximumMessageSize": "1024"})
			x.send(q, strings.Repeat("x", 1024))
			_, err := x.trySend(q, strings.Repeat("x", 1024-7), attribute("k", text("x")))
			x.refused(err, "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.")
			x.send(q, strings.Repeat("x", 1024-8), attribute("k", text("x")))
		}},
		{name: "17 largest message", run: func(x *run) {
			q := x.create("q", nil)
			x.send(q, strings.Repeat("x", mebibyte))
			_, err := x.trySend(q, strings.Repeat("x", mebibyte+1))
			x.refused(err, "InvalidParameterValue", "Message must be shorter than 1048576 bytes.")
		}},
		{name: "18 largest batch", run: func(x *run) {
			q := x.create("q", nil)
			_, err := x.batch(q, strings.Repeat("x", mebibyte), "y")
			x.refused(err, "AWS.SimpleQueueService.BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.")
			out, err := x.batch(q, strings.Repeat("x", mebibyte-1), "y")
			x.ok(err)
			x.equal("just small enough", outcome(out), []string{"0", "1"})
		}},
		{name: "19 batch over the queue's limit in sum", run: func(x *run) {
			out, err := x.batch(x.create("q", attrs{"MaximumMessageSize": "2048"}), strings.Repeat("x", 2048), "y")
			x.ok(err)
			x.equal("outcome", outcome(out), []string{"0", "1"})
		}},
		{name: "20 batch with one entry too large", run: func(x *run) {
			out, err := x.batch(x.create("q", attrs{"MaximumMessageSize": "1024"}), strings.Repeat("x", 1024), strings.Repeat("x", 1025))
			x.ok(err)
			x.equal("outcome", outcome(out), []string{"0",
				"1 true InvalidParameterValue One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes."})
		}},
		{name: "21 batch with one bad body", run: func(x *run) {
			bodies := []string{"a", "b", "c", "d", "\x01", "e", "f", "g", "h", "i"}
			out, err := x.batch(x.create("q", nil), bodies...)
			x.ok(err)
			x.equal("accepted", len(out.Successful), 9)
			x.equal("refused", len(out.Failed), 1)
			x.equal("refused", *out.Failed[0].Id+" "+*out.Failed[0].Code, "4 InvalidMessageContents")
		}},
		{name: "22 batches of twenty", run: func(x *run) {
			q := x.create("q", nil)
			_, err := x.batch(q, make([]string, 20)...)
			const want = "Maximum number of entries per request are 10. You have sent 20."
			x.refused(err, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", want)
			deletes, changes := entries(20, func(i int) string { return fmt.Sprint(i) })
			_, err = x.client.DeleteMessageBatch(x.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q, Entries: deletes})
			x.refused(err, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", want)
			_, err = x.client.ChangeMessageVisibilityBatch(x.ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q, Entries: changes})
			x.refused(err, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", want)
			_, err = x.batch(q)
			x.refused(err, "AWS.SimpleQueueService.EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request.")
		}},
		{name: "23 batch ids", run: func(x *run) {
			q := x.create("q", nil)
			for _, id := range []string{"message:1", "", strings.Repeat("x", 100)} {
				deletes, changes := entries(1, func(int) string { return id })
				_, err := x.client.SendMessageBatch(x.ctx, &sqs.SendMessageBatchInput{QueueUrl: &q, Entries: []types.SendMessageBatchRequestEntry{{Id: &id, MessageBody: aws.String("x")}}})
				const code, want = "AWS.SimpleQueueService.InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
				x.refused(err, code, want)
				_, err = x.client.DeleteMessageBatch(x.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q, Entries: deletes})
				x.refused(err, code, want)
				_, err = x.client.ChangeMessageVisibilityBatch(x.ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q, Entries: changes})
				x.refused(err, code, want)
			}
			deletes, _ := entries(2, func(int) string { return "same" })
			_, err := x.client.DeleteMessageBatch(x.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q, Entries: deletes})
			x.refused(err, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
		}},
		{name: "24 characters of a body", run: func(x *run) {
			q := x.create("q", nil)
			for _, bad := range []string{"\x00", "a\x08", "\uffff"} {
				_, err := x.trySend(q, bad)
				x.refused(err, "InvalidMessageContents")
			}
			for _, good := range []string{"\t\n\r ", `"&quot;&quot;` + "\r", "<é\u2028\U0001F600>"} {
				x.send(q, good)
				m := x.one(q)
				x.equal("body", *m.Body, good)
				x.ok(x.tryDelete(q, m.ReceiptHandle))
			}
		}},
		{name: "52 message groups on a standard queue", run: func(x *run) {
			q := x.create("q", nil)
			for _, id := range []string{"", strings.Repeat("a", 129), "group 123"} {
				_, err := x.trySend(q, "x", group(id))
				x.refused(err, "InvalidParameterValue", "Value "+id+" for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.")
			}
		}},
		{name: "53 fair queue", run: func(x *run) {
			q := x.create("q", nil)
			x.equal("sequence number", x.send(q, "x", group("test")).SequenceNumber, (*string)(nil))
			a := x.one(q, system("All")).Attributes
			x.equal("group", a["MessageGroupId"], "test")
			x.equal("sequence number", a["SequenceNumber"], "")
		}},
		{name: "68 delays out of range", run: func(x *run) {
			q := x.create("q", nil)
			for _, n := range []int32{-1, 901} {
				_, err := x.trySend(q, "x", delay(n))
				x.refused(err, "InvalidParameterValue", fmt.Sprintf("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", n))
			}
		}},
	}
}

// entries returns n entries for the batches of deletes and timeouts.
func entries(n int, id func(int) string) (d []types.DeleteMessageBatchRequestEntry, c []types.ChangeMessageVisibilityBatchRequestEntry) {
	for i := range n {
		name := id(i)
		d = append(d, types.DeleteMessageBatchRequestEntry{Id: &name, ReceiptHandle: aws.String("x")})
		c = append(c, types.ChangeMessageVisibilityBatchRequestEntry{Id: &name, ReceiptHandle: aws.String("x"), VisibilityTimeout: 1})
	}
	return d, c
}
