//go:build real

package process

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/penstock/penstock/invoke"
)

// The rows of testdata are functions and what is expected of them. The comment
// of an archive is a script, one instruction a line:
//
//	set FIELD VALUE     handler, runtime, timeout, format, level, wrapper, env NAME=VALUE
//	event JSON          invoke; the request's context: client JSON, arn ARN before it
//	bigevent N          invoke with a string of N bytes
//	want JSON           the answer, byte for byte; $ID is the request id, $DIR the code folder
//	match REGEXP        the answer matches
//	ok | failed         whether the answer is a failure
//	cold | warm         whether a process was started for it
//	log REGEXP          the log tail matches (⇥ is a tab, ␍ a carriage return)
//	nolog REGEXP        it does not
//	lines REGEXP        all lines of the sink so far, joined by newlines, match
//	once REGEXP         exactly one line of the sink so far matches
//	size N              the answer has N bytes
//	logsize N           the log tail has N bytes
type row struct {
	t       *testing.T
	fn      Function
	host    *Host
	process *Process
	request invoke.Request
	result  invoke.Result

	mu    sync.Mutex
	lines []string
}

// rowTimeout is for rows that set none: long, as a failed init is repeated
// within it, and a busy machine may take seconds to start an interpreter.
const rowTimeout = 30 * time.Second

// runRows runs every archive of a folder of testdata.
func runRows(t *testing.T, folder, runtime string, program string) {
	files, err := filepath.Glob("testdata/" + folder + "/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rows in %s: %v", folder, err)
	}
	reaper, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := &row{t: t}
			r.fn = Function{Name: "f", Runtime: runtime, Handler: "f.handler", Timeout: rowTimeout, CodeDir: t.TempDir(), Environment: map[string]string{}}
			r.host = &Host{DataDir: data, Reaper: reaper, Logs: r.log}
			if program != "" {
				r.host.Runtimes = map[string]string{runtime: program}
			}
			for _, f := range archive.Files {
				path := filepath.Join(r.fn.CodeDir, f.Name)
				mode := fs.FileMode(0o644)
				if strings.HasPrefix(f.Name, "bootstrap") || strings.HasPrefix(f.Name, "wrapper") {
					mode = 0o755
				}
				os.MkdirAll(filepath.Dir(path), 0o755)
				if err := os.WriteFile(path, f.Data, mode); err != nil {
					t.Fatal(err)
				}
			}
			t.Cleanup(func() {
				if r.process != nil {
					r.process.Close()
				}
			})
			script := bufio.NewScanner(bytes.NewReader(archive.Comment))
			for n := 1; script.Scan(); n++ {
				line := script.Text()
				if line == "" || line[0] == '#' {
					continue
				}
				verb, rest, _ := strings.Cut(line, " ")
				if err := r.step(verb, r.expand(rest)); err != nil {
					t.Fatalf("%s:%d: %s: %v\nanswer %s\nlog %q", file, n, line, err, clip(r.result.Payload), r.result.Log)
				}
			}
		})
	}
}

func clip(b []byte) []byte { return b[:min(len(b), 2000)] }

func (r *row) log(l LogLine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, l.Text)
}

func (r *row) expand(s string) string {
	return strings.NewReplacer("$ID", r.result.RequestID, "$DIR", r.fn.CodeDir, "⇥", "\t", "␍", "\r", "␣", "\u00a0").Replace(s)
}

func (r *row) step(verb, rest string) error {
	matches := func(text []byte) (bool, error) {
		re, err := regexp.Compile("(?s)" + rest)
		return err == nil && re.Match(text), err
	}
	want := func(ok bool) error {
		if !ok {
			return fmt.Errorf("it is not so")
		}
		return nil
	}
	switch verb {
	case "set":
		return r.set(rest)
	case "client":
		r.request.ClientContext = json.RawMessage(rest)
	case "arn":
		r.request.FunctionARN = rest
	case "event":
		return r.invoke([]byte(rest))
	case "bigevent":
		var n int
		fmt.Sscan(rest, &n)
		return r.invoke([]byte(`"` + strings.Repeat("x", n-2) + `"`))
	case "want":
		return want(string(r.result.Payload) == rest)
	case "size":
		return want(fmt.Sprint(len(r.result.Payload)) == rest)
	case "logsize":
		return want(fmt.Sprint(len(r.result.Log)) == rest)
	case "match":
		ok, err := matches(r.result.Payload)
		return first(err, want(ok))
	case "log":
		ok, err := matches(r.result.Log)
		return first(err, want(ok))
	case "nolog":
		ok, err := matches(r.result.Log)
		return first(err, want(!ok))
	case "lines":
		r.mu.Lock()
		defer r.mu.Unlock()
		text := strings.Join(r.lines, "\n")
		ok, err := matches([]byte(text))
		if err == nil && !ok {
			err = fmt.Errorf("the lines are %q", text)
		}
		return err
	case "once":
		re, err := regexp.Compile(rest)
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		n := len(slices.DeleteFunc(slices.Clone(r.lines), func(l string) bool { return !re.MatchString(l) }))
		if n != 1 {
			err = fmt.Errorf("%d lines of %q", n, r.lines)
		}
		return err
	case "ok":
		return want(r.result.Failure == "")
	case "failed":
		return want(r.result.Failure == "Unhandled")
	case "cold":
		return want(r.result.Cold)
	case "warm":
		return want(!r.result.Cold)
	default:
		return fmt.Errorf("no such instruction")
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *row) set(rest string) (err error) {
	field, value, _ := strings.Cut(rest, " ")
	switch field {
	case "handler":
		r.fn.Handler = value
	case "runtime":
		r.fn.Runtime = value
	case "timeout":
		r.fn.Timeout, err = time.ParseDuration(value)
	case "format":
		r.fn.LogFormat = value
	case "level":
		r.fn.LogLevel = value
	case "initlimit":
		r.host.InitLimit, err = time.ParseDuration(value)
	case "env":
		name, v, _ := strings.Cut(value, "=")
		r.fn.Environment[name] = v
	case "mode":
		name, mode, _ := strings.Cut(value, " ")
		var m fs.FileMode
		fmt.Sscanf(mode, "%o", &m)
		err = os.Chmod(filepath.Join(r.fn.CodeDir, name), m)
	default:
		err = fmt.Errorf("no such field")
	}
	return err
}

func (r *row) invoke(event []byte) (err error) {
	if r.process == nil {
		if r.process, err = r.host.New(r.fn); err != nil {
			return err
		}
	}
	r.request.Event = event
	r.result, err = r.process.Invoke(r.t.Context(), r.request)
	r.request = invoke.Request{}
	return err
}

func TestPython(t *testing.T) { runRows(t, "python", "python3.12", "") }

// TestPythonClientOfAWS runs the same rows under awslambdaric.
func TestPythonClientOfAWS(t *testing.T) {
	python := os.Getenv("PENSTOCK_RIC_PYTHON")
	if python == "" {
		t.Fatal("PENSTOCK_RIC_PYTHON is not set: run this suite by peers/with.sh")
	}
	runRows(t, "python", "python3.12", python)
}

func TestNode(t *testing.T)   { runRows(t, "node", "nodejs20.x", "") }
func TestCustom(t *testing.T) { runRows(t, "custom", "provided.al2023", "") }
