//go:build real

package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/penstock/penstock/invoke"
)

// open returns a hosted function and the lines of its log.
func open(t *testing.T, h *Host, fn Function) (*Process, *journal) {
	t.Helper()
	j := &journal{}
	if h.DataDir == "" {
		h.DataDir = t.TempDir()
	}
	h.Logs = j.add
	if h.Reaper == "" {
		h.Reaper, _ = os.Executable()
	} else if h.Reaper == "none" {
		h.Reaper = ""
	}
	if fn.Name == "" {
		fn.Name = "f"
	}
	p, err := h.New(fn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p, j
}

type journal struct {
	mu    sync.Mutex
	lines []LogLine
}

func (j *journal) add(l LogLine) {
	j.mu.Lock()
	j.lines = append(j.lines, l)
	j.mu.Unlock()
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var s strings.Builder
	for _, l := range j.lines {
		s.WriteString(l.Text + "\n")
	}
	return s.String()
}

func call(t *testing.T, p *Process, event string) invoke.Result {
	t.Helper()
	r, err := p.Invoke(t.Context(), invoke.Request{Event: json.RawMessage(event)})
	if err != nil {
		t.Fatalf("Invoke(%s): %v", event, err)
	}
	return r
}

// eventually waits for what other processes do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); <-tick.C {
		if ok() {
			return
		}
	}
	t.Fatalf("not within 10 s: %s", what)
}

func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

func script(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bootstrap"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func python(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f.py"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestGoAnswers(t *testing.T) { // H1, H2, H10
	p, _ := open(t, &Host{}, Function{Runtime: "provided.al2023", CodeDir: "testdata/go/answers"})
	if r := call(t, p, `"error"`); string(r.Payload) != `{"errorMessage":"Error: x","errorType":"errorString"}` || r.Failure != "Unhandled" {
		t.Errorf("errors.New: %s", r.Payload)
	}
	if r := call(t, p, `"panic"`); !strings.Contains(string(r.Payload), `"errorMessage":"on purpose"`) || !strings.Contains(string(r.Payload), `"stackTrace":[{"path"`) || r.Cold {
		t.Errorf("a panic's posted answer must stand: cold %v, %s", r.Cold, r.Payload)
	}
	if r := call(t, p, `"again"`); string(r.Payload) != `"again"` || !r.Cold {
		t.Errorf("after a panic: cold %v, %s", r.Cold, r.Payload)
	}
	r, err := p.Invoke(t.Context(), invoke.Request{
		Event: json.RawMessage(`"arn"`), FunctionARN: "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
	})
	if err != nil || string(r.Payload) != `"arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST"` {
		t.Errorf("qualified ARN: %s, %v", r.Payload, err)
	}
	// H13: the caller's id is the function's.
	r, err = p.Invoke(t.Context(), invoke.Request{ID: "11111111-2222-4333-8444-555555555555"})
	if err != nil || r.RequestID != "11111111-2222-4333-8444-555555555555" || !strings.Contains(string(r.Log), "START RequestId: 11111111-2222-4333-8444-555555555555") {
		t.Errorf("given id: %s, %v, %s", r.RequestID, err, r.Log)
	}
}

func TestGoStream(t *testing.T) { // H3
	p, _ := open(t, &Host{}, Function{Runtime: "go", CodeDir: "testdata/go/stream"})
	if r := call(t, p, `"whole"`); string(r.Payload) != "whole" || r.Failure != "" {
		t.Errorf("whole: %s %s", r.Failure, r.Payload)
	}
	if r := call(t, p, `"fail"`); r.Failure != "Unhandled" || !strings.Contains(string(r.Payload), `"errorMessage":"midway"`) {
		t.Errorf("failing midway: %q %s", r.Failure, r.Payload)
	}
}

func TestGrandchildKeepsStdoutOpen(t *testing.T) { // H7
	p, _ := open(t, &Host{}, Function{Runtime: "go", CodeDir: "testdata/go/answers"})
	begun := time.Now()
	r := call(t, p, `"grandchild"`)
	var pid int
	if err := json.Unmarshal(r.Payload, &pid); err != nil {
		t.Fatalf("%s: %v", r.Payload, err)
	}
	if !running(pid) {
		t.Fatal("the grandchild does not run")
	}
	if r := call(t, p, `"exit"`); !strings.Contains(string(r.Payload), "exit status 4") {
		t.Errorf("exit: %s", r.Payload)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the invocation waited %v for the grandchild", took)
	}
	eventually(t, "the grandchild is gone", func() bool { return !running(pid) })
}

func TestManyInOneProcess(t *testing.T) { // H11
	p, _ := open(t, &Host{}, Function{Runtime: "go", CodeDir: "testdata/go/parallel", PerProcess: 4, Concurrency: 4, Timeout: 20 * time.Second})
	var mu sync.Mutex
	pids := map[int]int{}
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			r, err := p.Invoke(t.Context(), invoke.Request{Event: fmt.Appendf(nil, `{"N":%d,"Meet":4}`, n)})
			var out struct{ N, PID int }
			if err != nil || json.Unmarshal(r.Payload, &out) != nil || out.N != n {
				t.Errorf("invocation %d got %s, %v", n, r.Payload, err)
			}
			mu.Lock()
			pids[out.PID]++
			mu.Unlock()
		})
	}
	all.Wait()
	if len(pids) != 1 {
		t.Errorf("four invocations met in processes %v", pids)
	}
}

func TestTimeoutInSharedProcess(t *testing.T) {
	p, _ := open(t, &Host{}, Function{Runtime: "go", CodeDir: "testdata/go/parallel", PerProcess: 2, Concurrency: 2, Timeout: time.Second})
	r := call(t, p, `{"N":1}`)
	var before struct{ PID int }
	json.Unmarshal(r.Payload, &before)
	if r := call(t, p, `{"Hang":true}`); !strings.Contains(string(r.Payload), "Sandbox.Timedout") {
		t.Errorf("hang: %s", r.Payload)
	}
	r = call(t, p, `{"N":2}`)
	var after struct{ N, PID int }
	if json.Unmarshal(r.Payload, &after); after.N != 2 || after.PID == before.PID || !r.Cold {
		t.Errorf("after a hang: %s, process before %d", r.Payload, before.PID)
	}
	if running(before.PID) {
		t.Error("the process with the hanging invocation still runs")
	}
	if r := call(t, p, `{"Crash":true}`); !strings.Contains(string(r.Payload), "exit status 5") {
		t.Errorf("crash: %s", r.Payload)
	}
}

func TestStopRunsSIGTERMCallback(t *testing.T) { // H12
	tidy := filepath.Join(t.TempDir(), "tidy")
	p, j := open(t, &Host{Idle: 50 * time.Millisecond, Env: map[string]string{"TIDY": tidy}}, Function{Runtime: "go", CodeDir: "testdata/go/sigterm"})
	if r := call(t, p, `{}`); string(r.Payload) != "1" {
		t.Fatalf("%s", r.Payload)
	}
	eventually(t, "an idle environment runs its SIGTERM callback", func() bool {
		_, err := os.Stat(tidy)
		return err == nil
	})
	eventually(t, "the callback's output is logged", func() bool { return strings.Contains(j.text(), "tidied up\n") })
	if r := call(t, p, `{}`); !r.Cold {
		t.Error("the idle environment was not stopped")
	}
}

func TestBoundsOfResults(t *testing.T) { // H8
	p, _ := open(t, &Host{}, Function{Runtime: "python3", Handler: "f.handler", Timeout: 10 * time.Second, CodeDir: python(t, `
def handler(event, context):
    return b"x" * event
`)})
	if r := call(t, p, "6291556"); r.Failure != "" || len(r.Payload) != 6291556 {
		t.Errorf("a result of the most bytes: %q, %d bytes", r.Failure, len(r.Payload))
	}
	if r := call(t, p, "6291557"); r.Failure == "" {
		t.Error("a result of one byte more passed")
	}
}

func TestConcurrencyAndWaiting(t *testing.T) {
	p, _ := open(t, &Host{}, Function{Runtime: "python3", Handler: "f.handler", Concurrency: 2, CodeDir: python(t, `
import os, time
def handler(event, context):
    time.sleep(0.2)
    return os.getpid()
`)})
	var mu sync.Mutex
	pids := map[string]int{}
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			r, err := p.Invoke(t.Context(), invoke.Request{})
			if err != nil || r.Failure != "" {
				t.Errorf("%s, %v", r.Payload, err)
			}
			mu.Lock()
			pids[string(r.Payload)]++
			mu.Unlock()
		})
	}
	all.Wait()
	if len(pids) != 2 {
		t.Errorf("concurrency 2 ran in processes %v", pids)
	}
	// Both busy: one that cannot wait gets its context's error, and no slot leaks.
	for range 2 {
		all.Go(func() { p.Invoke(t.Context(), invoke.Request{}) })
	}
	eventually(t, "both environments are busy", func() bool {
		p.pool.mu.Lock()
		defer p.pool.mu.Unlock()
		return len(p.pool.envs) == 2 && p.pool.envs[0].busy+p.pool.envs[1].busy == 2
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := p.Invoke(ctx, invoke.Request{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a slot: %v", err)
	}
	all.Wait()
	call(t, p, "{}")
}

func TestCallerLeaves(t *testing.T) {
	done := filepath.Join(t.TempDir(), "done")
	p, _ := open(t, &Host{}, Function{Runtime: "python3", Handler: "f.handler", CodeDir: python(t, `
import time
def handler(event, context):
    if event:
        open(event + ".begun", "w").close()
        time.sleep(0.3)
        open(event, "w").close()
`)})
	call(t, p, "null")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range 1000 {
			<-tick.C
			if _, err := os.Stat(done + ".begun"); err == nil {
				return
			}
		}
	}()
	if _, err := p.Invoke(ctx, invoke.Request{Event: fmt.Appendf(nil, "%q", done)}); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that leaves: %v", err)
	}
	p.Close()
	if _, err := os.Stat(done); err != nil {
		t.Errorf("Close did not wait for the invocation: %v", err)
	}
	if _, err := p.Invoke(t.Context(), invoke.Request{}); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestShutdownByForce(t *testing.T) {
	p, _ := open(t, &Host{}, Function{Runtime: "go", CodeDir: "testdata/go/parallel", Timeout: time.Minute})
	call(t, p, `{"N":1}`)
	failed := make(chan error, 1)
	go func() {
		_, err := p.Invoke(context.Background(), invoke.Request{Event: json.RawMessage(`{"Hang":true}`)})
		failed <- err
	}()
	eventually(t, "the invocation runs", func() bool {
		p.pool.mu.Lock()
		defer p.pool.mu.Unlock()
		return p.pool.envs[0].busy == 1
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	if err := <-failed; !errors.Is(err, errClosed) {
		t.Errorf("an invocation cut off by Shutdown is not the function's failure: %v", err)
	}
}

// TestRush: more callers than environments, each gets its own answer.
func TestRush(t *testing.T) {
	for _, perProcess := range []int{1, 2} {
		p, _ := open(t, &Host{}, Function{Runtime: "go", CodeDir: "testdata/go/parallel", Concurrency: 4, PerProcess: perProcess, Timeout: 20 * time.Second})
		var all sync.WaitGroup
		for caller := range 8 {
			all.Go(func() {
				for i := range 300 {
					n := caller*1000 + i
					r, err := p.Invoke(t.Context(), invoke.Request{Event: fmt.Appendf(nil, `{"N":%d}`, n)})
					if err != nil || !strings.HasPrefix(string(r.Payload), fmt.Sprintf(`{"n":%d,`, n)) {
						t.Errorf("%d got %s, %v", n, r.Payload, err)
						return
					}
					if !strings.HasPrefix(string(r.Log), "START RequestId: "+r.RequestID) || !strings.Contains(string(r.Log), "\nREPORT ") {
						t.Errorf("log %q", r.Log)
					}
				}
			})
		}
		all.Wait()
		if n := len(p.pool.envs); n > 4/perProcess {
			t.Errorf("%d environments", n)
		}
	}
}
