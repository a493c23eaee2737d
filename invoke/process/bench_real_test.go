//go:build real

package process

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/penstock/penstock/invoke"
)

// BenchmarkInvoke measures one warm environment, and for the same child a bare
// host of the Runtime API: a handler that only passes events and answers on.
// The third figure, ratio, is the hosted rate over the bare one.
func BenchmarkInvoke(b *testing.B) {
	event := json.RawMessage(`{"records":["` + strings.Repeat("x", 170) + `"]}`)
	code := b.TempDir()
	for name, text := range map[string]string{
		"f.py":  "def handler(event, context):\n    return len(event)\n",
		"f.mjs": "export const handler = async (event) => 1;\n",
	} {
		if err := os.WriteFile(filepath.Join(code, name), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for _, fn := range []Function{
		{Name: "go", Runtime: "go", CodeDir: "testdata/go/answers"},
		{Name: "python", Runtime: "python3", Handler: "f.handler", CodeDir: code},
		{Name: "node", Runtime: "nodejs", Handler: "f.handler", CodeDir: code},
	} {
		b.Run(fn.Name, func(b *testing.B) {
			reaper, _ := os.Executable()
			h := &Host{DataDir: b.TempDir(), Reaper: reaper}
			p, err := h.New(fn)
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			hosted := func() {
				if r, err := p.Invoke(b.Context(), invoke.Request{Event: event}); err != nil || r.Failure != "" {
					b.Fatal(err, string(r.Payload))
				}
			}
			hosted()
			bare := startBare(b, p)
			bare.invoke(event)
			// Blocks take turns, so that both see the same machine. Not single
			// calls: a child polls again while the other is measured.
			var ours, theirs time.Duration
			n := 0
			for b.Loop() {
				ours += timed(hosted)
				theirs += timed(func() { bare.invoke(event) })
				n += blockSize
			}
			b.ReportMetric(float64(ours.Nanoseconds())/float64(n), "ns/hosted")
			b.ReportMetric(float64(theirs.Nanoseconds())/float64(n), "ns/bare")
			b.ReportMetric(float64(theirs)/float64(ours), "ratio")
		})
	}
}

const blockSize = 200

// timed runs f blockSize times.
func timed(f func()) time.Duration {
	begun := time.Now()
	for range blockSize {
		f()
	}
	return time.Since(begun)
}

// BenchmarkCold measures a start until the first answer.
func BenchmarkCold(b *testing.B) {
	reaper, _ := os.Executable()
	h := &Host{DataDir: b.TempDir(), Reaper: reaper}
	keep, err := h.New(Function{Name: "keep", Runtime: "go", CodeDir: "testdata/go/answers"})
	if err != nil {
		b.Fatal(err)
	}
	defer keep.Close() // the reaper stays
	if _, err := keep.Invoke(b.Context(), invoke.Request{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p, err := h.New(keep.fn)
		if err != nil {
			b.Fatal(err)
		}
		p.plan = keep.plan
		if _, err := p.Invoke(b.Context(), invoke.Request{}); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		p.Close()
		b.StartTimer()
	}
}

// bare is the least a host of the Runtime API can do.
type bare struct {
	events  chan []byte
	answers chan []byte
}

func startBare(b *testing.B, p *Process) *bare {
	h := &bare{make(chan []byte), make(chan []byte)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case event := <-h.events:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "id")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			w.Write(event)
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		h.answers <- body
	})
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: mux}
	go server.Serve(listener)
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, p.plan.argv[0], p.plan.argv[1:]...)
	command.Dir = p.fn.CodeDir
	e := &environment{p: p, plan: p.plan, tmp: b.TempDir(), log: &recorder{}}
	command.Env = e.variables(listener.Addr().String())
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cancel(); command.Wait(); server.Close() })
	return h
}

func (h *bare) invoke(event []byte) {
	h.events <- event
	<-h.answers
}
