package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/invoke/process"
)

// newHost is the host of the functions' processes. logs gets what functions
// print and what is reported of invocations, warn what else the host has to
// say, each thing once.
func (c *command) newHost(data, url string, logs func(process.LogLine), warn func(string)) (*process.Host, error) {
	runtimes, err := pairs("runtime", c.Runtimes)
	if err != nil {
		return nil, err
	}
	for runtime, program := range runtimes {
		if info, err := os.Stat(program); filepath.IsAbs(program) && (err != nil || info.IsDir()) {
			return nil, usage("--runtime %s=%s: there is no such program", runtime, program)
		}
	}
	var said sync.Map
	h := &process.Host{DataDir: data, Runtimes: runtimes, PassCredentials: c.PassCredentials}
	h.Logs = func(line process.LogLine) {
		if !line.Platform || line.Function != "" {
			logs(line)
		} else if _, again := said.LoadOrStore(line.Text, true); !again {
			warn(strings.TrimPrefix(line.Text, "penstock: warning: "))
		}
	}
	if url != "" {
		h.Env = map[string]string{"AWS_ENDPOINT_URL_SQS": url}
	}
	if h.Reaper, err = os.Executable(); err != nil {
		return nil, environment("%w", err)
	}
	return h, nil
}

// described says how a template's function with its code in dir is run.
func (c *command) described(fn template.Function, dir string) process.Function {
	return process.Function{
		Name: fn.Name, Runtime: fn.Runtime, Handler: fn.Handler, CodeDir: dir,
		Environment: fn.Environment, MemoryMB: fn.MemorySize, Timeout: fn.Timeout,
		LogFormat: fn.LogFormat, LogLevel: fn.LogLevel,
		Concurrency: max(1, concurrency(fn)), ARN: fn.ARN, Region: c.Region, Account: c.Account,
	}
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
