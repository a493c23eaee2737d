package process

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// A plan is how a function is started, found out once.
type plan struct {
	argv       []string
	vars       map[string]string // defaults that depend on the runtime
	execution  string            // AWS_EXECUTION_ENV after its prefix; empty: not set
	runtimeDir string
}

// plan builds, probes and writes what fn needs.
func (h *Host) plan(ctx context.Context, fn Function) (*plan, error) {
	data, err := h.dataDir()
	if err != nil {
		return nil, err
	}
	dir, err := writeBootstraps(data)
	if err != nil {
		return nil, err
	}
	made := &plan{runtimeDir: dir}
	kind, program := family(fn.Runtime), h.Runtimes[fn.Runtime]
	switch {
	case len(fn.Command) > 0:
		made.argv, err = resolveCommand(fn.Command, fn.CodeDir)
	case kind == "python" || kind == "nodejs":
		err = h.planManaged(ctx, fn, kind, made)
	case kind == "" || program != "":
		made.argv, err = resolveCommand([]string{program, fn.Handler}, fn.CodeDir)
	default:
		made.argv, err = planProvided(ctx, fn, data)
	}
	if err != nil {
		return nil, err
	}
	return made, nil
}

// planManaged finds the interpreter and chooses between AWS's runtime client
// and our own.
func (h *Host) planManaged(ctx context.Context, fn Function, kind string, made *plan) error {
	found, err := h.interpreter(ctx, fn.Runtime)
	if err != nil {
		return err
	}
	made.execution = fn.Runtime
	if wanted(fn.Runtime) == "" {
		made.execution = found.runtime
	}
	made.vars = map[string]string{"PATH": filepath.Dir(found.path) + ":/usr/local/bin:/usr/bin:/bin:/opt/bin"}
	switch {
	case kind == "python" && found.client != "":
		made.argv = []string{found.path, "-m", "awslambdaric", fn.Handler}
	case kind == "python":
		made.argv = []string{found.path, filepath.Join(made.runtimeDir, "bootstrap.py"), fn.Handler}
	case found.client != "":
		made.argv = []string{found.path, found.client, fn.Handler}
	default:
		made.argv = []string{found.path, filepath.Join(made.runtimeDir, "index.mjs"), fn.Handler}
	}
	if kind == "python" {
		// The locale may not exist here, and the code folder stays as it is.
		made.vars["PYTHONUTF8"] = "1"
		// Python tells a changed file by its second and size. So each deployment
		// has a cache of its own, or code saved twice at once would run as it was.
		cache, err := h.tempFolder()
		if err != nil {
			return err
		}
		made.vars["PYTHONPYCACHEPREFIX"] = cache
	} else {
		made.vars["NODE_PATH"] = fn.CodeDir
	}
	if wrapper := fn.Environment["AWS_LAMBDA_EXEC_WRAPPER"]; wrapper != "" {
		// The shell ends with 127 when the wrapper is not there, as on AWS.
		made.argv = append([]string{"/bin/sh", "-c", `exec "$0" "$@"`, wrapper}, made.argv...)
	}
	return nil
}

// planProvided finds the bootstrap of a custom runtime or builds a Go package.
func planProvided(ctx context.Context, fn Function, data string) ([]string, error) {
	path := filepath.Join(fn.CodeDir, "bootstrap")
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return []string{path}, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	sources, err := filepath.Glob(filepath.Join(fn.CodeDir, "*.go"))
	if err != nil || len(sources) == 0 {
		return nil, noBootstrap(fn.CodeDir)
	}
	path, err = buildGo(ctx, fn.CodeDir, data)
	return []string{path}, err
}

// resolveCommand finds a program as a shell would: a path is taken from the
// code folder, a name from this process's PATH.
func resolveCommand(command []string, dir string) ([]string, error) {
	path := command[0]
	if filepath.Base(path) == path {
		found := onPath(path)
		if len(found) == 0 {
			return nil, notRunnable(command, syscall.ENOENT)
		}
		path = found[0]
	} else if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return append([]string{path}, command[1:]...), nil
}

//go:embed bootstrap
var bootstraps embed.FS

// writeBootstraps puts our own runtime clients into the data folder, in a
// folder named after their content, and returns it.
func writeBootstraps(data string) (string, error) {
	names, err := bootstraps.ReadDir("bootstrap")
	if err != nil {
		return "", err
	}
	content := map[string][]byte{}
	sum := sha256.New()
	for _, n := range names {
		text, err := bootstraps.ReadFile("bootstrap/" + n.Name())
		if err != nil {
			return "", err
		}
		content[n.Name()] = text
		sum.Write(text)
	}
	dir := filepath.Join(data, "runtime", hex.EncodeToString(sum.Sum(nil)[:8]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return "", err
	}
	part, err := os.MkdirTemp(filepath.Dir(dir), "part-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(part)
	for name, text := range content {
		if err := os.WriteFile(filepath.Join(part, name), text, 0o600); err != nil {
			return "", err
		}
	}
	if err := os.Rename(part, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return dir, nil
}
