//go:build real

package process

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestFloodOfOutput(t *testing.T) {
	p, j := open(t, &Host{LogLimit: 1 << 20}, Function{Runtime: "python3", Handler: "f.handler", Timeout: time.Minute, CodeDir: python(t, `
import os
def handler(event, context):
    line = b"y" * 1023 + b"\n"
    if event == "long":
        line = b"z" * (1 << 20)
    for _ in range(1 << 10 if event == "long" else 1 << 7):
        os.write(1, line if event == "long" else line * 1024)
    print("the end")
`)})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := call(t, p, `"long"`) // a gigabyte without a line break
	runtime.ReadMemStats(&after)
	if r.Failure != "" || len(r.Log) != 4096 || !strings.Contains(string(r.Log), "zzthe end\nEND") {
		t.Errorf("log %d bytes: %q", len(r.Log), r.Log)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
		t.Errorf("a gigabyte of output left %d bytes on the heap", grown)
	}
	if text := j.text(); len(text) > 2<<20 || !strings.Contains(text, "more than 1048576 bytes of log; the rest is left out") || !strings.Contains(text, "was split") {
		t.Errorf("the sink got %d bytes", len(text))
	}
	r = call(t, p, `"lines"`) // 128 MiB of lines; the limit is per invocation
	if !strings.Contains(string(r.Log), "yyy\nthe end\nEND") {
		t.Errorf("log: %q", r.Log)
	}
	if n := strings.Count(j.text(), "the rest is left out"); n != 2 {
		t.Errorf("said %d times that lines are left out", n)
	}
}

// TestOutputBeforeTheAnswer: what was written before an answer is in that
// invocation's log, however much it is and however soon the answer comes.
func TestOutputBeforeTheAnswer(t *testing.T) {
	p, j := open(t, &Host{}, Function{Runtime: "python3", Handler: "f.handler", CodeDir: python(t, `
import os
def handler(event, context):
    os.write(1, b"v" * 60000 + b"\nlast of %d\n" % event)
`)})
	for i := range 100 {
		r := call(t, p, fmt.Sprint(i))
		if !strings.Contains(string(r.Log), fmt.Sprintf("v\nlast of %d\nEND RequestId: %s\n", i, r.RequestID)) {
			t.Fatalf("log %q", r.Log[max(0, len(r.Log)-300):])
		}
	}
	for _, l := range j.lines {
		if !l.Platform && l.RequestID == "" {
			t.Errorf("a line of no invocation: %.100q", l.Text)
		}
	}
}

func TestEnvironmentIsClean(t *testing.T) {
	t.Setenv("PENSTOCK_TEST_SECRET", "leaked")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "real")
	t.Setenv("AWS_ACCESS_KEY_ID", "real id")
	dir := python(t, `
import os
def handler(event, context):
    return dict(os.environ)
`)
	fn := Function{Runtime: "python3", Handler: "f.handler", CodeDir: dir, Environment: map[string]string{"MINE": "1", "BOTH": "function"}, MemoryMB: 512}
	h := &Host{Env: map[string]string{"AWS_ENDPOINT_URL_SQS": "http://localhost:1", "BOTH": "host"}}
	p, _ := open(t, h, fn)
	get := func(p *Process) map[string]string {
		var env map[string]string
		r := call(t, p, "{}")
		if err := json.Unmarshal(r.Payload, &env); err != nil {
			t.Fatal(err, string(r.Payload))
		}
		return env
	}
	env := get(p)
	for name, want := range map[string]string{
		"PENSTOCK_TEST_SECRET": "", "HOME": "", "GOPATH": "", "AWS_SECRET_ACCESS_KEY": "penstock",
		"MINE": "1", "BOTH": "function", "AWS_ENDPOINT_URL_SQS": "http://localhost:1",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
		"LAMBDA_TASK_ROOT": dir, "PWD": dir, "_HANDLER": "f.handler", "AWS_REGION": "us-east-1", "TZ": ":UTC",
		"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_MAX_CONCURRENCY": "", "PENSTOCK_REAPER": "",
	} {
		if env[name] != want {
			t.Errorf("%s=%q, want %q", name, env[name], want)
		}
	}
	if !strings.HasPrefix(env["TMPDIR"], h.DataDir) {
		t.Errorf("TMPDIR=%s", env["TMPDIR"])
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 1 {
		t.Errorf("the code folder changed: %v", files)
	}
	p.Close()
	if _, err := os.Stat(env["TMPDIR"]); !os.IsNotExist(err) {
		t.Errorf("the temporary folder is left: %v", err)
	}
	p, _ = open(t, &Host{PassCredentials: true}, fn)
	if env := get(p); env["AWS_SECRET_ACCESS_KEY"] != "real" || env["AWS_ACCESS_KEY_ID"] != "real id" {
		t.Errorf("with PassCredentials: %v", env["AWS_ACCESS_KEY_ID"])
	}
}

// TestLargeHeaderAndChunks plays the runtime itself: what it sends is at the
// limits, over a real connection (H8).
func TestLargeHeaderAndChunks(t *testing.T) {
	address := filepath.Join(t.TempDir(), "address")
	p, _ := open(t, &Host{Env: map[string]string{"ADDRESS_FILE": address}}, Function{
		Runtime: "provided", Timeout: 20 * time.Second,
		CodeDir: script(t, "#!/bin/sh\necho -n $AWS_LAMBDA_RUNTIME_API >$ADDRESS_FILE.part\nmv $ADDRESS_FILE.part $ADDRESS_FILE\nexec sleep 1000\n"),
	})
	type outcome struct {
		payload, failure string
	}
	results := make(chan outcome, 1)
	invokeOnce := func() {
		r := call(t, p, "{}")
		results <- outcome{string(r.Payload), r.Failure}
	}
	go invokeOnce()
	eventually(t, "the function runs", func() bool { _, err := os.Stat(address); return err == nil })
	text, err := os.ReadFile(address)
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + string(text) + "/2018-06-01/runtime/invocation/"
	// answer polls, and posts body with the header value.
	answer := func(verb, cause, body string) {
		next, err := http.Get(base + "next")
		if err != nil {
			t.Fatal(err)
		}
		next.Body.Close()
		r, err := http.NewRequest("POST", base+next.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/"+verb, struct{ *strings.Reader }{strings.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = -1 // chunked
		r.Header.Set("Lambda-Runtime-Function-XRay-Error-Cause", cause)
		posted, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		posted.Body.Close()
		if posted.StatusCode != 202 {
			t.Errorf("%s: %s", verb, posted.Status)
		}
	}
	answer("error", strings.Repeat("x", 1<<20), `{"errorMessage":"m"}`)
	if got := <-results; got.failure != "Unhandled" || got.payload != `{"errorMessage":"m"}` {
		t.Errorf("%.200v", got)
	}
	go invokeOnce()
	whole := strings.Repeat("y", 6291556)
	answer("response", "", whole)
	if got := <-results; got.failure != "" || got.payload != whole {
		t.Errorf("%s, %d bytes", got.failure, len(got.payload))
	}
	http.DefaultClient.CloseIdleConnections()
}
