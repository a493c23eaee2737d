//go:build real

package sqs_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	local "github.com/penstock/penstock/local/sqs"
)

// listen serves a Service on a loopback port until the test ends.
func listen(t *testing.T) string {
	t.Helper()
	s := &local.Service{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: s.Handler()}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() { s.Close(); srv.Close(); <-served })
	return "http://" + l.Addr().String()
}

// endpoints are the servers that the clients are tried against.
func endpoints(t *testing.T) map[string]string {
	return map[string]string{"local": listen(t), "elasticmq": strings.TrimSuffix(need(t, "PENSTOCK_ELASTICMQ"), "/")}
}

func prefix() string { return fmt.Sprintf("c%d-", time.Now().UnixNano()) }

func TestBoto3(t *testing.T) {
	python := need(t, "PENSTOCK_PYTHON")
	for name, endpoint := range endpoints(t) {
		t.Run(name, func(t *testing.T) {
			strict := "loose"
			if name == "local" {
				strict = "strict"
			}
			cmd := exec.CommandContext(t.Context(), python, "testdata/boto3_round.py", endpoint, prefix(), strict)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// A cli runs AWS CLI commands against one endpoint.
type cli struct {
	t              *testing.T
	path, endpoint string
}

// run returns what the command printed, as JSON; nil for nothing.
func (c cli) run(arguments ...string) map[string]any {
	c.t.Helper()
	out, err := c.try(arguments...)
	if err != nil {
		c.t.Fatalf("aws sqs %s: %v: %s", strings.Join(arguments, " "), err, out)
	}
	if len(strings.TrimSpace(string(out))) == 0 {
		return nil
	}
	var answer map[string]any
	if err := json.Unmarshal(out, &answer); err != nil {
		c.t.Fatalf("aws sqs %s: %v: %s", strings.Join(arguments, " "), err, out)
	}
	return answer
}

func (c cli) try(arguments ...string) ([]byte, error) {
	cmd := exec.CommandContext(c.t.Context(), c.path, append([]string{"--endpoint-url", c.endpoint, "--region", "us-east-1", "--output", "json", "sqs"}, arguments...)...)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_PAGER=")
	return cmd.CombinedOutput()
}

func TestAWSCLI(t *testing.T) {
	clis := []string{need(t, "PENSTOCK_AWSCLI")}
	if old := os.Getenv("PENSTOCK_AWSCLI2"); old != "" { // Debian's is of 2023 and speaks the query protocol
		clis = append(clis, old)
	}
	for name, endpoint := range endpoints(t) {
		for _, path := range clis {
			t.Run(name+path, func(t *testing.T) { cliRound(cli{t, path, endpoint}, prefix()) })
		}
	}
}

func cliRound(c cli, p string) {
	t := c.t
	q := c.run("create-queue", "--queue-name", p+"cli", "--attributes", "VisibilityTimeout=60")["QueueUrl"].(string)
	sent := c.run("send-message", "--queue-url", q, "--message-body", "hello", "--message-attributes", `{"k":{"DataType":"String","StringValue":"x"}}`)
	if sent["MD5OfMessageAttributes"] != "a45daa70926828a2f0a1db3418e6feb4" {
		t.Errorf("sent %v", sent)
	}
	got := c.run("receive-message", "--queue-url", q, "--message-attribute-names", "All", "--wait-time-seconds", "5")["Messages"].([]any)[0].(map[string]any)
	if got["Body"] != "hello" || got["MessageId"] != sent["MessageId"] {
		t.Errorf("received %v, sent %v", got, sent)
	}
	handle := got["ReceiptHandle"].(string)
	c.run("change-message-visibility", "--queue-url", q, "--receipt-handle", handle, "--visibility-timeout", "90")
	a := c.run("get-queue-attributes", "--queue-url", q, "--attribute-names", "All")["Attributes"].(map[string]any)
	if a["ApproximateNumberOfMessagesNotVisible"] != "1" || a["VisibilityTimeout"] != "60" {
		t.Errorf("attributes %v", a)
	}
	c.run("delete-message", "--queue-url", q, "--receipt-handle", handle)
	c.run("purge-queue", "--queue-url", q)
	c.run("delete-queue", "--queue-url", q)
	out, err := c.try("send-message", "--queue-url", q, "--message-body", "x")
	if err == nil || !strings.Contains(string(out), "QueueDoesNotExist") && !strings.Contains(string(out), "AWS.SimpleQueueService.NonExistentQueue") {
		t.Errorf("send to a deleted queue: %v %s", err, out)
	}
}
