//go:build real

package process

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakePath makes PATH a folder of shell scripts and symbolic links.
func fakePath(t *testing.T, programs map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range programs {
		path := filepath.Join(dir, name)
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	return dir
}

func TestDeadShimIsPassedOver(t *testing.T) {
	python, err := probe(t.Context(), "python", onPath("python3")[0])
	if err != nil {
		t.Fatal(err)
	}
	code := python2(t)
	calls := filepath.Join(t.TempDir(), "calls")
	fakePath(t, map[string]string{
		"python3.8": "#!/bin/sh\necho 'no such version' >&2; exit 127\n",
		"python3":   "#!/bin/sh\necho x >>" + calls + "\nexec " + python.path + " \"$@\"\n",
	})
	p, j := open(t, &Host{}, Function{Runtime: "python3.8", Handler: "f.handler", CodeDir: code})
	for range 2 {
		if err := p.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(j.text(), "warning: python3.8 was not found") || strings.Count(j.text(), "warning") != 1 {
		t.Errorf("log %q", j.text())
	}
	if p.plan.argv[0] != python.path {
		t.Errorf("the shim was not resolved: %s", p.plan.argv[0])
	}
	other, err := p.host.New(p.fn)
	if err != nil || other.Prepare(t.Context()) != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if n, _ := os.ReadFile(calls); len(n) != 2 {
		t.Errorf("python3 was probed %d times", len(n)/2)
	}
}

func python2(t *testing.T) string { return python(t, "def handler(e, c): return e\n") }

func TestNoInterpreter(t *testing.T) {
	code := python2(t)
	fakePath(t, map[string]string{"python3": "#!/bin/sh\necho shim is dead >&2; exit 127\n"})
	p, _ := open(t, &Host{}, Function{Runtime: "python3.12", Handler: "f.handler", CodeDir: code})
	err := p.Prepare(t.Context())
	if missing := (*MissingError)(nil); !errors.As(err, &missing) || missing.Runtime != "python3.12" {
		t.Errorf("Prepare: %T", err)
	}
	if err == nil || !strings.Contains(err.Error(), "--runtime python3.12=PATH") || !strings.Contains(err.Error(), "shim is dead") {
		t.Errorf("Prepare: %v", err)
	}
	p, _ = open(t, &Host{Runtimes: map[string]string{"python3.12": "/nonexistent/python"}}, Function{Runtime: "python3.12", Handler: "f.handler", CodeDir: code})
	if err := p.Prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "/nonexistent/python, named by --runtime (in Go, Host.Runtimes)") {
		t.Errorf("Prepare: %v", err)
	}
}

func TestNamedRuntimeOfAnotherLanguage(t *testing.T) {
	dir := script(t, `#!/bin/sh
echo "handler $1"
exit 9
`)
	p, _ := open(t, &Host{Runtimes: map[string]string{"ruby3.4": filepath.Join(dir, "bootstrap")}},
		Function{Runtime: "ruby3.4", Handler: "app.handler", CodeDir: dir})
	if r := call(t, p, "{}"); !strings.Contains(string(r.Payload), "exit status 9") || !strings.Contains(string(r.Log), "handler app.handler") {
		t.Errorf("%s %s", r.Payload, r.Log)
	}
}

func TestGoBuild(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/f\n\ngo 1.26\n")
	write("main.go", "package main\n\nfunc main() { undefined() }\n")
	data := t.TempDir()
	p, _ := open(t, &Host{DataDir: data}, Function{Runtime: "go", CodeDir: dir})
	if err := p.Prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "main.go:3:15: undefined: undefined") {
		t.Errorf("a build that fails: %v", err)
	}
	// An error is not kept: the next try builds again.
	write("main.go", "package main\n\nimport \"os\"\n\nfunc main() { os.Exit(6) }\n")
	if err := p.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := p.plan.argv[0]
	if r := call(t, p, "{}"); !strings.Contains(string(r.Payload), "exit status 6") {
		t.Errorf("%s", r.Payload)
	}
	stamp := func(path string) time.Time {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime()
	}
	before := stamp(first)
	again, err := buildGo(t.Context(), dir, data)
	if err != nil || again != first || stamp(again) != before {
		t.Errorf("built again without a change: %s, %v", again, err)
	}
	write("other.go", "package main\n\nvar _ = 1\n")
	if other, err := buildGo(t.Context(), dir, data); err != nil || other == first {
		t.Errorf("a change was not seen: %s, %v", other, err)
	}
	write("main.go", "package notmain\n")
	os.Remove(filepath.Join(dir, "other.go"))
	if _, err := buildGo(t.Context(), dir, data); err == nil || !strings.Contains(err.Error(), "is not main") {
		t.Errorf("a package that is not main: %v", err)
	}
}

func TestCommand(t *testing.T) {
	dir := python2(t)
	if err := os.WriteFile(filepath.Join(dir, "f.mjs"), []byte("export const handler = async (e) => e;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bootstrap"), []byte("#!/bin/sh\nexit 8\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, c := range []struct {
		command []string
		want    string
	}{
		{[]string{"python3", "f.handler"}, `{"a": 1}`},
		{[]string{"node", "f.handler"}, `{"a":1}`},
		{[]string{"./bootstrap"}, "exit status 8"},
		{[]string{"no-such-program"}, "Runtime.InvalidEntrypoint"},
	} {
		p := Command(c.command[0], c.command[1:]...)
		if r := call(t, p, `{"a":1}`); !strings.Contains(string(r.Payload), c.want) {
			t.Errorf("%v: %s", c.command, r.Payload)
		}
		p.Close()
	}
}
