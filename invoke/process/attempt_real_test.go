//go:build real

package process

import (
	"strings"
	"testing"
	"time"
)

// TestAnswerBeforeTheNextPoll: a runtime that works on after its answer does
// not hold up the caller, only the environment.
func TestAnswerBeforeTheNextPoll(t *testing.T) {
	p, j := open(t, &Host{}, Function{Runtime: "provided", Concurrency: 1, Timeout: 20 * time.Second, CodeDir: script(t, `#!/bin/sh
while :; do
  event=$(curl -sS -D "$TMPDIR/headers" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
  id=$(grep -i '^lambda-runtime-aws-request-id' "$TMPDIR/headers" | tr -d '\r' | cut -d' ' -f2)
  curl -sS -d "$event" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" >/dev/null
  sleep 2
  echo worked on
done
`)})
	first := call(t, p, "1")
	if string(first.Payload) != "1" || strings.Contains(string(first.Log), "REPORT") {
		t.Errorf("the caller waited for the runtime's next poll: %s, log %q", first.Payload, first.Log)
	}
	if second := call(t, p, "2"); string(second.Payload) != "2" || second.Cold {
		t.Errorf("second: %s, cold %v", second.Payload, second.Cold)
	}
	if !strings.Contains(j.text(), "worked on\nEND RequestId: "+first.RequestID+"\nREPORT RequestId: "+first.RequestID) {
		t.Errorf("log %q", j.text())
	}
}
