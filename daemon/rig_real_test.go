//go:build real

package daemon_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the command under test, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "penstock-daemon-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "penstock")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/penstock").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	stopClient()
	os.RemoveAll(dir)
	os.Exit(code)
}

// need returns a variable that peers/with.sh sets.
func need(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: run this suite by peers/with.sh go test -tags real ./daemon", name)
	}
	return value
}

// penstock runs the command to its end and returns what it printed.
func penstock(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// A line of the daemon's log.
type line struct {
	Level, Msg, Function, Request, Listen, Error string
	Time                                         time.Time
}

// A daemon is a running "penstock up".
type daemon struct {
	t     *testing.T
	cmd   *exec.Cmd
	URL   string
	ended chan struct{}

	mu    sync.Mutex
	news  *sync.Cond
	lines []line
	raw   strings.Builder
}

// up starts a daemon and waits until it is ready. It is stopped with the test.
func up(t *testing.T, args ...string) *daemon {
	t.Helper()
	d := launch(t, args...)
	ready, ok := d.wait(30*time.Second, func(l line) bool { return l.Msg == "ready" })
	if !ok {
		t.Fatalf("the daemon is not ready:\n%s", d.output())
	}
	d.URL = ready.Listen
	return d
}

func launch(t *testing.T, args ...string) *daemon {
	t.Helper()
	args = append([]string{"up", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--log-format", "json"}, args...)
	d := &daemon{t: t, cmd: exec.Command(binary, args...), ended: make(chan struct{})}
	d.news = sync.NewCond(&d.mu)
	pipe, err := d.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		d.read(pipe)
		d.cmd.Wait()
		close(d.ended)
	}()
	t.Cleanup(func() {
		d.cmd.Process.Kill()
		<-d.ended
		if t.Failed() {
			t.Logf("log of the daemon:\n%s", d.output())
		}
	})
	return d
}

func (d *daemon) read(r io.Reader) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var l line
		json.Unmarshal(scanner.Bytes(), &l)
		d.mu.Lock()
		d.lines = append(d.lines, l)
		if d.raw.Len() < 1<<20 {
			d.raw.Write(scanner.Bytes())
			d.raw.WriteByte('\n')
		}
		d.mu.Unlock()
		d.news.Broadcast()
	}
}

func (d *daemon) output() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.raw.String()
}

// wait returns the first line that matches, once it is there.
func (d *daemon) wait(limit time.Duration, match func(line) bool) (line, bool) {
	over := false
	timer := time.AfterFunc(limit, func() { d.mu.Lock(); over = true; d.mu.Unlock(); d.news.Broadcast() })
	defer timer.Stop()
	go func() { <-d.ended; d.news.Broadcast() }()
	d.mu.Lock()
	defer d.mu.Unlock()
	for seen := 0; ; {
		for ; seen < len(d.lines); seen++ {
			if match(d.lines[seen]) {
				return d.lines[seen], true
			}
		}
		select {
		case <-d.ended:
			return line{}, false
		default:
		}
		if over {
			return line{}, false
		}
		d.news.Wait()
	}
}

// function waits for output of a function that contains all of the texts.
func (d *daemon) function(name string, texts ...string) line {
	d.t.Helper()
	l, ok := d.wait(30*time.Second, func(l line) bool {
		for _, text := range texts {
			if !strings.Contains(l.Msg, text) {
				return false
			}
		}
		return l.Function == name
	})
	if !ok {
		d.t.Fatalf("function %s never printed %q", name, texts)
	}
	return l
}

// printed counts the lines of a function that contain text.
func (d *daemon) printed(name, text string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range d.lines {
		if l.Function == name && strings.Contains(l.Msg, text) {
			n++
		}
	}
	return n
}

// stop sends a signal and waits for the end.
func (d *daemon) stop(s os.Signal) (code int) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
	select {
	case <-d.ended:
	case <-time.After(40 * time.Second):
		d.t.Fatal("the daemon does not end")
	}
	return d.cmd.ProcessState.ExitCode()
}
