package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/invoke/process"
)

// functionRole is the child that is a Go function.
const functionRole = "function"

// beFunction serves invocations until it is killed.
func beFunction() {
	lambda.Start(func(_ context.Context, event json.RawMessage) (int, error) { return len(event), nil })
}

const (
	invocations = 3000
	hostTime    = time.Minute // of one run, at most
)

// hostedEvent has 200 bytes.
var hostedEvent = json.RawMessage(`{"text":"` + strings.Repeat("x", 189) + `"}`)

// A guest is a function to host, and how to run it barely once it is prepared.
type guest struct {
	process.Function
	bare func(data string) (argv, variables []string, err error)
}

// hosted invokes a Go function, one invocation after the other: invocations a
// second of a hosted process and of a bare Runtime API host.
func hosted(ctx context.Context, l *lab) ([]figure, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f, err := host(ctx, l, guest{
		process.Function{
			Name: "go", Command: []string{program},
			Environment: map[string]string{roleVariable: functionRole},
		},
		func(string) (argv, variables []string, err error) {
			return []string{program}, []string{roleVariable + "=" + functionRole}, nil
		},
	}, invocations)
	f.least = 0.8
	return []figure{f}, err
}

// runtimes is hosted for the interpreters that are there. Both sides run
// penstock's own runtime client.
func runtimes(ctx context.Context, l *lab) (figures []figure, err error) {
	for _, r := range []struct{ program, runtime, file, code, client string }{
		{"python3", "python3", "f.py", "def handler(event, context):\n    return len(event)\n", "bootstrap.py"},
		{"node", "nodejs", "f.mjs", "export const handler = async (event) => 1;\n", "index.mjs"},
	} {
		program, err := exec.LookPath(r.program)
		if err != nil {
			continue
		}
		code, err := l.temp("code-" + r.program)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(code, r.file), []byte(r.code), 0o600); err != nil {
			return nil, err
		}
		f, err := host(ctx, l, guest{
			process.Function{Name: r.program, Runtime: r.runtime, Handler: "f.handler", CodeDir: code},
			func(data string) (argv, variables []string, err error) {
				client, err := filepath.Glob(filepath.Join(data, "runtime", "*", r.client))
				if err != nil || len(client) != 1 {
					return nil, nil, fmt.Errorf("%d runtime clients in %s, must be 1: %w", len(client), data, err)
				}
				return []string{program, client[0], "f.handler"}, []string{"LAMBDA_RUNTIME_DIR=" + filepath.Dir(client[0])}, nil
			},
		}, invocations/4)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.program, err)
		}
		figures = append(figures, f)
	}
	return figures, nil
}

// host compares n invocations of a guest.
func host(ctx context.Context, l *lab, g guest, n int) (figure, error) {
	data, err := l.temp("host-" + g.Name)
	if err != nil {
		return figure{}, err
	}
	if g.CodeDir == "" {
		g.CodeDir = data
	}
	program, err := os.Executable()
	if err != nil {
		return figure{}, err
	}
	h := &process.Host{DataDir: data, Reaper: program}
	p, err := h.New(g.Function)
	if err != nil {
		return figure{}, err
	}
	defer p.Close()
	if err := p.Prepare(ctx); err != nil {
		return figure{}, err
	}
	argv, variables, err := g.bare(data)
	if err != nil {
		return figure{}, err
	}
	b, err := startBare(argv, g.CodeDir, g.Handler, variables...)
	if err != nil {
		return figure{}, err
	}
	defer b.close()
	list, err := pairs(ctx, 3, repeat(n, b.invoke), repeat(n, func(ctx context.Context, event []byte) error {
		r, err := p.Invoke(ctx, invoke.Request{Event: event})
		if err == nil && r.Failure != "" {
			err = fmt.Errorf("the function failed: %s", r.Payload)
		}
		return err
	}))
	if err != nil {
		return figure{}, err
	}
	f := compare(list, 0)
	f.what, f.unit = "invocations of a "+g.Name+" process", "1/s"
	return f, nil
}

// repeat measures the rate of n invocations.
func repeat(n int, invoke func(context.Context, []byte) error) sample {
	return func(ctx context.Context) ([]float64, error) {
		ctx, cancel := context.WithTimeout(ctx, hostTime)
		defer cancel()
		began := time.Now()
		for range n {
			if err := invoke(ctx, hostedEvent); err != nil {
				return nil, err
			}
		}
		return []float64{float64(n) / time.Since(began).Seconds()}, nil
	}
}
