package process

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// probeTime bounds one probe of an interpreter.
const probeTime = 10 * time.Second

// An interpreter is a Python or Node that was seen to run.
type interpreter struct {
	path    string // the program itself, not a shim that starts it
	runtime string // Lambda's name for its version
	version int    // Python's minor, Node's major
	client  string // AWS's runtime client: a path, or anything for Python; empty: not there
}

// What interpreters are asked. Each answers one line of JSON.
const (
	pythonProbe = `
import json, sys
try:
    import awslambdaric.bootstrap, runtime_client
    client = "awslambdaric"
except Exception:
    client = ""
print(json.dumps({"path": sys.executable, "major": sys.version_info[0], "version": sys.version_info[1], "client": client}))`
	nodeProbe = `
const fs = require("fs"), path = require("path");
const roots = [path.join(path.dirname(fs.realpathSync(process.execPath)), "..", "lib", "node_modules")].concat((process.env.NODE_PATH || "").split(":"));
const clients = roots.filter(Boolean).map(r => path.join(r, "aws-lambda-ric")).filter(r =>
  fs.existsSync(path.join(r, "bin", "index.mjs")) && ["build/Release", "dist"].some(d => fs.existsSync(path.join(r, d, "rapid-client.node")))).map(r => path.join(r, "bin", "index.mjs"));
console.log(JSON.stringify({path: process.execPath, major: 3, version: parseInt(process.versions.node), client: clients[0] || ""}))`
)

// interpreter finds the program for a Python or Node runtime: the one named in
// Host.Runtimes; else the version the runtime names; else the nearest one, with
// a warning in the log. Programs are tried by running them, as a shim on PATH
// may lead nowhere. What was found is kept.
func (h *Host) interpreter(ctx context.Context, runtime string) (interpreter, error) {
	h.mu.Lock()
	found, ok := h.resolved[runtime]
	h.mu.Unlock()
	if ok {
		return found, nil
	}
	found, err := h.search(ctx, runtime)
	if err != nil {
		return found, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.resolved == nil {
		h.resolved = map[string]interpreter{}
	}
	h.resolved[runtime] = found
	return found, nil
}

func (h *Host) search(ctx context.Context, runtime string) (interpreter, error) {
	kind := family(runtime)
	if program := h.Runtimes[runtime]; program != "" {
		found, err := probe(ctx, kind, program)
		if err != nil {
			return found, fmt.Errorf("runtime %s: %s, named by --runtime (in Go, Host.Runtimes): %w", runtime, program, err)
		}
		return found, nil
	}
	want, err := strconv.Atoi(wanted(runtime))
	anyVersion := err != nil
	var best *interpreter
	var tried []string
	for _, path := range candidates(kind, want) {
		found, err := probe(ctx, kind, path)
		if err != nil {
			tried = append(tried, fmt.Sprintf("%s: %v", path, err))
			continue
		}
		if best == nil || distance(found.version, want) < distance(best.version, want) {
			best = &found
		}
		// The rest of the candidates is further away.
		if anyVersion || distance(best.version, want) <= 1 {
			break
		}
	}
	if best == nil {
		return interpreter{}, &MissingError{runtime, fmt.Sprintf("no %s on PATH runs; name one: --runtime %s=PATH (in Go, Host.Runtimes)%s",
			kind, runtime, strings.Join(append([]string{""}, tried...), "\n\t"))}
	}
	if !anyVersion && best.version != want && h.Logs != nil {
		h.Logs(LogLine{Time: time.Now(), Platform: true, Text: fmt.Sprintf(
			"penstock: warning: %s was not found; its functions run with %s (%s)", runtime, best.path, best.runtime)})
	}
	return *best, nil
}

func distance(a, b int) int { return max(a-b, b-a) }

// candidates lists programs to try for a version, nearest first.
func candidates(kind string, want int) []string {
	names := []string{"node", "nodejs"}
	if kind == "python" {
		near := []int{8, 9, 10, 11, 12, 13, 14, 15}
		slices.SortStableFunc(near, func(a, b int) int { return cmp.Compare(distance(a, want), distance(b, want)) })
		names = nil
		for i, minor := range near {
			if i == 1 {
				names = append(names, "python3", "python")
			}
			names = append(names, fmt.Sprintf("python3.%d", minor))
		}
		if want == 0 {
			names = append([]string{"python3", "python"}, names...)
		}
	}
	var paths []string
	for _, name := range names {
		paths = append(paths, onPath(name)...)
	}
	return paths
}

// onPath returns every executable of that name on PATH.
func onPath(name string) []string {
	var found []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); filepath.IsAbs(path) && err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			found = append(found, path)
		}
	}
	return found
}

// probe runs an interpreter and asks what it is.
func probe(ctx context.Context, kind, path string) (interpreter, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	args := []string{"-c", pythonProbe}
	if kind == "nodejs" {
		args = []string{"-e", nodeProbe}
	}
	command := exec.CommandContext(ctx, path, args...)
	var problems bytes.Buffer
	command.Stderr = &problems
	command.WaitDelay = time.Second
	out, err := command.Output()
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(problems.String()), "\n")
		return interpreter{}, fmt.Errorf("%w %s", err, first)
	}
	var told struct {
		Path           string `json:"path"`
		Major, Version int
		Client         string `json:"client"`
	}
	if err := json.Unmarshal(out, &told); err != nil || told.Path == "" {
		return interpreter{}, fmt.Errorf("it is not %s: it said %.100q", kind, out)
	}
	if told.Major != 3 {
		return interpreter{}, fmt.Errorf("it is version %d", told.Major)
	}
	found := interpreter{path: told.Path, version: told.Version, client: told.Client}
	if kind == "python" {
		found.runtime = fmt.Sprintf("python3.%d", told.Version)
	} else {
		found.runtime = fmt.Sprintf("nodejs%d.x", told.Version)
	}
	return found, nil
}
