//go:build real

package daemon_test

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// SIGTERM under load: what is in hand is finished, the rest stays in the queue,
// nothing is lost and nothing is done twice.
func TestTermUnderLoad(t *testing.T) {
	endpoint := need(t, "PENSTOCK_ELASTICMQ")
	client(t, "create", endpoint, nil)
	const n = 120
	var messages []map[string]any
	for i := range n {
		messages = append(messages, map[string]any{"queue": "filtered", "MessageBody": fmt.Sprintf("job-%03d.", i)})
	}
	client(t, "send", endpoint, messages)
	dir := project(t, map[string]string{
		"app.py": "import time\ndef handler(event, context):\n    time.sleep(0.3)\n    for r in event['Records']: print('DONE ' + r['body'])\n",
		"template.yaml": strings.NewReplacer("QueueName: jobs", "QueueName: filtered", "Queue: !GetAtt Jobs.Arn", "Queue: !GetAtt Jobs.Arn, BatchSize: 1",
			"Timeout: 2", "Timeout: 1", "CodeUri: .", "CodeUri: .\n      ReservedConcurrentExecutions: 4").Replace(python),
	})
	d := up(t, dir, "--endpoint", "arn:aws:sqs:="+endpoint)
	d.function("work", "DONE")
	if code := d.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	seen := map[string]int{}
	for _, l := range d.lines {
		if body, ok := strings.CutPrefix(l.Msg, "DONE "); ok {
			seen[body]++
		}
	}
	done := len(seen)
	left := strings.Fields(client(t, "drain", endpoint, "filtered"))
	for _, body := range left {
		seen[body]++
	}
	if done == 0 || len(left) == 0 {
		t.Errorf("%d done, %d left: the stop was not under load", done, len(left))
	}
	for i := range n {
		if body := fmt.Sprintf("job-%03d.", i); seen[body] != 1 {
			t.Errorf("%s was done or is left %d times, want once", body, seen[body])
		}
	}
	has(t, d.output(), "everything in hand is settled", `"msg":"requests to AWS"`, `"SQS.DeleteMessageBatch":{"calls":`, `"SQS.ReceiveMessage":{"calls":`, `"retries":0`)
}

// After kill -9 nothing that a function started runs on.
func TestKilledDaemonLeavesNoOrphans(t *testing.T) {
	dir := project(t, map[string]string{
		"template.yaml": python,
		"app.py": `import os, subprocess
def handler(event, context):
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    print("PIDS", os.getpid(), child.pid)
`,
	})
	d := up(t, dir, "--local")
	client(t, "send", d.URL, map[string]any{"queue": "jobs", "MessageBody": "x"})
	fields := strings.Fields(d.function("work", "PIDS").Msg)
	if runtime.GOOS != "linux" {
		fields = fields[:2] // elsewhere who leaves the process group escapes
	}
	d.stop(syscall.SIGKILL)
	for _, field := range fields[1:] {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		gone, tries := false, time.NewTicker(50*time.Millisecond)
		for range 100 {
			if gone = syscall.Kill(pid, 0) != nil; gone {
				break
			}
			<-tries.C
		}
		tries.Stop()
		if !gone {
			t.Errorf("process %d still runs", pid)
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// A second signal does not wait.
func TestSecondSignalStopsAtOnce(t *testing.T) {
	dir := project(t, map[string]string{
		"template.yaml": strings.NewReplacer("Timeout: 2", "Timeout: 60", "VisibilityTimeout: 5", "VisibilityTimeout: 90").Replace(python),
		"app.py":        "import time\ndef handler(event, context):\n    print('STARTED')\n    time.sleep(50)\n",
	})
	d := up(t, dir, "--local", "--grace", "50s")
	client(t, "send", d.URL, map[string]any{"queue": "jobs", "MessageBody": "x"})
	d.function("work", "STARTED")
	began := time.Now()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.wait(5*time.Second, func(l line) bool { return strings.HasPrefix(l.Msg, "stopping") }); !ok {
		t.Fatal("the first signal went unnoticed")
	}
	if code := d.stop(os.Interrupt); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// Pages in a browser cannot reach the port.
func TestPortIsSafeFromWebPages(t *testing.T) {
	d := up(t, "--local")
	tests := []struct {
		name   string
		change func(*http.Request)
		want   int
	}{
		{"an SDK", func(*http.Request) {}, 200},
		{"a page's origin", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
		{"a cross-site request", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		{"a rebound name", func(r *http.Request) { r.Host = "evil.example" }, 403},
	}
	for _, test := range tests {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL, strings.NewReader("Action=ListQueues&Version=2012-11-05"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		test.change(r)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != test.want {
			t.Errorf("%s: status %d, want %d", test.name, answer.StatusCode, test.want)
		}
	}
}
