package daemon

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/invoke/process"
)

// A troupe hosts functions that only note what is done with them.
type troupe struct {
	mu       sync.Mutex
	made     map[string][]*actor // by function name, in order
	programs map[string]string
	missing  string // a runtime
	broken   string // a function that cannot be prepared
}

type actor struct {
	invoke.Target
	troupe   *troupe
	function process.Function
	shut     int
}

func (a *actor) Program() []string { return []string{a.troupe.programs[a.function.Name]} }

func (a *actor) Prepare(context.Context) error {
	switch {
	case a.function.Runtime == a.troupe.missing:
		return &process.MissingError{Runtime: a.function.Runtime}
	case a.function.Name == a.troupe.broken:
		return errors.New("cannot be built")
	}
	return nil
}

func (a *actor) Shutdown(context.Context) error {
	a.troupe.mu.Lock()
	defer a.troupe.mu.Unlock()
	a.shut++
	return nil
}

func (tr *troupe) host(fn process.Function) (hosted, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if fn.Runtime == "cobol85" {
		return nil, errors.New("no such runtime")
	}
	a := &actor{Target: invoke.Func(func(context.Context, any) (any, error) { return nil, nil }), troupe: tr, function: fn}
	if tr.made == nil {
		tr.made = map[string][]*actor{}
	}
	tr.made[fn.Name] = append(tr.made[fn.Name], a)
	return a, nil
}

// open are the functions that were made and not closed.
func (tr *troupe) open() (open []*actor) {
	for _, made := range tr.made {
		for _, a := range made {
			if a.shut == 0 {
				open = append(open, a)
			}
		}
	}
	return open
}

func (tr *troupe) deployment(t *testing.T) *deployment {
	c := &command{log: slog.New(slog.DiscardHandler), settings: settings{Region: "us-east-1", Account: "000000000000"}}
	return &deployment{c, t.TempDir(), tr.host, func(string) {}}
}

const pair = `Transform: AWS::Serverless-2016-10-31
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: work, Runtime: python3.12, Handler: app.handler, CodeUri: work, Timeout: 5}
  Idle:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: idle, Runtime: nodejs22.x, Handler: index.handler, InlineCode: "exports.handler = async () => {}"}
`

// pairIn writes the template with its code into a new folder.
func pairIn(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	put(t, dir, "template.yaml", pair)
	put(t, dir, "work/app.py", "v = 1")
	return dir
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func loaded(t *testing.T, dir string) *template.Stack {
	t.Helper()
	stack, err := template.Load(dir, template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return stack
}

// A function keeps its processes if neither its settings nor its code changed.
func TestFunctionsThatStay(t *testing.T) {
	edit := func(old, new string) func(*testing.T, string, *troupe) {
		return func(t *testing.T, dir string, _ *troupe) {
			put(t, dir, "template.yaml", strings.Replace(pair, old, new, 1))
		}
	}
	elsewhere := t.TempDir()
	tests := []struct {
		name   string
		change func(t *testing.T, dir string, tr *troupe)
		work   bool // stays
		idle   bool
	}{
		{"nothing", func(*testing.T, string, *troupe) {}, true, true},
		{"lines above", edit("Resources:\n", "Resources:\n  Queue: {Type: AWS::SQS::Queue}\n"), true, true},
		{"a description", edit("Timeout: 5", "Timeout: 5, Description: new"), true, true},
		{"the role", edit("Timeout: 5", "Timeout: 5, Role: 'arn:aws:iam::000000000000:role/r'"), true, true},
		{"timeout", edit("Timeout: 5", "Timeout: 6"), false, true},
		{"memory", edit("Timeout: 5", "Timeout: 5, MemorySize: 512"), false, true},
		{"environment", edit("Timeout: 5", "Timeout: 5, Environment: {Variables: {AA: b}}"), false, true},
		{"log format", edit("Timeout: 5", "Timeout: 5, LoggingConfig: {LogFormat: JSON}"), false, true},
		{"concurrency", edit("Timeout: 5", "Timeout: 5, ReservedConcurrentExecutions: 2"), false, true},
		{"handler", edit("app.handler", "app.other"), false, true},
		{"runtime", edit("python3.12", "python3.13"), false, true},
		{"inline code", edit("{}\"", "7\""), true, false},
		{"name", edit("FunctionName: idle", "FunctionName: idler"), true, false},
		{"code", func(t *testing.T, dir string, _ *troupe) { put(t, dir, "work/app.py", "v = 10") }, false, true},
		{"a module of it", func(t *testing.T, dir string, _ *troupe) { put(t, dir, "work/lib/node_modules/m.js", "") }, false, true},
		{"less code", func(t *testing.T, dir string, _ *troupe) { os.Remove(filepath.Join(dir, "work/app.py")) }, false, true},
		{"a time of it", func(t *testing.T, dir string, _ *troupe) {
			os.Chtimes(filepath.Join(dir, "work/app.py"), time.Time{}, time.Unix(1e9, 0))
		}, false, true},
		{"what is no code", func(t *testing.T, dir string, _ *troupe) {
			put(t, dir, "work/__pycache__/app.pyc", "")
			put(t, dir, "work/.git/index", "")
			put(t, dir, "work/.penstock/lock", "1")
		}, true, true},
		{"what was built", func(_ *testing.T, _ string, tr *troupe) { tr.programs = map[string]string{"work": "build/2"} }, false, true},
		{"a link to a folder elsewhere", func(t *testing.T, dir string, _ *troupe) {
			if err := os.Symlink(elsewhere, filepath.Join(dir, "work", "shared")); err != nil {
				t.Fatal(err)
			}
		}, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr, dir := &troupe{}, pairIn(t)
			d := tr.deployment(t)
			old, err := d.deploy(t.Context(), loaded(t, dir), nil)
			if err != nil {
				t.Fatal(err)
			}
			work, idle := tr.made["work"][0], tr.made["idle"][0]
			test.change(t, dir, tr)
			next, err := d.deploy(t.Context(), loaded(t, dir), old)
			if err != nil {
				t.Fatal(err)
			}
			if got := next.functions["work"].Target == hosted(work); got != test.work {
				t.Errorf("work stays: %v, want %v", got, test.work)
			}
			if got := next.functions["idle"].Target == hosted(idle); got != test.idle {
				t.Errorf("idle stays: %v, want %v", got, test.idle)
			}
			if work.shut+idle.shut > 0 {
				t.Error("what runs was closed before the change is made")
			}
			old.close(t.Context(), next)
			if (work.shut == 0) != test.work || (idle.shut == 0) != test.idle {
				t.Errorf("work was closed %d times, idle %d times", work.shut, idle.shut)
			}
			if n := len(tr.open()); n != 2 {
				t.Errorf("%d functions are open, want the 2 of the new fleet", n)
			}
			next.close(t.Context(), nil)
			for _, made := range tr.made {
				for _, a := range made {
					if a.shut != 1 {
						t.Errorf("%s was closed %d times, want once", a.function.Name, a.shut)
					}
				}
			}
		})
	}
}

// A link to a folder elsewhere hides what is behind it: such code never stays.
func TestCodeBehindLinks(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	put(t, dir, "real/a.py", "1")
	put(t, elsewhere, "b.py", "1")
	sum := func() uint64 {
		t.Helper()
		sum, whole := codeFingerprint(dir, "nowhere")
		if !whole {
			t.Fatal("not all could be seen")
		}
		return sum
	}
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link(filepath.Join(elsewhere, "b.py"), "b.py")
	link("real", "inside")
	before := sum()
	if sum() != before {
		t.Fatal("two looks at the same differ")
	}
	put(t, elsewhere, "b.py", "12")
	if sum() == before {
		t.Error("a file behind a link changed unnoticed")
	}
	link(elsewhere, "outside")
	if _, whole := codeFingerprint(dir, "nowhere"); whole {
		t.Error("a folder elsewhere is said to be seen")
	}
	os.Remove(filepath.Join(dir, "outside"))
	link("nothing", "dangling")
	if _, whole := codeFingerprint(dir, "nowhere"); whole {
		t.Error("a link to nothing is said to be seen")
	}
}

// A deployment that fails closes what it made, and nothing that runs.
func TestFailedDeployment(t *testing.T) {
	tr, dir := &troupe{}, pairIn(t)
	d := tr.deployment(t)
	old, err := d.deploy(t.Context(), loaded(t, dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "template.yaml", strings.Replace(pair, "FunctionName: work", "FunctionName: other", 1))
	tr.broken = "other"
	if _, err := d.deploy(t.Context(), loaded(t, dir), old); err == nil || !strings.Contains(err.Error(), "cannot be built") {
		t.Errorf("error %v", err)
	}
	if n := len(tr.open()); n != 2 || tr.made["work"][0].shut+tr.made["idle"][0].shut > 0 {
		t.Errorf("%d functions are open, want the 2 that run", n)
	}
	tr.missing = "nodejs22.x"
	put(t, dir, "template.yaml", pair)
	next, err := d.deploy(t.Context(), loaded(t, dir), nil)
	if err != nil || next.skipped["idle"] == nil || len(next.functions) != 1 {
		t.Errorf("without an interpreter: %v, skipped %v", err, next.skipped)
	}
	if n := len(tr.open()); n != 3 {
		t.Errorf("%d functions are open, want 3", n)
	}
}

func TestDescribed(t *testing.T) {
	stack, err := template.Parse("template.yaml", []byte(strings.Replace(pair, "Timeout: 5",
		"Timeout: 5, MemorySize: 256, ReservedConcurrentExecutions: 3, Environment: {Variables: {AA: b}}, LoggingConfig: {LogFormat: JSON, ApplicationLogLevel: WARN}", 1)), template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := &command{settings: settings{Region: "eu-west-1", Account: "111122223333"}}
	got := c.described(stack.Functions[0], "code")
	if got.LogFormat != "JSON" || got.LogLevel != "WARN" {
		t.Errorf("log format %q, level %q, want JSON and WARN", got.LogFormat, got.LogLevel)
	}
	if got.Name != "work" || got.Runtime != "python3.12" || got.Handler != "app.handler" || got.CodeDir != "code" || got.Environment["AA"] != "b" ||
		got.MemoryMB != 256 || got.Timeout != 5*time.Second || got.Concurrency != 3 || got.Region != "eu-west-1" || got.Account != "111122223333" || got.ARN != stack.Functions[0].ARN {
		t.Errorf("%+v", got)
	}
	if got := c.described(stack.Functions[1], ""); got.LogFormat != "" || got.LogLevel != "" {
		t.Errorf("without LoggingConfig: %q, %q", got.LogFormat, got.LogLevel)
	}
}

// playing is a service over a troupe, with a server that does not run yet.
func playing(t *testing.T) (*service, *troupe, string) {
	t.Helper()
	tr, dir := &troupe{}, pairIn(t)
	d := tr.deployment(t)
	s := &service{command: d.command, path: dir, data: d.data, deployment: d}
	stack, err := s.read()
	if err != nil {
		t.Fatal(err)
	}
	if s.fleet, err = s.prepare(t.Context(), stack); err != nil {
		t.Fatal(err)
	}
	s.stack = stack
	s.server = &penstock.Server{Functions: s.fleet.functions, Log: s.log}
	return s, tr, dir
}

// A change that comes in the instant before the server begins waits for it, and
// one that is refused leaves what runs as it is.
func TestReloadOfAService(t *testing.T) { synctest.Test(t, reloadOfAService) }

func reloadOfAService(t *testing.T) {
	s, tr, dir := playing(t)
	tr.made = nil // forget what reading checked
	first := s.fleet
	put(t, dir, "work/app.py", "v = 10")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	changed := make(chan error, 1)
	go func() { changed <- s.reload(ctx, ctx) }()
	time.Sleep(time.Second)
	select {
	case err := <-changed:
		t.Fatalf("before the server began: %v", err)
	default:
	}
	ended := make(chan error, 1)
	go func() { ended <- s.server.Run(ctx) }()
	if err := <-changed; err != nil {
		t.Fatal(err)
	}
	if s.fleet == first || s.fleet.functions["idle"].Target != first.functions["idle"].Target || s.fleet.functions["work"].Target == first.functions["work"].Target {
		t.Error("not the difference was applied")
	}
	second := s.fleet
	put(t, dir, "template.yaml", strings.Replace(pair, "python3.12", "cobol85", 1))
	if err := s.reload(ctx, ctx); err == nil || !strings.Contains(err.Error(), "Work: no such runtime") || s.fleet != second {
		t.Errorf("an unknown runtime: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	put(t, dir, "template.yaml", strings.Replace(pair, "Timeout: 5", "Timeout: 7", 1))
	if err := s.reload(ctx, t.Context()); err == nil || s.fleet != second {
		t.Errorf("after the end: %v", err)
	}
	for _, m := range second.members {
		if m.hosted.(*actor).shut > 0 {
			t.Errorf("%s was closed, and runs", m.function.Name)
		}
	}
}
