//go:build real

package daemon_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// python is a template with one Python function on a queue "jobs".
const python = `Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs, VisibilityTimeout: 5, RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1}}}
  Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead}}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: work
      Runtime: python3.12
      Handler: app.handler
      CodeUri: .
      Timeout: 2
      Events:
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}
`

// project writes files into a new folder.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func has(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

// What is wrong with a project is said before anything starts.
func TestRefusedProjects(t *testing.T) {
	deny := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token included in the request is invalid."}`)
	}))
	defer deny.Close()
	app := "def handler(event, context): pass\n"
	tests := []struct {
		name  string
		files map[string]string
		args  []string
		code  int
		says  []string
	}{
		{"no template", map[string]string{"app.py": app}, nil, 2, []string{"has no template.yaml"}},
		{"malformed template", map[string]string{"template.yaml": "Resources:\n  A: [1, 2\n  B: x\n"}, nil, 2, []string{"template.yaml:", "A: [1, 2"}},
		{"invalid filter", map[string]string{"app.py": app, "template.yaml": strings.Replace(python, "Jobs.Arn}}\n",
			"Jobs.Arn, FilterCriteria: {Filters: [{Pattern: '{\"body\": \"x\"}'}]}}}\n", 1)}, []string{"--local"}, 2, []string{"FilterCriteria.Filters[0].Pattern", "list"}},
		{"event that is not there yet", map[string]string{"app.py": app, "template.yaml": strings.Replace(python, "{Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}",
			"{Type: S3, Properties: {Bucket: b, Events: 's3:ObjectCreated:*'}}", 1)}, []string{"--local"}, 2, []string{"template.yaml:", "S3"}},
		{"unknown runtime", map[string]string{"app.py": app, "template.yaml": strings.Replace(python, "python3.12", "cobol85", 1)}, []string{"--local"}, 2, []string{"cobol85"}},
		{"bad flag", map[string]string{}, []string{"--listen", "nowhere"}, 2, []string{"--listen", "HOST:PORT"}},
		{"open address", map[string]string{"app.py": app, "template.yaml": python}, []string{"--local", "--listen", "0.0.0.0:0"}, 2, []string{"loopback"}},
		{"bad endpoint", map[string]string{"app.py": app, "template.yaml": python}, []string{"--endpoint", "http://x"}, 2, []string{"--endpoint", "ARN-PREFIX=URL"}},
		{"missing queue", map[string]string{"app.py": app, "template.yaml": strings.ReplaceAll(python, "QueueName: jobs", "QueueName: never-made")},
			[]string{"--endpoint", "arn:aws:sqs:=" + need(t, "PENSTOCK_ELASTICMQ")}, 3, []string{"never-made", "NonExistentQueue", "--local"}},
		{"wrong credentials", map[string]string{"app.py": app, "template.yaml": python},
			[]string{"--endpoint", "arn:aws:sqs:=" + deny.URL}, 3, []string{"jobs", "denied"}},
		{"no interpreter", map[string]string{"app.py": app, "template.yaml": python}, []string{"--local", "--runtime", "python3.12=/nowhere/python"}, 2, []string{"/nowhere/python"}},
		{"setting that is none", map[string]string{"app.py": app, "template.yaml": python, "penstock.yaml": "lokal: true\n"}, []string{"--config", "CONFIG"}, 2, []string{"lokal", "no such setting"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := project(t, test.files)
			args := []string{"up", dir, "--listen", "127.0.0.1:0", "--data", t.TempDir()}
			for _, a := range test.args {
				args = append(args, strings.ReplaceAll(a, "CONFIG", filepath.Join(dir, "penstock.yaml")))
			}
			_, errs, code := penstock(t, args...)
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			has(t, errs, test.says...)
		})
	}
}

// What is refused leaves nothing behind, and each command refuses the same.
func TestRefusalsMakeNothing(t *testing.T) {
	java := strings.Replace(python, "python3.12", "java21", 1)
	tests := []struct {
		template, path string
		says           []string
	}{
		{python, "nonexist.yaml", []string{"nonexist.yaml"}},
		{"Resources: [", "", []string{"template.yaml:1:"}},
		{"", "events", []string{"has no template.yaml"}},
		{java, "", []string{`Work: Function.Runtime "java21": penstock runs`}},
	}
	for _, test := range tests {
		for _, command := range []string{"up", "try", "plan"} {
			dir := project(t, map[string]string{"template.yaml": test.template, "app.py": "", "events/1.json": `{"body":"x"}`})
			args := []string{command, filepath.Join(dir, test.path)}
			if command == "up" {
				args = append(args, "--listen", "127.0.0.1:0", "--local")
			}
			out, errs, code := penstock(t, args...)
			if code != 2 {
				t.Errorf("%s %s: exit code %d, want 2", command, test.path, code)
			}
			has(t, out+errs, test.says...)
			var left []string
			filepath.WalkDir(dir, func(path string, _ os.DirEntry, _ error) error { left = append(left, path); return nil })
			if len(left) != 5 {
				t.Errorf("%s %s: something was made: %q", command, test.path, left)
			}
		}
	}
}

// Functions that misbehave get Lambda's error objects, and their messages go
// where the redrive policy says.
func TestMisbehavingFunctions(t *testing.T) {
	tests := []struct {
		name, app, handler string
		says               []string
	}{
		{"unknown handler", "def handler(event, context): pass\n", "app.nobody", []string{"Runtime.HandlerNotFound", "Handler 'nobody' missing on module 'app'"}},
		{"no module", "", "nothing.handler", []string{"Runtime.ImportModuleError", "Unable to import module 'nothing'"}},
		{"crash at import", "raise ValueError('broken at import')\n", "app.handler", []string{"ValueError", "broken at import"}},
		{"exit", "import os\ndef handler(event, context): os._exit(7)\n", "app.handler", []string{"Runtime.ExitError", "exit status 7"}},
		{"never answers", "import time\ndef handler(event, context): time.sleep(600)\n", "app.handler", []string{"Sandbox.Timedout", "Task timed out after 2.00 seconds"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := project(t, map[string]string{
				"template.yaml":      strings.Replace(python, "app.handler", test.handler, 1),
				"app.py":             test.app,
				"events/1-jobs.json": `{"to": "jobs", "body": "x", "expect": "dead"}`,
			})
			out, errs, code := penstock(t, "try", dir)
			if code != 0 {
				t.Errorf("exit code %d, want 0: the message is dead, as expected\n%s", code, errs)
			}
			has(t, out, append(test.says, "moved to dead")...)
		})
	}
}

// A gigabyte of output neither blocks the function nor fills memory.
func TestFunctionThatPrintsAGigabyte(t *testing.T) {
	dir := project(t, map[string]string{
		"template.yaml": strings.Replace(python, "Timeout: 2", "Timeout: 4", 1),
		"app.py": `import sys
def handler(event, context):
    block = ("x" * 99 + "\n") * 10000
    for _ in range(1000):
        sys.stdout.write(block)
    sys.stdout.flush()
`,
		"events/1-jobs.json": `{"to": "jobs", "body": "x"}`,
	})
	_ = os.WriteFile(filepath.Join(dir, "template.yaml"), []byte(strings.NewReplacer("Timeout: 2", "Timeout: 60", "VisibilityTimeout: 5", "VisibilityTimeout: 90").Replace(python)), 0o644)
	out, errs, code := penstock(t, "try", dir)
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	has(t, out, "work: delivered")
	if len(out) > 16<<20 {
		t.Errorf("%d bytes were passed on: the limit of one invocation's output does not hold", len(out))
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, errs, code := penstock(t, "up", "--data", t.TempDir(), "--listen", l.Addr().String())
	if code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	has(t, errs, "in use", "--listen")
}

func TestSecondDaemonOnTheDataFolder(t *testing.T) {
	data := t.TempDir()
	up(t, "--data", data)
	_, errs, code := penstock(t, "up", "--data", data, "--listen", "127.0.0.1:0")
	if code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	has(t, errs, "in use by another penstock", "--data")
}

// A queue that vanishes is told once, and read again when it is back.
func TestQueueDeletedWhilePolling(t *testing.T) {
	endpoint := need(t, "PENSTOCK_ELASTICMQ")
	client(t, "create", endpoint, nil)
	d := up(t, "testdata/e2e", "--endpoint", "arn:aws:sqs:="+endpoint)
	d.function("go-function", "EVENT", client(t, "send", endpoint, map[string]any{"queue": "standard", "MessageBody": "it is read"}))
	client(t, "delete", endpoint, "standard")
	if _, ok := d.wait(40*time.Second, func(l line) bool { return strings.Contains(l.Msg, "cannot receive") }); !ok {
		t.Fatal("nothing was said about the deleted queue")
	}
	client(t, "create", endpoint, nil)
	id := client(t, "send", endpoint, map[string]any{"queue": "standard", "MessageBody": "back again"})
	d.function("go-function", "EVENT", id)
	if n := strings.Count(d.output(), "cannot receive"); n > 4 {
		t.Errorf("the same trouble was told %d times", n)
	}
}
