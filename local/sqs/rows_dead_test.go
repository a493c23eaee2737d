package sqs_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func deadRows() []row {
	return []row{
		{name: "60 dead letters", run: func(x *run) {
			dlq := x.create("dlq", nil)
			q := x.create("q", attrs{"RedrivePolicy": redrive(x.arn(dlq), 1)})
			id := *x.send(q, "one", traced, attribute("k", text("x"))).MessageId
			x.send(q, "two", traced, attribute("k", text("x")))
			for range 4 {
				x.receive(q, 1, hide(0))
			}
			dead := x.bodies(dlq, 10, []string{"one", "two"}, system("All"), users("All"))
			x.equal("left in the source", x.counts(q), [3]string{"0", "0", "0"})
			m := dead[0]
			x.equal("id", *m.MessageId, id)
			x.equal("count", m.Attributes["ApproximateReceiveCount"], "2")
			x.equal("source", m.Attributes["DeadLetterQueueSourceArn"], x.arn(q))
			x.equal("trace header", m.Attributes["AWSTraceHeader"], traceHeader)
			x.equal("digest", aws.ToString(m.MD5OfMessageAttributes), "a45daa70926828a2f0a1db3418e6feb4")
		}},
		{name: "80 FIFO dead letters", run: func(x *run) {
			dlq := x.fifo("dlq", nil)
			q := x.fifo("q", attrs{"RedrivePolicy": redrive(x.arn(dlq), 2)})
			x.grouped(q, "g1-m1", "g1-m2")
			for range 2 {
				x.bodies(q, 1, []string{"g1-m1"}, hide(0))
			}
			x.bodies(q, 10, []string{"g1-m2"})
			m := x.bodies(dlq, 10, []string{"g1-m1"}, system("All"))[0]
			x.equal("group", m.Attributes["MessageGroupId"], "g1")
			x.equal("deduplication id", m.Attributes["MessageDeduplicationId"], *m.MessageId)
		}},
		{name: "81 redrive policies", run: func(x *run) {
			dlq, fifo, q := x.create("dlq", nil), x.fifo("dlq", nil), x.create("q", nil)
			bad := func(policy, reason string) {
				x.refused(x.set(q, attrs{"RedrivePolicy": policy}), "InvalidParameterValue", "Value "+policy+" for parameter RedrivePolicy is invalid. Reason: "+reason)
			}
			bad(redrive(x.arn(dlq)+"-none", 1), "Dead letter target does not exist.")
			bad(redrive(x.arn(fifo), 1), "Dead-letter queue must be same type of queue as the source.")
			bad(redrive(x.arn(dlq), 0), "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.")
			bad(redrive(x.arn(dlq), 1001), "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive.")
			bad(`{"maxReceiveCount":1}`, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
			x.ok(x.set(q, attrs{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"5"}`, x.arn(dlq))}))
			x.ok(x.set(dlq, attrs{"RedriveAllowPolicy": `{"redrivePermission":"denyAll"}`}))
			x.refused(x.set(q, attrs{"RedrivePolicy": redrive(x.arn(dlq), 1)}), "InvalidParameterValue")
			x.ok(x.set(dlq, attrs{"RedriveAllowPolicy": fmt.Sprintf(`{"redrivePermission":"byQueue","sourceQueueArns":[%q]}`, x.arn(q))}))
			x.ok(x.set(q, attrs{"RedrivePolicy": redrive(x.arn(dlq), 1)}))
		}},
		{name: "82 sources of a dead-letter queue", run: func(x *run) {
			dlq := x.create("dlq", nil)
			status, body := x.json("ListDeadLetterSourceQueues", `{"QueueUrl":"`+dlq+`"}`)
			x.equal("none", fmt.Sprint(status, " ", body), `200 {"queueUrls":[]}`)
			q := x.create("q", attrs{"RedrivePolicy": redrive(x.arn(dlq), 1)})
			out, err := x.client.ListDeadLetterSourceQueues(x.ctx, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: &dlq})
			x.ok(err)
			x.equal("sources", out.QueueUrls, []string{q})
		}},
	}
}

// deadLetters makes a dead-letter queue with n messages from a source.
func (x *run) deadLetters(n int) (q, dlq string) {
	dlq = x.create("dlq", nil)
	q = x.create("q", attrs{"RedrivePolicy": redrive(x.arn(dlq), 1)})
	for i := range n {
		x.send(q, fmt.Sprint(i))
	}
	for range 2 * n {
		x.receive(q, 1, hide(0))
	}
	x.equal("dead letters", x.counts(dlq)[0], fmt.Sprint(n))
	return q, dlq
}

func (x *run) start(source, destination string, rate int32) (string, error) {
	in := &sqs.StartMessageMoveTaskInput{SourceArn: &source}
	if destination != "" {
		in.DestinationArn = &destination
	}
	if rate != 0 {
		in.MaxNumberOfMessagesPerSecond = &rate
	}
	out, err := x.client.StartMessageMoveTask(x.ctx, in)
	if err != nil {
		return "", err
	}
	return *out.TaskHandle, nil
}

func (x *run) tasks(source string, max int32) []types.ListMessageMoveTasksResultEntry {
	out, err := x.client.ListMessageMoveTasks(x.ctx, &sqs.ListMessageMoveTasksInput{SourceArn: &source, MaxResults: &max})
	x.ok(err)
	return out.Results
}

// ended waits until the newest task no longer runs.
func (x *run) ended(source string) types.ListMessageMoveTasksResultEntry {
	for range 100 {
		if t := x.tasks(source, 1)[0]; *t.Status != "RUNNING" && *t.Status != "CANCELLING" {
			return t
		}
		x.sleep(second / 10)
	}
	x.fatal("the task does not end")
	return types.ListMessageMoveTasksResultEntry{}
}

func (x *run) cancel(handle string) (int64, error) {
	out, err := x.client.CancelMessageMoveTask(x.ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: &handle})
	if err != nil {
		return 0, err
	}
	return out.ApproximateNumberOfMessagesMoved, nil
}

func taskRows() []row {
	return []row{
		{name: "61a move to a destination", run: func(x *run) {
			_, dlq := x.deadLetters(2)
			to := x.create("to", nil)
			handle, err := x.start(x.arn(dlq), x.arn(to), 0)
			x.ok(err)
			plain, err := base64.StdEncoding.DecodeString(handle)
			x.ok(err)
			if s := string(plain); !strings.HasPrefix(s, `{"taskId":"`) || !strings.HasSuffix(s, `","sourceArn":"`+x.arn(dlq)+`"}`) {
				x.fatal("handle %s", s)
			}
			t := x.ended(x.arn(dlq))
			x.equal("task", fmt.Sprint(*t.Status, t.ApproximateNumberOfMessagesMoved, *t.ApproximateNumberOfMessagesToMove, aws.ToString(t.DestinationArn), t.TaskHandle == nil),
				fmt.Sprint("COMPLETED", 2, 2, x.arn(to), true))
			if d := time.Since(time.UnixMilli(t.StartedTimestamp)); d < 0 || d > time.Minute {
				x.fatal("started %v ago", d)
			}
			x.equal("count starts again", x.bodies(to, 10, []string{"0", "1"}, system("All"))[0].Attributes["ApproximateReceiveCount"], "1")
			x.equal("left", x.counts(dlq)[0], "0")
		}},
		{name: "61b move back to several sources", run: func(x *run) {
			q, dlq := x.deadLetters(1)
			other := x.create("other", attrs{"RedrivePolicy": redrive(x.arn(dlq), 1)})
			x.send(other, "other")
			x.receive(other, 1, hide(0))
			x.receive(other, 1)
			_, err := x.start(x.arn(dlq), "", 0)
			x.ok(err)
			x.equal("destination", x.ended(x.arn(dlq)).DestinationArn, (*string)(nil))
			x.bodies(q, 10, []string{"0"})
			x.bodies(other, 10, []string{"other"})
		}},
		{name: "61c what can be moved", run: func(x *run) {
			q, dlq := x.deadLetters(1)
			_, err := x.start(x.arn(q), "", 0)
			x.refused(err, "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
			_, err = x.start(x.arn(dlq)+"-none", "", 0)
			x.refused(err, "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist.")
			_, err = x.start(x.arn(dlq), x.arn(q)+"-none", 0)
			x.refused(err, "ResourceNotFoundException", "The resource that you specified for the DestinationArn parameter doesn't exist.")
			_, err = x.start("nonsense", "", 0)
			x.refused(err, "InvalidParameterValue", "You must use this format to specify the SourceArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>")
		}},
		{name: "61d cancel, and one task at a time", run: cancelTask},
		{name: "61e rate", run: func(x *run) {
			q, dlq := x.deadLetters(4)
			x.took(2900*time.Millisecond, 5*second, func() {
				_, err := x.start(x.arn(dlq), x.arn(q), 1)
				x.ok(err)
				x.equal("rate", *x.tasks(x.arn(dlq), 1)[0].MaxNumberOfMessagesPerSecond, int32(1))
				x.equal("status", *x.ended(x.arn(dlq)).Status, "COMPLETED")
			})
		}},
		{name: "61f destination deleted", run: func(x *run) {
			_, dlq := x.deadLetters(4)
			to := x.create("to", nil)
			_, err := x.start(x.arn(dlq), x.arn(to), 1)
			x.ok(err)
			x.sleep(second / 2)
			x.deleteQueue(to)
			t := x.ended(x.arn(dlq))
			x.equal("task", *t.Status+" "+aws.ToString(t.FailureReason), "FAILED AWS.SimpleQueueService.NonExistentQueue")
			x.equal("left", x.counts(dlq)[0], "3")
		}},
	}
}

func cancelTask(x *run) {
	q, dlq := x.deadLetters(4)
	handle, err := x.start(x.arn(dlq), x.arn(q), 1)
	x.ok(err)
	_, err = x.start(x.arn(dlq), x.arn(q), 1)
	x.refused(err, "InvalidParameterValue", "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	x.sleep(second + second/2)
	moved, err := x.cancel(handle)
	x.ok(err)
	if moved < 1 || moved > 3 {
		x.fatal("moved %d in 1.5 s", moved)
	}
	t := x.ended(x.arn(dlq))
	x.equal("status", *t.Status, "CANCELLED")
	x.equal("handle", t.TaskHandle, (*string)(nil))
	x.equal("left", x.counts(dlq)[0], fmt.Sprint(4-moved))
	_, err = x.cancel("nonsense")
	x.refused(err, "InvalidParameterValue", "Value for parameter TaskHandle is invalid.")
	unknown := `{"taskId":"00000000-0000-0000-0000-000000000000","sourceArn":"` + x.arn(dlq) + `"}`
	_, err = x.cancel(base64.StdEncoding.EncodeToString([]byte(unknown)))
	x.refused(err, "ResourceNotFoundException", "Task does not exist.")
	_, err = x.start(x.arn(dlq), x.arn(q), 0)
	x.ok(err)
	x.ended(x.arn(dlq))
	x.equal("newest first", *x.tasks(x.arn(dlq), 10)[0].Status+*x.tasks(x.arn(dlq), 10)[1].Status, "COMPLETEDCANCELLED")
}
