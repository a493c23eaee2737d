package process

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/penstock/penstock/invoke"
)

func TestNewChecks(t *testing.T) {
	dir := t.TempDir()
	good := func() Function {
		return Function{Name: "f", Runtime: "python3.12", Handler: "f.handler", CodeDir: dir}
	}
	for _, row := range []struct {
		name   string
		change func(*Function)
		want   string // empty: fine
	}{
		{"good", func(*Function) {}, ""},
		{"provided without handler", func(f *Function) { f.Runtime, f.Handler = "provided.al2", "" }, ""},
		{"command", func(f *Function) { f.Runtime, f.Handler, f.Command = "", "", []string{"x"} }, ""},
		{"named runtime", func(f *Function) { f.Runtime = "java21" }, ""},
		{"no name", func(f *Function) { f.Name = "" }, `Function.Name "": must match`},
		{"runtime", func(f *Function) { f.Runtime = "cobol1" }, `Function.Runtime "cobol1": penstock runs`},
		{"no runtime", func(f *Function) { f.Runtime = "" }, `Function.Runtime ""`},
		{"python2", func(f *Function) { f.Runtime = "python2.7" }, `Function.Runtime "python2.7"`},
		{"no handler", func(f *Function) { f.Handler = "" }, `Function.Handler "": the runtime python3.12 needs one`},
		{"blank", func(f *Function) { f.Handler = "a b.c" }, "without blanks"},
		{"long handler", func(f *Function) { f.Handler = strings.Repeat("a", 129) }, "at most 128"},
		{"no folder", func(f *Function) { f.CodeDir = "" }, "Function.CodeDir"},
		{"missing folder", func(f *Function) { f.CodeDir = dir + "/none" }, "no such file"},
		{"memory", func(f *Function) { f.MemoryMB = -1 }, `Function.MemoryMB "-1": must not be negative`},
		{"timeout", func(f *Function) { f.Timeout = -1 }, "Function.Timeout"},
		{"concurrency", func(f *Function) { f.Concurrency = -1 }, "Function.Concurrency"},
		{"per process", func(f *Function) { f.PerProcess = 2 }, "takes one invocation at a time"},
		{"per process of go", func(f *Function) { f.PerProcess, f.Runtime = 2, "go" }, ""},
		{"format", func(f *Function) { f.LogFormat = "xml" }, "must be Text or JSON"},
		{"level in text", func(f *Function) { f.LogLevel = "INFO" }, "needs LogFormat JSON"},
		{"level", func(f *Function) { f.LogLevel, f.LogFormat = "LOUD", "JSON" }, "must be TRACE"},
		{"reserved", func(f *Function) { f.Environment = map[string]string{"AWS_REGION": "x", "_HANDLER": "y"} },
			"contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION, _HANDLER"},
		{"4 KB", func(f *Function) { f.Environment = map[string]string{"LARGE_VAR": strings.Repeat("x", 4096)} },
			`exceeded the 4KB limit. String measured: {"LARGE_VAR":"xxx`},
		{"name", func(f *Function) { f.Environment = map[string]string{"1A": "x"} }, "must match"},
		{"not reserved", func(f *Function) {
			f.Environment = map[string]string{"PATH": "/x", "TZ": "UTC", "AWS_LAMBDA_EXEC_WRAPPER": "w"}
		}, ""},
	} {
		fn := good()
		row.change(&fn)
		h := &Host{Runtimes: map[string]string{"java21": "/opt/java-ric"}}
		p, err := h.New(fn)
		if got := errText(err); row.want == "" && err != nil || !strings.Contains(got, row.want) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
		if p != nil {
			p.Close()
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestDefaults(t *testing.T) {
	p, err := (&Host{}).New(Function{Name: "f", Runtime: "go", CodeDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if p.fn.ARN != "arn:aws:lambda:us-east-1:000000000000:function:f" || p.fn.Timeout.Seconds() != 3 || p.fn.Concurrency != 10 || p.fn.MemoryMB != 128 {
		t.Errorf("%+v", p.fn)
	}
}

func TestInvokeRefuses(t *testing.T) {
	p, err := (&Host{}).New(Function{Name: "f", Runtime: "go", CodeDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for name, r := range map[string]invoke.Request{
		"Could not parse request body into json: Could not parse payload into json: ": {Event: json.RawMessage("{")},
		"Request must be smaller than 6291456 bytes for the InvokeFunction operation": {Event: make(json.RawMessage, invoke.MaxRequest+1)},
		"client context": {ClientContext: json.RawMessage("{")},
	} {
		if _, err := p.Invoke(t.Context(), r); !errors.Is(err, invoke.ErrRefused) || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %s", err, name)
		}
	}
}

func TestRuntimeNames(t *testing.T) {
	for name, want := range map[string]string{
		"python3.12": "python 12", "python3": "python ", "python": "python ", "nodejs22.x": "nodejs 22", "nodejs": "nodejs ",
		"provided": "provided ", "provided.al2023": "provided ", "go1.x": "go ", "go": "go ",
		"python3.x": " ", "node20": " ", "java21": " ", "": " ", "xgo": " ",
	} {
		if got := family(name) + " " + wanted(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestFailureObjects(t *testing.T) {
	for _, row := range []struct {
		got  answer
		want string
	}{
		{timedOut("i", 1e9), `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: i Error: Task timed out after 1.00 seconds"}`},
		{exited("i", exitStatus{}), `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: i Error: Runtime exited without providing a reason"}`},
		{exited("i", exitStatus{Code: 127}), `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: i Error: Runtime exited with error: exit status 127"}`},
		{exited("i", exitStatus{Signal: 9}), `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: i Error: Runtime exited with error: signal: killed"}`},
		{tooLarge(), `{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}`},
	} {
		if string(row.got.payload) != row.want {
			t.Errorf("%s\nwant %s", row.got.payload, row.want)
		}
	}
	for header, want := range map[string]string{
		"": "", "Runtime.ExitError": "Runtime.ExitError", "xFunction.Bad!": "Function.Bad", "Function.": "Function.Unknown", "java.lang.Error": "Runtime.Unknown",
	} {
		if got := errorKind(header); got != want {
			t.Errorf("errorKind(%q) = %q, want %q", header, got, want)
		}
	}
}
