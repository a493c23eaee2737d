//go:build real

package daemon_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// boto3 is one process of client.py for all tests: starting it takes longer
// than most of them.
var boto3 struct {
	mu      sync.Mutex
	cmd     *exec.Cmd
	ask     *json.Encoder
	answers *json.Decoder
	stop    func() error
}

// client lets client.py do something with boto3 and returns what it says.
func client(t *testing.T, command, endpoint string, arg any) string {
	t.Helper()
	boto3.mu.Lock()
	defer boto3.mu.Unlock()
	if boto3.cmd == nil {
		startClient(t)
	}
	if err := boto3.ask.Encode(map[string]any{"command": command, "endpoint": endpoint, "arg": arg}); err != nil {
		t.Fatal(err)
	}
	var answer struct{ Out, Error string }
	if err := boto3.answers.Decode(&answer); err != nil {
		t.Fatalf("client.py %s: %v", command, err)
	}
	if answer.Error != "" {
		t.Fatalf("client.py %s %v: %s", command, arg, answer.Error)
	}
	return answer.Out
}

func startClient(t *testing.T) {
	t.Helper()
	cmd := exec.Command(need(t, "PENSTOCK_PYTHON"), "testdata/e2e/client.py")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	boto3.cmd, boto3.ask, boto3.answers, boto3.stop = cmd, json.NewEncoder(in), json.NewDecoder(out), in.Close
}

// stopClient ends client.py, if it was started.
func stopClient() {
	if boto3.cmd != nil {
		boto3.stop()
		boto3.cmd.Wait()
	}
}

// cli runs the AWS CLI.
func cli(t *testing.T, endpoint string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), need(t, "PENSTOCK_AWSCLI"), append([]string{"--endpoint-url", endpoint, "--region", "us-east-1", "--output", "json"}, args...)...)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("aws %q: %v\n%s", args, err, errs.String())
	}
	return string(out)
}
