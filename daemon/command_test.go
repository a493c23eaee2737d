package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/penstock/penstock/sources/all"
)

// execute runs the command as main does and returns what it printed.
func execute(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	return executeIn(t, t.Context(), "", args...)
}

func executeIn(t *testing.T, ctx context.Context, in string, args ...string) (out, errs string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = Program{Kinds: all.Kinds()}.run(ctx, args, strings.NewReader(in), &stdout, &stderr)
	return stdout.String(), stderr.String(), code
}

// written writes a file into a new folder and returns its path.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommands(t *testing.T) {
	template := written(t, "template.yaml", strings.NewReplacer("NAME", "jobs", " QUEUE", "", " MAPPING", "").Replace(stage))
	empty := t.TempDir()
	tests := []struct {
		args string // separated by spaces
		code int
		out  string // parts, separated by |
		errs string
	}{
		{"", 0, "Start with an example|Exit codes: 0 fine, 1 an expectation failed", ""},
		{"help try", 0, "events/*.json|attributes|--require-all", ""},
		{"try --help", 0, "expect      delivered, filtered or dead", ""},
		{"help filter test", 0, "--dialect", ""},
		{"help nope", 2, "", `"nope" is no command`},
		{"upp", 2, "", `penstock: "upp" is no command: did you mean up?|commands of penstock: completion, config, filter, plan, sources, try, up, version`},
		{"filter", 0, "Work with event patterns", ""},
		{"filter tset", 2, "", "did you mean test?"},
		{"--bogus", 2, "", "unknown flag: --bogus|see: penstock --help"},
		{"up --grace soon", 2, "", "soon|see: penstock up --help"},
		{"up a b", 2, "", `up: there is nothing to do with "b"|usage: penstock up [TEMPLATE|DIR]`},
		{"try", 2, "", "try: an argument is missing|usage: penstock try DIR [FILE...]"},
		{"try " + empty, 2, "", "has no template.yaml"},
		{"try " + empty + " --limit 0s", 2, "", "--limit 0s"},
		{"try " + filepath.Dir(template), 2, "", "has no events/*.json"},
		{"try " + template, 2, "", "has no events/*.json"},
		{"plan", 2, "", "an argument is missing|usage: penstock plan TEMPLATE|DIR"},
		{"plan " + filepath.Join(empty, "none.yaml"), 2, "", "none.yaml"},
		{"plan --settings", 0, "AWS::SQS::Queue", ""},
		{"plan " + template + " --parameter x", 2, "", `--parameter "x": must be NAME=VALUE`},
		{"plan " + template + " --import =x", 2, "", `--import "=x": must be NAME=VALUE`},
		{"sources", 0, "sqs  Amazon SQS queues", ""},
		{"sources sqs", 0, "batch size        10, at most 10000|partial failures  yes|under \"body\"|\na function gets\n  {\n    \"Records\": [\n      {\n        \"messageId\": |        \"body\": \"{\\\"order\\\": 1}\",\n|\n    ]\n  }\n\na function answers\n  Without ReportBatchItemFailures |\n  {\"batchItemFailures\":", ""},
		{"sources kinesis", 2, "", `no kind of source is named "kinesis"; there is sqs`},
		{"version", 0, "penstock ", ""},
		{"--version", 0, "penstock ", ""},
		{"completion bash", 0, "bash completion V2 for penstock", ""},
		{"completion zsh", 0, "#compdef penstock", ""},
		{"completion ksh", 2, "", `"ksh" is no command|bash, fish, powershell, zsh`},
		{"__complete sources ", 0, "sqs", ""},
		{"config --region=", 2, "", "--region: must not be empty"},
		{"config --account 12", 2, "", `--account "12": must be 12 digits`},
		{"config --grace -1s", 2, "", "--grace -1s: must be more than zero"},
		{"config --log-level loud", 2, "", `--log-level "loud": must be debug, info, warn or error`},
		{"config --log-format xml", 2, "", `--log-format "xml": must be auto, text or json`},
		{"up --listen 9330", 2, "", "must be HOST:PORT"},
		{"up --endpoint x", 2, "", "--endpoint"},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			args := strings.Split(test.args, " ")
			if test.args == "" {
				args = nil
			}
			out, errs, code := execute(t, args...)
			if code != test.code {
				t.Errorf("exit code %d, want %d\n%s", code, test.code, errs)
			}
			contains(t, "output", out, test.out)
			contains(t, "errors", errs, test.errs)
			if test.code != 0 && out != "" {
				t.Errorf("an error with output: %s", out)
			}
			if n := strings.Count("\n"+errs, "\npenstock:"); n > 1 {
				t.Errorf("%d errors in\n%s", n, errs)
			}
		})
	}
}

// contains wants each of parts, separated by bars, in text.
func contains(t *testing.T, what, text, parts string) {
	t.Helper()
	for _, part := range strings.Split(parts, "|") {
		if !strings.Contains(text, part) {
			t.Errorf("%s: %q is missing in\n%s", what, part, text)
		}
	}
}

func TestFilterTest(t *testing.T) {
	event := written(t, "event.json", `{"level": "info", "n": 7}`)
	tests := []struct {
		name, in string
		args     []string
		code     int
		out      string
		errs     string
	}{
		{"match", "", []string{`{"level":["info"]}`, `{"level":"info"}`}, 0, "match\n|yes  level", ""},
		{"no match", "", []string{`{"level":["error"]}`, "@" + event}, 1, "no match|no   level [\"error\"]: \"info\" satisfies nothing in the list", ""},
		{"standard input", `{"n": 7}`, []string{`{"n":[{"numeric":[">",5]}]}`, "-"}, 0, "match\n", ""},
		{"bad pattern", "", []string{`{"level":"info"}`, `{}`}, 2, "", "a key takes a list"},
		{"bad event", "", []string{`{"level":["info"]}`, `{`}, 2, "", "penstock:"},
		{"no file", "", []string{"@nowhere.json", `{}`}, 2, "", "nowhere.json"},
		{"unknown dialect", "", []string{"--dialect", "sql", `{}`, `{}`}, 2, "", `--dialect "sql": must be mapping, rule, policy or policy-body`},
		{"dialect", "", []string{"--dialect", "rule", `{"a":[{"wildcard":"x*"}]}`, `{"a":"xy"}`}, 0, "match\n", ""},
		{"mapping matches", "", []string{"--source", "sqs", `{"body":{"level":["info"]}}`, `{"body":"{\"level\":\"info\"}"}`}, 0, "the mapping would deliver", ""},
		{"mapping drops", "", []string{"--source", "sqs", `{"body":{"level":["error"]}}`, `{"body":"{\"level\":\"info\"}"}`}, 1, "the mapping would drop", ""},
		{"mapping refuses", "", []string{"--source", "sqs", `{"body":"x"}`, `{}`}, 2, "", "penstock:"},
		{"unknown source", "", []string{"--source", "kinesis", `{}`, `{}`}, 2, "", `--source "kinesis"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, errs, code := executeIn(t, t.Context(), test.in, append([]string{"filter", "test"}, test.args...)...)
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			contains(t, "output", out, test.out)
			contains(t, "errors", errs, test.errs)
		})
	}
	t.Run("too large", func(t *testing.T) {
		_, errs, code := executeIn(t, t.Context(), strings.Repeat(" ", maxInput+1), "filter", "test", "{}", "-")
		if code != 2 || !strings.Contains(errs, "larger than") {
			t.Errorf("exit code %d: %s", code, errs)
		}
	})
}

func TestExitCodes(t *testing.T) {
	tests := []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errExpectation, 1},
		{errors.New("unknown flag"), 2},
		{usage("x"), 2},
		{fmt.Errorf("wrapped: %w", environment("x")), 3},
		{errInterrupted, 130},
		{fmt.Errorf("wrapped: %w", context.Canceled), 130},
	}
	for _, test := range tests {
		if got := code(test.err); got != test.want {
			t.Errorf("code(%v) is %d, want %d", test.err, got, test.want)
		}
	}
}

// Who is told to go by SIGTERM went as told; Ctrl-C is an interruption.
func TestEnded(t *testing.T) {
	for _, test := range []struct {
		signal os.Signal
		want   int
	}{{syscall.SIGTERM, 0}, {os.Interrupt, 130}} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(stopped{test.signal})
		if got := code(ended(ctx)); got != test.want {
			t.Errorf("after %v exit code %d, want %d", test.signal, got, test.want)
		}
	}
	if err := ended(t.Context()); err != nil {
		t.Errorf("without a signal: %v", err)
	}
}
