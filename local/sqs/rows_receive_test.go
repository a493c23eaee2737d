package sqs_test

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	second = time.Second
	soon   = 900 * time.Millisecond // "at once", for a server with other things to do
	quiet  = 61 * time.Second
)

func receiveRows() []row {
	return []row{
		{name: "32 numbers out of range", run: func(x *run) {
			q := x.create("q", nil)
			_, err := x.tryReceive(q, 11)
			x.refused(err, "InvalidParameterValue", "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.")
			for _, n := range []int32{21, -1} {
				_, err := x.tryReceive(q, 1, wait(n))
				x.refused(err, "InvalidParameterValue", fmt.Sprintf("Value %d for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.", n))
			}
			_, err = x.tryReceive(q, 1, hide(43201))
			x.refused(err, "InvalidParameterValue", "VisibilityTimeout")
		}},
		{name: "33 empty queue", run: func(x *run) {
			q := x.create("q", nil)
			for _, seconds := range []int{0, 1} {
				status, body := 0, ""
				from := time.Duration(seconds) * second
				x.took(from, from+soon, func() {
					status, body = x.json("ReceiveMessage", fmt.Sprintf(`{"QueueUrl":%q,"WaitTimeSeconds":%d}`, q, seconds))
				})
				x.equal("answer", fmt.Sprint(status, " ", body), "200 {}")
			}
		}},
		{name: "34 long poll ends when a message arrives", run: func(x *run) {
			q := x.create("q", nil)
			x.after(second, func() { x.send(q, "x") }, func() {
				x.took(second, second+soon, func() { x.bodies(q, 1, []string{"x"}, wait(10)) })
			})
		}},
		{name: "35 long poll does not wait to fill the batch", run: func(x *run) {
			q := x.create("q", nil)
			x.send(q, "a")
			x.send(q, "b")
			x.took(0, 2*second, func() {
				if n := len(x.receive(q, 3, wait(5))); n < 1 {
					x.fatal("nothing received")
				}
			})
		}},
		{name: "36 delay", run: func(x *run) {
			q := x.create("q", nil)
			x.send(q, "x", delay(1))
			x.equal("counts", x.counts(q), [3]string{"0", "0", "1"})
			x.none(q)
			x.took(0, second+soon, func() { x.bodies(q, 1, []string{"x"}, wait(2)) })
			delayed := x.create("delayed", attrs{"DelaySeconds": "100"})
			x.send(delayed, "at once", delay(0))
			x.send(delayed, "later")
			x.bodies(delayed, 10, []string{"at once"})
		}},
		{name: "38 receive with timeout 0", run: func(x *run) {
			q := x.create("q", nil)
			x.send(q, "x")
			first := x.one(q, hide(0), system("All"))
			again := x.one(q, system("All"))
			x.equal("message", *again.MessageId, *first.MessageId)
			x.equal("counts", first.Attributes["ApproximateReceiveCount"]+again.Attributes["ApproximateReceiveCount"], "12")
			if *first.ReceiptHandle == *again.ReceiptHandle {
				x.fatal("the second receive gave the same handle")
			}
			x.none(q)
		}},
		{name: "39 extended visibility", run: func(x *run) {
			q := x.create("q", attrs{"VisibilityTimeout": "2"})
			x.send(q, "x")
			h := x.one(q).ReceiptHandle
			for range 4 {
				x.sleep(second)
				x.none(q)
				x.ok(x.tryChange(q, h, 2))
			}
			x.bodies(q, 1, []string{"x"}, wait(5))
		}},
		{name: "40 change after the timeout", run: func(x *run) {
			q := x.create("q", attrs{"VisibilityTimeout": "1"})
			x.send(q, "x")
			h := x.one(q).ReceiptHandle
			x.sleep(2 * second)
			x.ok(x.tryChange(q, h, 2))
		}},
		{name: "41 change with an older handle", run: func(x *run) {
			q := x.create("q", nil)
			x.send(q, "x")
			h := x.one(q, hide(0)).ReceiptHandle
			x.one(q, hide(3))
			x.ok(x.tryChange(q, h, 0))
			x.took(0, soon, func() { x.bodies(q, 1, []string{"x"}, wait(5)) })
		}},
		{name: "71 long poll ends when a timeout does", run: func(x *run) {
			q := x.create("q", attrs{"VisibilityTimeout": "1", "ReceiveMessageWaitTimeSeconds": "5"})
			x.send(q, "x")
			x.one(q)
			x.took(100*time.Millisecond, second+soon, func() { x.bodies(q, 1, []string{"x"}) })
		}},
		{name: "72 order of a standard queue", run: func(x *run) {
			q := x.create("q", nil)
			for _, body := range []string{"a", "b", "c"} {
				x.send(q, body)
			}
			x.bodies(q, 2, []string{"a", "b"}, hide(1))
			x.sleep(second + second/2)
			x.bodies(q, 10, []string{"a", "b", "c"})
		}},
		{name: "73 counts", run: func(x *run) {
			q := x.create("q", nil)
			for range 3 {
				x.send(q, "x")
			}
			x.send(q, "x", delay(100))
			x.receive(q, 2)
			x.equal("visible, in flight, delayed", x.counts(q), [3]string{"1", "2", "1"})
		}},
	}
}

// after runs one function in so long, while the other runs.
func (x *run) after(d time.Duration, later, now func()) {
	failed := make(chan any, 1)
	time.AfterFunc(d, func() {
		defer func() { failed <- recover() }()
		later()
	})
	now()
	if f := <-failed; f != nil {
		panic(f)
	}
}

func handleRows() []row {
	return []row{
		{name: "42 change with garbage", run: func(x *run) {
			bad := "INVALID"
			x.refused(x.tryChange(x.create("q", nil), &bad, 1), "ReceiptHandleIsInvalid")
		}},
		{name: "43 delete with garbage", run: func(x *run) {
			bad := "garbage"
			q := x.create("q", nil)
			x.refused(x.tryDelete(q, &bad), "ReceiptHandleIsInvalid", `The input receipt handle "garbage" is not a valid receipt handle.`)
			other := x.create("other", nil)
			x.send(other, "x")
			x.refused(x.tryDelete(q, x.one(other).ReceiptHandle), "ReceiptHandleIsInvalid")
			entry := []types.DeleteMessageBatchRequestEntry{{Id: &bad, ReceiptHandle: &bad}}
			out, err := x.client.DeleteMessageBatch(x.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q, Entries: entry})
			x.ok(err)
			x.equal("refused entries", len(out.Failed), 1)
			x.equal("entry", fmt.Sprint(*out.Failed[0].Id, " ", *out.Failed[0].Code, " ", out.Failed[0].SenderFault), "garbage ReceiptHandleIsInvalid true")
		}},
		{name: "44 delete three times", run: func(x *run) {
			q := x.create("q", nil)
			x.send(q, "x")
			h := x.one(q).ReceiptHandle
			for range 3 {
				x.ok(x.tryDelete(q, h))
			}
			x.equal("left", x.counts(q), [3]string{"0", "0", "0"})
		}},
		{name: "45 change after delete", run: func(x *run) {
			q := x.create("q", nil)
			x.send(q, "x")
			h := x.one(q).ReceiptHandle
			x.ok(x.tryDelete(q, h))
			x.refused(x.tryChange(q, h, 1), "InvalidParameterValue",
				"Value "+*h+" for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.")
		}},
		{name: "46 delete after the timeout", run: func(x *run) {
			q := x.create("q", nil)
			x.send(q, "x")
			h := x.one(q, hide(1)).ReceiptHandle
			x.sleep(second + second/2)
			x.ok(x.tryDelete(q, h))
			x.none(q)
		}},
		{name: "47 FIFO: delete after the timeout", run: func(x *run) {
			q := x.fifo("q", nil)
			x.send(q, "x", group("g"))
			h := x.one(q, hide(1)).ReceiptHandle
			x.sleep(second + second/2)
			x.refused(x.tryDelete(q, h), "InvalidParameterValue", "Value "+*h+" for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.")
			x.bodies(q, 1, []string{"x"})
		}},
		{name: "48 FIFO: delete within the extended timeout", run: func(x *run) {
			q := x.fifo("q", attrs{"VisibilityTimeout": "1"})
			x.send(q, "x", group("g"))
			h := x.one(q).ReceiptHandle
			x.ok(x.tryChange(q, h, 5))
			x.sleep(second + second/2)
			x.ok(x.tryDelete(q, h))
			x.none(q)
			x.equal("left", x.counts(q), [3]string{"0", "0", "0"})
		}},
		{name: "74 delete with an older handle", run: func(x *run) {
			q := x.create("q", nil)
			x.send(q, "x")
			h := x.one(q, hide(0)).ReceiptHandle
			x.one(q, hide(1))
			x.ok(x.tryDelete(q, h))
			x.bodies(q, 1, []string{"x"}, wait(3))
		}},
		{name: "75 twelve hours in all", run: func(x *run) {
			q := x.create("q", nil)
			x.send(q, "x")
			h := x.one(q).ReceiptHandle
			x.sleep(second / 10)
			x.refused(x.tryChange(q, h, 43200), "InvalidParameterValue",
				"Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
			x.ok(x.tryChange(q, h, 43198))
		}},
		{name: "76 change in batches", run: func(x *run) {
			q := x.create("q", nil)
			x.send(q, "x")
			good, bad, h := "good", "bad", x.one(q).ReceiptHandle
			out, err := x.client.ChangeMessageVisibilityBatch(x.ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
				{Id: &good, ReceiptHandle: h}, {Id: &bad, ReceiptHandle: &bad, VisibilityTimeout: 1}}})
			x.ok(err)
			x.equal("successful", len(out.Successful), 1)
			x.equal("failed", *out.Failed[0].Id+" "+*out.Failed[0].Code, "bad ReceiptHandleIsInvalid")
			x.bodies(q, 1, []string{"x"})
		}},
	}
}
