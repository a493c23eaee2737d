package sqs_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// grouped sends messages named GROUP-NAME.
func (x *run) grouped(q string, bodies ...string) {
	for _, body := range bodies {
		g, _, _ := strings.Cut(body, "-")
		x.send(q, body, group(g))
	}
}

func fifoRows() []row {
	list := func(text string) []string { return strings.Fields(text) }
	return []row{
		{name: "49a a group before the next", run: func(x *run) {
			q := x.fifo("q", nil)
			x.grouped(q, "g1-m1", "g2-m1", "g1-m2", "g1-m3")
			x.bodies(q, 10, list("g1-m1 g1-m2 g1-m3 g2-m1"))
		}},
		{name: "49b timeout shared in a group", run: func(x *run) {
			q := x.fifo("q", attrs{"VisibilityTimeout": "2"})
			x.grouped(q, "g1-m1", "g1-m2", "g1-m3", "g1-m4", "g2-m1", "g3-m1")
			x.bodies(q, 2, list("g1-m1 g1-m2"))
			x.bodies(q, 1, list("g2-m1"))
			x.sleep(2*second + second/2)
			x.bodies(q, 10, list("g3-m1 g1-m1 g1-m2 g1-m3 g1-m4 g2-m1"))
		}},
		{name: "49c timeout 0", run: func(x *run) {
			q := x.fifo("q", nil)
			x.grouped(q, "g1-m1", "g1-m2", "g2-m1", "g2-m2", "g3-m1")
			x.bodies(q, 3, list("g1-m1 g1-m2 g2-m1"), hide(0))
			x.bodies(q, 10, list("g3-m1 g1-m1 g1-m2 g2-m1 g2-m2"))
		}},
		{name: "49d timeout ended by hand", run: func(x *run) {
			for _, seconds := range []int32{0, 1} {
				q := x.fifo(fmt.Sprint("q", seconds), nil)
				x.grouped(q, "g1-m1", "g1-m2", "g2-m1")
				m := x.bodies(q, 2, list("g1-m1 g1-m2"))
				x.ok(x.tryChange(q, m[0].ReceiptHandle, seconds))
				x.sleep(time.Duration(seconds)*second + second/2)
				x.bodies(q, 10, list("g2-m1 g1-m1"))
			}
		}},
		{name: "49e timeout extended for one", run: func(x *run) {
			for i := range 3 {
				q := x.fifo(fmt.Sprint("q", i), attrs{"VisibilityTimeout": "1"})
				all := list("g1-m1 g1-m2 g1-m3")
				x.grouped(q, all...)
				m := x.bodies(q, 10, all)
				x.ok(x.tryChange(q, m[i].ReceiptHandle, 30))
				x.sleep(second + second/2)
				x.bodies(q, 10, append([]string(nil), all[:i]...))
			}
		}},
		{name: "49f delete unblocks", run: func(x *run) {
			q := x.fifo("q", nil)
			x.grouped(q, "g1-m1", "g1-m2", "g1-m3", "g1-m4", "g2-m1")
			m := x.bodies(q, 2, list("g1-m1 g1-m2"))
			x.ok(x.tryDelete(q, m[0].ReceiptHandle))
			x.bodies(q, 10, list("g2-m1")) // one left in flight: the group waits
			x.ok(x.tryDelete(q, m[1].ReceiptHandle))
			x.bodies(q, 10, list("g1-m3 g1-m4"))
		}},
		{name: "49g delete wakes a long poll", run: func(x *run) {
			q := x.fifo("q", nil)
			x.grouped(q, "g1-m1")
			h := x.one(q).ReceiptHandle
			x.grouped(q, "g1-m2")
			x.none(q)
			x.after(second, func() { x.ok(x.tryDelete(q, h)) }, func() {
				x.took(second/2, second+soon, func() { x.bodies(q, 10, list("g1-m2"), wait(10)) })
			})
		}},
		{name: "49h same order after the timeout", run: func(x *run) {
			q := x.fifo("q", attrs{"VisibilityTimeout": "1"})
			all := list("g1-m1 g1-m2 g1-m3")
			x.grouped(q, all...)
			x.bodies(q, 10, all)
			x.sleep(second + second/2)
			x.bodies(q, 10, all)
		}},
		{name: "50 delays", run: func(x *run) {
			q := x.fifo("q", attrs{"DelaySeconds": "2"})
			_, err := x.trySend(q, "x", group("g"), delay(2))
			x.refused(err, "InvalidParameterValue", "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.")
			x.send(q, "x", group("g"), delay(0))
			x.none(q)
			x.sleep(second)
			x.none(q)
			x.bodies(q, 1, []string{"x"}, wait(3))
		}},
		{name: "51 required ids", run: requiredIDs},
		{name: "77 counts", run: func(x *run) {
			q := x.fifo("q", nil)
			x.grouped(q, "g1-m1", "g1-m2", "g2-m1", "g2-m2", "g3-m1", "g3-m2")
			x.receive(q, 1)
			x.receive(q, 1)
			x.equal("visible, in flight, delayed", x.counts(q), [3]string{"4", "2", "0"})
		}},
		{name: "78 same attempt", run: func(x *run) {
			q := x.fifo("q", nil)
			x.grouped(q, "g1-m1", "g1-m2")
			attempt := func(id string) receiveOption {
				return func(in *sqs.ReceiveMessageInput) { in.ReceiveRequestAttemptId = &id }
			}
			first := x.bodies(q, 1, list("g1-m1"), attempt("a"))
			again := x.bodies(q, 1, list("g1-m1"), attempt("a"))
			x.equal("handle", *again[0].ReceiptHandle, *first[0].ReceiptHandle)
			x.none(q, attempt("b"))
			x.ok(x.tryDelete(q, again[0].ReceiptHandle))
			m := x.bodies(q, 1, list("g1-m2"), attempt("a"))
			x.ok(x.tryChange(q, m[0].ReceiptHandle, 30))
			x.none(q, attempt("a")) // a changed timeout ends it
		}},
	}
}

func requiredIDs(x *run) {
	const noGroup = "The request must contain the parameter MessageGroupId."
	const noDedup = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
	q := x.create("q.fifo", attrs{"FifoQueue": "true"})
	_, err := x.trySend(q, "x", dedup("d"))
	x.refused(err, "MissingParameter", noGroup)
	_, err = x.trySend(q, "x", group("g"))
	x.refused(err, "InvalidParameterValue", noDedup)
	send := func(e types.SendMessageBatchRequestEntry) error {
		e.Id, e.MessageBody = aws.String("a"), aws.String("x")
		_, err := x.client.SendMessageBatch(x.ctx, &sqs.SendMessageBatchInput{QueueUrl: &q, Entries: []types.SendMessageBatchRequestEntry{e}})
		return err
	}
	x.refused(send(types.SendMessageBatchRequestEntry{MessageDeduplicationId: aws.String("d")}), "InvalidParameterValue", noGroup)
	x.refused(send(types.SendMessageBatchRequestEntry{MessageGroupId: aws.String("g")}), "InvalidParameterValue", noDedup)
	for _, id := range []string{"", strings.Repeat("a", 129), "with space"} {
		_, err = x.trySend(q, "x", group("g"), dedup(id))
		x.refused(err, "InvalidParameterValue", "Value "+id+" for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	}
}

func dedupRows() []row {
	purge := func(x *run, q string) {
		_, err := x.client.PurgeQueue(x.ctx, &sqs.PurgeQueueInput{QueueUrl: &q})
		x.ok(err)
	}
	// twice sends one deduplication id to two groups and counts what arrives.
	twice := func(x *run, q string) int {
		x.send(q, "a", group("g1"), dedup("same"))
		x.send(q, "b", group("g2"), dedup("same"))
		return len(x.receive(q, 10))
	}
	return []row{
		{name: "54 same content", run: func(x *run) {
			q := x.fifo("q", nil)
			first, second := x.send(q, "x", group("g")), x.send(q, "x", group("g"))
			x.equal("message id", *second.MessageId, *first.MessageId)
			m := x.bodies(q, 10, []string{"x"}, system("All"))
			x.equal("deduplication id", m[0].Attributes["MessageDeduplicationId"], "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")
			x.ok(x.tryDelete(q, m[0].ReceiptHandle))
			x.send(q, "x", group("g"))
			x.none(q)
		}},
		{name: "55 scopes", run: func(x *run) {
			x.equal("queue", twice(x, x.fifo("queue", nil)), 1)
			x.equal("messageGroup", twice(x, x.fifo("group", attrs{"DeduplicationScope": "messageGroup"})), 2)
		}},
		{name: "56 scope is fixed at creation", run: func(x *run) {
			q := x.fifo("queue", nil)
			x.ok(x.set(q, attrs{"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}))
			x.equal("attribute", x.attributes(q, "DeduplicationScope")["DeduplicationScope"], "messageGroup")
			x.equal("created with queue", twice(x, q), 1)
			q = x.fifo("group", attrs{"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
			x.ok(x.set(q, attrs{"DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"}))
			x.equal("created with messageGroup", twice(x, q), 2)
		}},
		{name: "57 purge forgets", run: func(x *run) {
			q := x.fifo("q", nil)
			x.send(q, "x", group("g"), dedup("d"))
			purge(x, q)
			x.send(q, "y", group("g"), dedup("d"))
			x.bodies(q, 10, []string{"y"})
		}},
		{name: "58 purge takes hidden messages", run: func(x *run) {
			q := x.create("q", nil)
			for range 5 {
				x.send(q, "in flight")
			}
			x.equal("received", len(x.receive(q, 10, hide(1))), 5)
			x.send(q, "delayed", delay(1))
			x.send(q, "visible")
			purge(x, q)
			x.none(q, wait(2))
		}},
		{name: "59 purge twice", strict: true, run: func(x *run) {
			q := x.create("q", nil)
			purge(x, q)
			_, err := x.client.PurgeQueue(x.ctx, &sqs.PurgeQueueInput{QueueUrl: &q})
			x.refused(err, "AWS.SimpleQueueService.PurgeQueueInProgress", "Only one PurgeQueue operation on "+x.prefix+"q is allowed every 60 seconds.")
			status, _ := x.json("PurgeQueue", `{"QueueUrl":"`+q+`"}`)
			x.equal("status", status, 403)
			x.sleep(quiet)
			purge(x, q)
		}},
		{name: "79 sequence numbers", run: func(x *run) {
			q, last := x.fifo("q", nil), ""
			for i := range 3 {
				n := *x.send(q, fmt.Sprint(i), group("g")).SequenceNumber
				if len(n) != 20 || n <= last {
					x.fatal("sequence number %s after %s", n, last)
				}
				last = n
			}
			x.equal("on receive", x.one(q, system("All")).Attributes["SequenceNumber"] < last, true)
		}},
	}
}
