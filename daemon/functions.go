package daemon

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/invoke/process"
)

// maxUnpacked is how large a function's archive may be when unpacked (AWS:
// 250 MB).
const maxUnpacked = 250 << 20

// newHost is the host of the functions' processes.
func (c *command) newHost(data, url string, logs func(process.LogLine)) (*process.Host, error) {
	runtimes, err := pairs("runtime", c.Runtimes)
	if err != nil {
		return nil, err
	}
	h := &process.Host{DataDir: data, Runtimes: runtimes, PassCredentials: c.PassCredentials, Logs: logs}
	if url != "" {
		h.Env = map[string]string{"AWS_ENDPOINT_URL_SQS": url}
	}
	if h.Reaper, err = os.Executable(); err != nil {
		return nil, environment("%w", err)
	}
	return h, nil
}

// A fleet is the functions of a stack, started and ready to be closed.
type fleet struct {
	functions map[string]invoke.Function
	processes []*process.Process
	skipped   map[string]error // functions whose interpreter is missing
}

// deploy prepares every function of a stack: code unpacked, Go built,
// interpreters found. Functions whose interpreter is missing are skipped and
// named; other errors are joined, and nothing is left running.
func deploy(ctx context.Context, host *process.Host, data string, stack *template.Stack, region, account string) (*fleet, error) {
	f := &fleet{functions: map[string]invoke.Function{}, skipped: map[string]error{}}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for _, fn := range stack.Functions {
		wg.Go(func() {
			p, err := deployOne(ctx, host, data, fn, region, account)
			mu.Lock()
			defer mu.Unlock()
			if p != nil {
				f.processes = append(f.processes, p)
			}
			switch missing := (*process.MissingError)(nil); {
			case errors.As(err, &missing):
				f.skipped[fn.Name] = err
			case err != nil:
				errs = append(errs, fmt.Errorf("%s: %w", fn.Pos, err))
			default:
				f.functions[fn.Name] = invoke.Function{Target: p, Timeout: fn.Timeout, RoleARN: fn.Role, Concurrency: concurrency(fn)}
			}
		})
	}
	wg.Wait()
	if len(errs) > 0 {
		f.close(ctx)
		return nil, &exit{exitUsage, errors.Join(errs...)}
	}
	return f, nil
}

func deployOne(ctx context.Context, host *process.Host, data string, fn template.Function, region, account string) (*process.Process, error) {
	dir, err := codeFolder(data, fn)
	if err != nil {
		return nil, fmt.Errorf("function %s: %w", fn.Name, err)
	}
	p, err := host.New(process.Function{
		Name: fn.Name, Runtime: fn.Runtime, Handler: fn.Handler, CodeDir: dir,
		Environment: fn.Environment, MemoryMB: fn.MemorySize, Timeout: fn.Timeout,
		Concurrency: max(1, concurrency(fn)), ARN: fn.ARN, Region: region, Account: account,
	})
	if err != nil {
		return nil, err
	}
	return p, p.Prepare(ctx)
}

// concurrency is the limit of a function; the template's zero blocks it.
func concurrency(fn template.Function) int {
	switch {
	case fn.Concurrency == nil:
		return invoke.DefaultConcurrency
	case *fn.Concurrency == 0:
		return -1
	}
	return *fn.Concurrency
}

// close ends all processes; when ctx is done they are killed.
func (f *fleet) close(ctx context.Context) {
	var wg sync.WaitGroup
	for _, p := range f.processes {
		wg.Go(func() { p.Shutdown(ctx) }) // its error says only that ctx was done
	}
	wg.Wait()
}

// codeFolder returns the folder with a function's code, writing inline code and
// unpacking archives below data.
func codeFolder(data string, fn template.Function) (string, error) {
	if fn.Code.Inline != "" {
		dir := filepath.Join(data, "code", fn.Name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", err
		}
		return dir, os.WriteFile(filepath.Join(dir, fn.Code.File), []byte(fn.Code.Inline), 0o600)
	}
	info, err := os.Stat(fn.Code.Path)
	if err != nil {
		return "", fmt.Errorf("code: %w", err)
	}
	if info.IsDir() {
		return filepath.Abs(fn.Code.Path)
	}
	return unpack(fn.Code.Path, filepath.Join(data, "code"))
}

// unpack unpacks an archive below parent, in a folder named by its content.
func unpack(archive, parent string) (string, error) {
	f, err := os.Open(archive)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, f)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(parent, hex.EncodeToString(hash.Sum(nil)[:12]))
	if _, err := os.Stat(dir); err == nil {
		return filepath.Abs(dir)
	}
	z, err := zip.NewReader(f, size)
	if err != nil {
		return "", fmt.Errorf("code: %s is neither a folder nor a zip archive: %w", archive, err)
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(parent, "unpack-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	budget := int64(maxUnpacked)
	for _, entry := range z.File {
		if err := unpackOne(entry, tmp, &budget); err != nil {
			return "", fmt.Errorf("code: %s: %s: %w", archive, entry.Name, err)
		}
	}
	if err := os.Rename(tmp, dir); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return filepath.Abs(dir)
}

func unpackOne(entry *zip.File, dir string, budget *int64) error {
	if !filepath.IsLocal(entry.Name) {
		return errors.New("the name leads out of the archive")
	}
	path := filepath.Join(dir, entry.Name)
	if strings.HasSuffix(entry.Name, "/") {
		return os.MkdirAll(path, 0o700)
	}
	if !entry.Mode().IsRegular() {
		return errors.New("neither a file nor a folder")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	in, err := entry.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	mode := entry.Mode().Perm() | 0o600
	if filepath.Base(path) == "bootstrap" {
		mode |= 0o100
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(in, *budget+1))
	if *budget -= n; *budget < 0 {
		err = fmt.Errorf("unpacked it is larger than %d bytes in all", maxUnpacked)
	}
	return errors.Join(err, out.Close())
}
