package sqs_test

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func queueRows() []row {
	return []row{
		{name: "01 default attributes", run: func(x *run) {
			a := x.attributes(x.create("q", nil), "QueueArn", "CreatedTimestamp", "VisibilityTimeout")
			x.equal("number of attributes", len(a), 3)
			x.equal("VisibilityTimeout", a["VisibilityTimeout"], "30")
			if !strings.HasPrefix(a["QueueArn"], "arn:aws:sqs:us-east-1:") || !strings.HasSuffix(a["QueueArn"], ":"+x.prefix+"q") {
				x.fatal("QueueArn %s", a["QueueArn"])
			}
			if len(a["CreatedTimestamp"]) < 9 || len(a["CreatedTimestamp"]) > 10 {
				x.fatal("CreatedTimestamp %s is not in seconds", a["CreatedTimestamp"])
			}
		}},
		{name: "02 create twice without attributes", run: func(x *run) {
			x.equal("URL", x.create("q", nil), x.create("q", nil))
		}},
		{name: "03 create again bare", run: func(x *run) {
			first := x.create("q", attrs{"VisibilityTimeout": "69", "ReceiveMessageWaitTimeSeconds": "1"})
			x.equal("URL", x.create("q", nil), first)
		}},
		{name: "04 create with another value", run: func(x *run) {
			x.create("q", attrs{"DelaySeconds": "1"})
			_, err := x.tryCreate("q", attrs{"DelaySeconds": "2"})
			x.refused(err, "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute DelaySeconds")
		}},
		{name: "05 create compares with present values", run: func(x *run) {
			q := x.create("q", attrs{"DelaySeconds": "1"})
			x.ok(x.set(q, attrs{"DelaySeconds": "2"}))
			x.equal("URL", x.create("q", attrs{"DelaySeconds": "2"}), q)
			_, err := x.tryCreate("q", attrs{"DelaySeconds": "1"})
			x.refused(err, "QueueAlreadyExists", "DelaySeconds")
		}},
		{name: "06 FIFO with another deduplication", run: func(x *run) {
			x.fifo("q", nil)
			_, err := x.tryCreate("q.fifo", attrs{"FifoQueue": "true", "ContentBasedDeduplication": "false"})
			x.refused(err, "QueueAlreadyExists", "ContentBasedDeduplication")
		}},
		{name: "07 FifoQueue false on a standard queue", run: func(x *run) {
			_, err := x.tryCreate("q", attrs{"FifoQueue": "false"})
			x.refused(err, "InvalidAttributeName", "Unknown Attribute FifoQueue.")
		}},
		{name: "08 FIFO name and attribute must agree", run: func(x *run) {
			_, err := x.tryCreate("q.fifo", nil)
			x.refused(err, "InvalidParameterValue")
			_, err = x.tryCreate("q", attrs{"FifoQueue": "true"})
			x.refused(err, "InvalidParameterValue", "must end with .fifo suffix")
			_, err = x.tryCreate("a/b", nil)
			x.refused(err, "InvalidParameterValue")
			_, err = x.tryCreate(strings.Repeat("q", 81), nil)
			x.refused(err, "InvalidParameterValue")
		}},
		{name: "09 create after delete", strict: true, run: func(x *run) {
			x.deleteQueue(x.create("q", nil))
			_, err := x.tryCreate("q", nil)
			x.refused(err, "AWS.SimpleQueueService.QueueDeletedRecently", "You must wait 60 seconds")
			x.sleep(quiet)
			x.create("q", nil)
		}},
		{name: "10 list without match", run: func(x *run) {
			status, body := x.json("ListQueues", `{"QueueNamePrefix":"`+x.prefix+`nothing"}`)
			x.equal("answer", fmt.Sprint(status, " ", body), "200 {}")
		}},
		{name: "11 list in pages", run: func(x *run) {
			for i := range 10 {
				x.create(fmt.Sprint("page", i), nil)
			}
			in := &sqs.ListQueuesInput{QueueNamePrefix: aws.String(x.prefix + "page"), MaxResults: aws.Int32(2)}
			first, err := x.client.ListQueues(x.ctx, in)
			x.ok(err)
			x.equal("first page", len(first.QueueUrls), 2)
			in.MaxResults, in.NextToken = aws.Int32(10), first.NextToken
			second, err := x.client.ListQueues(x.ctx, in)
			x.ok(err)
			x.equal("second page", len(second.QueueUrls), 8)
			x.equal("token after the last page", second.NextToken, (*string)(nil))
		}},
		{name: "13 keys and encryption by SQS", run: func(x *run) {
			q := x.create("q", nil)
			sse := func() string { return x.attributes(q, "All")["SqsManagedSseEnabled"] }
			x.equal("at first", sse(), "true")
			x.ok(x.set(q, attrs{"KmsMasterKeyId": "alias/aws/sqs", "KmsDataKeyReusePeriodSeconds": "600"}))
			x.equal("with a key", sse(), "false")
			x.equal("period", x.attributes(q, "All")["KmsDataKeyReusePeriodSeconds"], "600")
			x.ok(x.set(q, attrs{"KmsMasterKeyId": "", "KmsDataKeyReusePeriodSeconds": "300"}))
			x.equal("key cleared", sse(), "false")
			for _, name := range []string{"KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"} {
				if v, ok := x.attributes(q, "All")[name]; ok {
					x.fatal("%s is still %q", name, v)
				}
			}
			err := x.set(q, attrs{"KmsMasterKeyId": "alias/aws/sqs", "SqsManagedSseEnabled": "true"})
			x.refused(err, "InvalidAttributeName", "You can use one type of server-side encryption (SSE) at one time.")
		}},
		{name: "14 empty policies", run: func(x *run) {
			q, dlq := x.create("q", nil), x.create("dlq", nil)
			x.ok(x.set(q, attrs{"Policy": `{"Version":"2012-10-17","Statement":[]}`, "RedrivePolicy": redrive(x.arn(dlq), 3)}))
			x.equal("set", x.attributes(q, "RedrivePolicy")["RedrivePolicy"], redrive(x.arn(dlq), 3))
			x.ok(x.set(q, attrs{"Policy": "", "RedrivePolicy": ""}))
			a := x.attributes(q, "All")
			x.equal("left", a["Policy"]+a["RedrivePolicy"], "")
			status, body := x.json("GetQueueAttributes", `{"QueueUrl":"`+q+`","AttributeNames":["Policy","RedrivePolicy"]}`)
			x.equal("only unset ones", fmt.Sprint(status, " ", body), "200 {}")
		}},
		{name: "62 permissions", run: permissions},
		{name: "65 attributes that cannot be set", run: func(x *run) {
			q, f := x.create("q", nil), x.fifo("q", nil)
			for _, c := range []struct{ queue, name, value, code, text string }{
				{q, "ContentBasedDeduplication", "true", "InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication."},
				{q, "FifoQueue", "true", "InvalidAttributeName", "Unknown Attribute FifoQueue."},
				{q, "DeduplicationScope", "queue", "InvalidAttributeName", "You can specify the DeduplicationScope only when FifoQueue is set to true."},
				{q, "Nonsense", "1", "InvalidAttributeName", "Unknown Attribute Nonsense."},
				{q, "QueueArn", "x", "InvalidAttributeName", "Unknown Attribute QueueArn."},
				{q, "VisibilityTimeout", "43201", "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."},
				{q, "DelaySeconds", "-1", "InvalidAttributeValue", ""},
				{q, "MaximumMessageSize", "1023", "InvalidAttributeValue", ""},
				{q, "MessageRetentionPeriod", "x", "InvalidAttributeValue", ""},
				{f, "FifoQueue", "false", "InvalidAttributeValue", "Modifying queue type is not supported."},
				{f, "DeduplicationScope", "nonsense", "InvalidAttributeValue", ""},
			} {
				x.refused(x.set(c.queue, attrs{c.name: c.value}), c.code, c.text)
			}
			x.ok(x.set(f, attrs{"FifoQueue": "true"}))
		}},
		{name: "66 tags", run: func(x *run) {
			q := x.create("q", nil)
			tags := func() attrs {
				out, err := x.client.ListQueueTags(x.ctx, &sqs.ListQueueTagsInput{QueueUrl: &q})
				x.ok(err)
				return out.Tags
			}
			x.equal("at first", tags(), attrs(nil))
			_, err := x.client.TagQueue(x.ctx, &sqs.TagQueueInput{QueueUrl: &q, Tags: attrs{"a": "1", "A": "2", "empty": ""}})
			x.ok(err)
			_, err = x.client.TagQueue(x.ctx, &sqs.TagQueueInput{QueueUrl: &q, Tags: attrs{"a": "3"}})
			x.ok(err)
			x.equal("tagged", tags(), attrs{"a": "3", "A": "2", "empty": ""})
			_, err = x.client.UntagQueue(x.ctx, &sqs.UntagQueueInput{QueueUrl: &q, TagKeys: []string{"A", "empty", "other"}})
			x.ok(err)
			x.equal("untagged", tags(), attrs{"a": "3"})
			out, err := x.client.CreateQueue(x.ctx, &sqs.CreateQueueInput{QueueName: aws.String(x.prefix + "tagged"), Tags: attrs{"k": "v"}})
			x.ok(err)
			q = *out.QueueUrl
			x.equal("created with tags", tags(), attrs{"k": "v"})
		}},
		{name: "67 same name in two regions", run: func(x *run) {
			x.send(x.create("q", nil), "here")
			other := x.client
			x.client = x.rig.client("eu-west-1")
			q := x.create("q", nil)
			x.equal("messages in the other region", x.counts(q), [3]string{"0", "0", "0"})
			if arn := x.arn(q); !strings.Contains(arn, ":eu-west-1:") {
				x.fatal("ARN %s", arn)
			}
			x.client = other
			x.bodies(x.create("q", nil), 1, []string{"here"})
		}},
	}
}

func (x *run) deleteQueue(q string) {
	_, err := x.client.DeleteQueue(x.ctx, &sqs.DeleteQueueInput{QueueUrl: &q})
	x.ok(err)
}

func redrive(arn string, max int) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":"%s","maxReceiveCount":%d}`, arn, max)
}

func permissions(x *run) {
	q := x.create("q", nil)
	arn := x.arn(q)
	add := func(label string, accounts []string, actions ...string) error {
		_, err := x.client.AddPermission(x.ctx, &sqs.AddPermissionInput{QueueUrl: &q, Label: &label, AWSAccountIds: accounts, Actions: actions})
		return err
	}
	remove := func(label string) error {
		_, err := x.client.RemovePermission(x.ctx, &sqs.RemovePermissionInput{QueueUrl: &q, Label: &label})
		return err
	}
	first := `{"Sid":"one","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000001:root"},"Action":"SQS:ReceiveMessage","Resource":"` + arn + `"}`
	second := `{"Sid":"two","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::000000000001:root","arn:aws:iam::000000000002:root"]},` +
		`"Action":["SQS:ReceiveMessage","SQS:SendMessage"],"Resource":"` + arn + `"}`
	policy := func(statements string) string {
		return `{"Version":"2008-10-17","Id":"` + arn + `/SQSDefaultPolicy","Statement":[` + statements + `]}`
	}
	present := func() string { return x.attributes(q, "Policy")["Policy"] }
	x.ok(add("one", []string{"000000000001"}, "ReceiveMessage"))
	x.equal("one", present(), policy(first))
	x.refused(add("one", []string{"000000000001"}, "SendMessage"), "InvalidParameterValue", "Value one for parameter Label is invalid. Reason: Already exists.")
	x.ok(add("two", []string{"000000000001", "000000000002"}, "ReceiveMessage", "SendMessage"))
	x.equal("two", present(), policy(first+","+second))
	x.refused(remove("three"), "InvalidParameterValue", "Value three for parameter Label is invalid. Reason: can't find label.")
	x.ok(remove("one"))
	x.equal("second left", present(), policy(second))
	x.ok(remove("two"))
	x.equal("none left", present(), "")
	x.refused(add("many", []string{"000000000001"}, "a", "b", "c", "d", "e", "f", "g", "h"), "OverLimit", "8 Actions were found, maximum allowed is 7.")
}
