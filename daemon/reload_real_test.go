//go:build real

package daemon_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// --watch applies changes of code: a new process takes over, and the mapping
// goes on. A function that stays as it is keeps its warm process.
func TestReload(t *testing.T) {
	dir := project(t, map[string]string{
		"work/app.py":   "def handler(event, context): print('OLD CODE')\n",
		"other/app.py":  "import os\nn = 0\ndef handler(event, context):\n    global n\n    n += 1\n    print('OTHER', n, 'in', os.getpid())\n",
		"template.yaml": strings.Replace(python, "CodeUri: .", "CodeUri: work", 1) + other,
	})
	d := up(t, dir, "--local", "--watch")
	client(t, "send", d.URL, []map[string]any{{"queue": "jobs", "MessageBody": "1"}, {"queue": "others", "MessageBody": "1"}})
	d.function("work", "OLD CODE")
	warm := strings.Fields(d.function("other", "OTHER 1 in").Msg)[3]
	// Of another size: Python takes a file of the same second and size for the same.
	if err := os.WriteFile(dir+"/work/app.py", []byte("def handler(event, context): print('NEW CODE' + '')\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.wait(20*time.Second, func(l line) bool { return l.Msg == "changes applied" }); !ok {
		t.Fatal("the change was not applied")
	}
	client(t, "send", d.URL, []map[string]any{{"queue": "jobs", "MessageBody": "2"}, {"queue": "others", "MessageBody": "2"}})
	d.function("work", "NEW CODE")
	d.function("other", "OTHER 2 in "+warm)

	if err := os.WriteFile(dir+"/template.yaml", []byte("Resources: ["), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.wait(20*time.Second, func(l line) bool { return strings.Contains(l.Msg, "was not applied") }); !ok {
		t.Fatal("a broken template went unnoticed")
	}
	client(t, "send", d.URL, map[string]any{"queue": "jobs", "MessageBody": "3"})
	seen := 0
	if _, ok := d.wait(10*time.Second, func(l line) bool {
		if l.Function == "work" && strings.Contains(l.Msg, "NEW CODE") {
			seen++
		}
		return seen == 2
	}); !ok {
		t.Error("after a refused change the old state must go on")
	}
}

// other is a second function and its queue, for the template python.
const other = `  Others: {Type: AWS::SQS::Queue, Properties: {QueueName: others, VisibilityTimeout: 5}}
  Other:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: other
      Runtime: python3.12
      Handler: app.handler
      CodeUri: other
      Timeout: 2
      Events:
        Others: {Type: SQS, Properties: {Queue: !GetAtt Others.Arn}}
`

// poller is a Go function that needs nothing but the standard library.
const poller = `package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"example.com/functions/said"
)

func main() {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		next, err := http.Get(api + "next")
		if err != nil {
			panic(err)
		}
		io.Copy(io.Discard, next.Body)
		next.Body.Close()
		fmt.Println(said.Text, os.Getpid())
		done, err := http.Post(api+next.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response", "application/json", strings.NewReader("{}"))
		if err != nil {
			panic(err)
		}
		done.Body.Close()
	}
}
`

// SIGHUP keeps a Go function whose build is the same, and sees a change of a
// package that is not in its folder.
func TestReloadOfGo(t *testing.T) {
	dir := project(t, map[string]string{
		"go.mod":        "module example.com/functions\n\ngo 1.24\n",
		"work/main.go":  poller,
		"said/said.go":  "package said\n\nconst Text = \"FIRST\"\n",
		"template.yaml": strings.NewReplacer("CodeUri: .", "CodeUri: work", "python3.12", "provided.al2023").Replace(python),
	})
	d := up(t, dir, "--local")
	reload := func(times int) {
		t.Helper()
		if err := d.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		seen := 0
		if _, ok := d.wait(60*time.Second, func(l line) bool {
			if l.Msg == "changes applied" {
				seen++
			}
			return seen == times
		}); !ok {
			t.Fatal("the change was not applied")
		}
	}
	send := func() { client(t, "send", d.URL, map[string]any{"queue": "jobs", "MessageBody": "x"}) }
	send()
	warm := d.function("work", "FIRST").Msg
	reload(1)
	send()
	empty(t, d.URL, "jobs")
	if n := d.printed("work", warm); n != 2 {
		t.Errorf("%q was printed %d times, want 2: by one process", warm, n)
	}
	if err := os.WriteFile(dir+"/said/said.go", []byte("package said\n\nconst Text = \"SECOND\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	reload(2)
	send()
	d.function("work", "SECOND")
}
