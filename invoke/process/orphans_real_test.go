//go:build real

package process

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/penstock/penstock/invoke"
)

// hanging is a function that starts a child in its group, and a grandchild in a
// session of its own whose parent is gone and whose environment is empty, and
// one that kept its environment; then it hangs.
const hanging = `
import os, subprocess, sys, time
def handler(event, context):
    same = subprocess.Popen(["sleep", "1000"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    out = subprocess.run(["/bin/sh", "-c", "env -i setsid sleep 1000 >/dev/null 2>&1 & echo $!"], stdout=subprocess.PIPE)
    away = int(out.stdout)
    marked = int(subprocess.run(["/bin/sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!"], stdout=subprocess.PIPE).stdout)
    print("pids", [os.getpid(), same.pid, away, marked])
    time.sleep(1000)
`

// TestVictim is not a test of its own: TestNothingOutlivesTheHost runs it as
// the host that is killed.
func TestVictim(t *testing.T) {
	dir := os.Getenv("PENSTOCK_VICTIM")
	if dir == "" {
		return
	}
	h := &Host{DataDir: filepath.Join(dir, "data"), Logs: func(l LogLine) { fmt.Println(l.Text) }}
	if os.Getenv("PENSTOCK_VICTIM_REAPER") != "" {
		h.Reaper, _ = os.Executable()
	}
	p, err := h.New(Function{Name: "f", Runtime: "python3", Handler: "f.handler", CodeDir: dir, Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	p.Invoke(context.Background(), invoke.Request{})
}

func TestNothingOutlivesTheHost(t *testing.T) {
	for _, reaper := range []bool{true, false} {
		t.Run(fmt.Sprintf("reaper=%v", reaper), func(t *testing.T) {
			if !reaper && runtime.GOOS != "linux" {
				return // nothing is promised
			}
			// It hangs: a function that polls ends by itself when its host goes.
			dir := python(t, hanging)
			host := exec.Command(os.Args[0], "-test.run=^TestVictim$")
			host.Env = append(os.Environ(), "PENSTOCK_VICTIM="+dir)
			if reaper {
				host.Env = append(host.Env, "PENSTOCK_VICTIM_REAPER=1")
			}
			host.Stderr = os.Stderr
			out, err := host.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := host.Start(); err != nil {
				t.Fatal(err)
			}
			defer host.Process.Kill()
			var pids []int
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if text, ok := strings.CutPrefix(lines.Text(), "pids "); ok {
					if err := json.Unmarshal([]byte(text), &pids); err != nil {
						t.Fatalf("%s: %v", text, err)
					}
					break
				}
			}
			if len(pids) != 4 {
				t.Fatalf("pids %v", pids)
			}
			for _, pid := range pids {
				if !running(pid) {
					t.Fatalf("process %d of %v does not run", pid, pids)
				}
				defer syscall.Kill(pid, syscall.SIGKILL)
			}
			if err := host.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			host.Wait()
			if !reaper {
				pids = pids[:1] // what is promised without: the function itself
			}
			for i, pid := range pids {
				eventually(t, fmt.Sprintf("process %d of the family is gone", i), func() bool { return !running(pid) })
			}
			if reaper {
				eventually(t, "the temporary folders are gone", func() bool {
					left, _ := filepath.Glob(filepath.Join(dir, "data", "tmp", "*"))
					return len(left) == 0
				})
			}
		})
	}
}

func TestTimeoutKillsTheWholeTree(t *testing.T) {
	for _, reaper := range []string{"", "none"} {
		p, j := open(t, &Host{Reaper: reaper}, Function{Runtime: "python3", Handler: "f.handler", Timeout: time.Second, CodeDir: python(t, hanging)})
		if r := call(t, p, "{}"); !strings.Contains(string(r.Payload), "Timedout") {
			t.Fatalf("%s", r.Payload)
		}
		_, list, ok := strings.Cut(j.text(), "pids ")
		var pids []int
		if list, _, _ = strings.Cut(list, "\n"); !ok || json.Unmarshal([]byte(list), &pids) != nil {
			t.Fatalf("log %q", j.text())
		}
		for i, pid := range pids {
			if i == 2 {
				// It left the group, its parents and the environment: only the
				// end of the host finds it.
				defer syscall.Kill(pid, syscall.SIGKILL)
				continue
			}
			eventually(t, fmt.Sprintf("process %d of the family is gone (reaper %q)", i, reaper), func() bool { return !running(pid) })
		}
		p.Close()
		if reaper == "" {
			eventually(t, "the reaper takes the last one", func() bool { return !running(pids[2]) })
		}
	}
}

func TestReaperIsKilled(t *testing.T) {
	p, _ := open(t, &Host{}, Function{Runtime: "python3", Handler: "f.handler", Concurrency: 1, CodeDir: python(t, `
import os
def handler(event, context):
    return os.getpid()
`)})
	r := call(t, p, "{}")
	var before int
	json.Unmarshal(r.Payload, &before)
	reaper := p.host.launcher.(*supervised).command.Process
	if err := reaper.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the function goes with the reaper", func() bool { return !running(before) })
	eventually(t, "the next invocation has a new process", func() bool {
		r, err := p.Invoke(t.Context(), invoke.Request{})
		var after int
		return err == nil && json.Unmarshal(r.Payload, &after) == nil && after != before
	})
}

// TestNothingIsLeft: goroutines, descriptors and files end with Close.
func TestNothingIsLeft(t *testing.T) {
	count := func() int {
		names, _ := os.ReadDir("/proc/self/fd")
		return len(names)
	}
	for _, reaper := range []string{"", "none"} {
		h := &Host{Reaper: reaper, DataDir: t.TempDir(), Idle: time.Minute}
		goroutines, files := runtime.NumGoroutine(), count()
		p, _ := open(t, h, Function{Runtime: "python3", Handler: "f.handler", Timeout: time.Second, CodeDir: python(t, `
import sys, time
def handler(event, context):
    if event == "exit": sys.exit(1)
    if event == "hang": time.sleep(100)
`)})
		for _, event := range []string{"1", `"exit"`, "2", `"hang"`, "3"} {
			call(t, p, event)
		}
		p.Close()
		eventually(t, "goroutines are gone", func() bool { return runtime.NumGoroutine() <= goroutines })
		eventually(t, "descriptors are closed", func() bool { return count() <= files })
		if left, _ := filepath.Glob(filepath.Join(h.DataDir, "tmp", "*")); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		if err := p.Close(); err != nil {
			t.Errorf("a second Close: %v", err)
		}
	}
}

func TestBusyTextFile(t *testing.T) {
	for _, reaper := range []string{"", "none"} {
		dir := script(t, "#!/bin/sh\nexit 3\n")
		held, err := os.OpenFile(filepath.Join(dir, "bootstrap"), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(30*time.Millisecond, func() { held.Close() })
		defer timer.Stop()
		p, _ := open(t, &Host{Reaper: reaper}, Function{Runtime: "provided", CodeDir: dir})
		if r := call(t, p, "{}"); !strings.Contains(string(r.Payload), "exit status 3") {
			t.Errorf("a bootstrap that was open for writing: %s", r.Payload)
		}
		p.Close()
	}
}
