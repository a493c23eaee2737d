//go:build real

package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/penstock/penstock/invoke"
)

// TestWaitingWhenTheProcessEnds: nobody is in the process when it ends, and one
// waits for it.
func TestWaitingWhenTheProcessEnds(t *testing.T) {
	code := t.TempDir()
	client := filepath.Join(code, "once.py")
	if err := os.WriteFile(client, []byte(`
import http.client, os, time
c = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
c.request("GET", "/2018-06-01/runtime/invocation/next")
r = c.getresponse(); body = r.read()
time.sleep(0.3)
c.request("POST", "/2018-06-01/runtime/invocation/%s/response" % r.headers["Lambda-Runtime-Aws-Request-Id"], body)
c.getresponse().read()
time.sleep(0.3)
`), 0o600); err != nil {
		t.Fatal(err)
	}
	p, _ := open(t, &Host{}, Function{
		Command: []string{"python3", client}, CodeDir: code, Concurrency: 2, PerProcess: 2, Timeout: 20 * time.Second,
	})
	var all sync.WaitGroup
	for n := range 3 {
		all.Go(func() {
			if got := try(t, p, fmt.Sprint(n), 30*time.Second); got != fmt.Sprint(n) {
				t.Errorf("%d: %s", n, got)
			}
		})
	}
	all.Wait()
}

// TestStartsInsideAreNoRoom: an environment that an invocation starts anew is
// that invocation's; another one gets an environment of its own.
func TestStartsInsideAreNoRoom(t *testing.T) {
	p, _ := open(t, &Host{}, Function{
		Runtime: "python3", Handler: "f.handler", Concurrency: 2, Timeout: 20 * time.Second, CodeDir: python(t, `
import os, time
def handler(event, context):
    if event == "exit":
        os._exit(1)
    open(event, "w").close()
    while not (os.path.exists("a") and os.path.exists("b")):
        time.sleep(0.01)
    return "met"
`)})
	try(t, p, `"exit"`, 30*time.Second)
	var all sync.WaitGroup
	for _, name := range []string{`"a"`, `"b"`} {
		all.Go(func() {
			if got := try(t, p, name, 30*time.Second); got != `"met"` {
				t.Errorf("%s: %s", name, got)
			}
		})
	}
	all.Wait()
}

// try invokes and returns the answer or the error's text.
func try(t *testing.T, p *Process, event string, limit time.Duration) string {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	r, err := p.Invoke(ctx, invoke.Request{Event: json.RawMessage(event)})
	if err != nil {
		return err.Error()
	}
	return string(r.Payload)
}

// TestStress: many callers, few environments, functions that exit or hang and
// callers that leave. Everybody gets their own answer, and nothing hangs.
func TestStress(t *testing.T) {
	const callers, calls, timeout = 8, 40, 4 * time.Second
	reaper, _ := os.Executable()
	h := &Host{DataDir: t.TempDir(), Reaper: reaper, Logs: func(LogLine) {}}
	node := t.TempDir()
	if err := os.WriteFile(filepath.Join(node, "f.mjs"), []byte(`
export const handler = async (e) => {
  if (e.Crash) process.exit(5);
  if (e.Hang) await new Promise(() => setInterval(() => {}, 1000));
  console.log("n", e.N);
  return { n: e.N };
};
`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, fn := range []Function{
		{Name: "python", Runtime: "python3", Handler: "f.handler", Concurrency: 3, CodeDir: python(t, `
import os, time
def handler(e, c):
    if e.get("Crash"):
        os._exit(5)
    if e.get("Hang"):
        time.sleep(60)
    print("n", e["N"])
    return {"n": e["N"]}
`)},
		{Name: "node", Runtime: "nodejs", Handler: "f.handler", Concurrency: 3, CodeDir: node},
		{Name: "go", Runtime: "go", CodeDir: "testdata/go/parallel", Concurrency: 6, PerProcess: 3},
	} {
		t.Run(fn.Name, func(t *testing.T) {
			t.Parallel()
			fn.Timeout = timeout
			p, err := h.New(fn)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			if err := p.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for caller := range callers {
				all.Go(func() {
					for i := range calls {
						stressCall(t, p, caller*calls+i, caller < 2 && i == calls/2, fn.PerProcess == 0 && i%20 == 7)
					}
				})
			}
			all.Wait()
		})
	}
}

func stressCall(t *testing.T, p *Process, n int, hang, crash bool) {
	patience := time.Minute
	leaves := !hang && !crash && n%5 == 3
	if leaves {
		patience = time.Duration(rand.IntN(3000)) * time.Microsecond
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	id := fmt.Sprintf("%s-%d", p.fn.Name, n)
	r, err := p.Invoke(ctx, invoke.Request{ID: id, Event: fmt.Appendf(nil, `{"N":%d,"Hang":%v,"Crash":%v}`, n, hang, crash)})
	if leaves && errors.Is(err, context.DeadlineExceeded) {
		return
	}
	var got struct {
		N       int    `json:"n"`
		Message string `json:"errorMessage"`
	}
	if err != nil || json.Unmarshal(r.Payload, &got) != nil || r.RequestID != id {
		t.Errorf("%s: %s, %v", id, r.Payload, err)
		return
	}
	want := ""
	switch {
	case hang:
		want, n = "RequestId: "+id+" Error: Task timed out after 4.00 seconds", 0
	case crash:
		want, n = "RequestId: "+id+" Error: Runtime exited with error: exit status 5", 0
	}
	if got.Message != want || got.N != n {
		t.Errorf("%s (hang %v, crash %v): %s", id, hang, crash, r.Payload)
	}
}
