//go:build real

package daemon_test

import (
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The main job, on real input: clients that know nothing of penstock send to a
// queue, and functions that know nothing of penstock get Lambda's events.
func TestQueuesToFunctions(t *testing.T) {
	t.Run("ElasticMQ", func(t *testing.T) {
		t.Parallel()
		endpoint := need(t, "PENSTOCK_ELASTICMQ")
		client(t, "create", endpoint, nil)
		d := up(t, "testdata/e2e", "--endpoint", "arn:aws:sqs:us-east-1:="+endpoint)
		queuesToFunctions(t, d, endpoint)
	})
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		d := up(t, "testdata/e2e", "--local")
		queuesToFunctions(t, d, d.URL)
	})
}

func queuesToFunctions(t *testing.T, d *daemon, endpoint string) {
	t.Run("exact events", func(t *testing.T) { exactEvents(t, d, endpoint) })
	t.Run("the AWS CLI", func(t *testing.T) {
		var sent struct{ MessageId string }
		out := cli(t, endpoint, "sqs", "send-message", "--queue-url", queueURL(t, endpoint, "standard"), "--message-body", "from the command line")
		if err := json.Unmarshal([]byte(out), &sent); err != nil {
			t.Fatal(err)
		}
		d.function("go-function", "EVENT", sent.MessageId, `"from the command line"`)
	})
	t.Run("a reported failure comes back after the visibility timeout", func(t *testing.T) {
		id := client(t, "send", endpoint, map[string]any{"queue": "standard", "MessageBody": "fail once"})
		first := d.function("go-function", "EVENT", id, `"ApproximateReceiveCount":"1"`)
		second := d.function("go-function", "EVENT", id, `"ApproximateReceiveCount":"2"`)
		if gap := second.Time.Sub(first.Time); gap < 1900*time.Millisecond || gap > 10*time.Second {
			t.Errorf("it came back after %v, want the visibility timeout of 2 s", gap)
		}
	})
	t.Run("poison goes to the dead-letter queue", func(t *testing.T) {
		id := client(t, "send", endpoint, map[string]any{"queue": "standard", "MessageBody": "poison"})
		var dead struct{ MessageId, Body string }
		if err := json.Unmarshal([]byte(client(t, "receive", endpoint, "dead")), &dead); err != nil {
			t.Fatal(err)
		}
		if dead.MessageId != id || dead.Body != "poison" {
			t.Errorf("dead letter %+v, want message %s", dead, id)
		}
		if n := d.printed("go-function", id); n != 2 {
			t.Errorf("the poison was delivered %d times, want 2 (maxReceiveCount)", n)
		}
	})
	t.Run("filtered messages are gone", func(t *testing.T) {
		client(t, "send", endpoint, []map[string]any{
			{"queue": "filtered", "MessageBody": `{"kind":"unwanted","n":1}`},
			{"queue": "filtered", "MessageBody": `not JSON`},
			{"queue": "filtered", "MessageBody": `{"kind": "wanted", "n": 2}`},
		})
		d.function("node-function", "EVENT", `"body":"{\"kind\": \"wanted\", \"n\": 2}"`)
		empty(t, endpoint, "filtered")
		if d.printed("node-function", "unwanted")+d.printed("node-function", "not JSON") > 0 {
			t.Error("a filtered message was delivered")
		}
	})
	t.Run("a FIFO group keeps its order while another goes on", func(t *testing.T) {
		client(t, "send", endpoint, []map[string]any{
			{"queue": "ordered.fifo", "MessageBody": "a1 slow", "MessageGroupId": "a"},
			{"queue": "ordered.fifo", "MessageBody": "a2", "MessageGroupId": "a"},
			{"queue": "ordered.fifo", "MessageBody": "b1", "MessageGroupId": "b"},
		})
		done := d.function("python-function", "DONE a1 slow")
		a2 := d.function("python-function", "EVENT", `"body": "a2"`)
		b1 := d.function("python-function", "EVENT", `"body": "b1"`)
		if a2.Time.Before(done.Time) {
			t.Error("a2 ran before a1 was done")
		}
		if !b1.Time.Before(done.Time) {
			t.Error("b1 waited for another group")
		}
		empty(t, endpoint, "ordered.fifo")
	})
	empty(t, endpoint, "standard")
	if code := d.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
}

// exactEvents compares an event with what was sent.
func exactEvents(t *testing.T, d *daemon, endpoint string) {
	body := "spaces  <&> é🥳 \"quoted\"\n\ttab"
	id := client(t, "send", endpoint, map[string]any{
		"queue": "standard", "MessageBody": body,
		"MessageAttributes": map[string]any{
			"Title": map[string]string{"DataType": "String", "StringValue": "a <b>"},
			"Count": map[string]string{"DataType": "Number", "StringValue": "6"},
		},
	})
	l := d.function("go-function", "EVENT", id)
	var event struct{ Records []map[string]json.RawMessage }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(l.Msg, "EVENT ")), &event); err != nil {
		t.Fatal(err)
	}
	r := event.Records[0]
	for name, want := range map[string]string{
		"messageId":      `"` + id + `"`,
		"body":           `"spaces  <&> é🥳 \"quoted\"\n\ttab"`,
		"eventSource":    `"aws:sqs"`,
		"eventSourceARN": `"arn:aws:sqs:us-east-1:000000000000:standard"`,
		"awsRegion":      `"us-east-1"`,
		"messageAttributes": `{"Count":{"stringValue":"6","stringListValues":[],"binaryListValues":[],"dataType":"Number"},` +
			`"Title":{"stringValue":"a <b>","stringListValues":[],"binaryListValues":[],"dataType":"String"}}`,
	} {
		if got := string(r[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for _, name := range []string{"receiptHandle", "attributes", "md5OfBody", "md5OfMessageAttributes"} {
		if len(r[name]) < 3 {
			t.Errorf("%s is %s", name, r[name])
		}
	}
	if len(r) != 10 {
		t.Errorf("the record has %d members, want 10", len(r))
	}
}

func queueURL(t *testing.T, endpoint, name string) string {
	t.Helper()
	var out struct{ QueueUrl string }
	if err := json.Unmarshal([]byte(cli(t, endpoint, "sqs", "get-queue-url", "--queue-name", name)), &out); err != nil {
		t.Fatal(err)
	}
	return out.QueueUrl
}

// empty waits until a queue holds nothing, visible or not.
func empty(t *testing.T, endpoint, queue string) {
	t.Helper()
	if n := client(t, "empty", endpoint, queue); n != "0" {
		t.Errorf("queue %s holds %s messages, want none", queue, n)
	}
}

func TestTryOfTheExample(t *testing.T) {
	out, errs, code := penstock(t, "try", "../examples/orders")
	if code != 0 || !strings.Contains(out, "all 10 expectations met") {
		t.Errorf("exit code %d\n%s\n%s", code, out, errs)
	}
	os.RemoveAll("../examples/orders/.penstock")
}
