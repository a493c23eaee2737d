package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"
)

// bare is the least that a host of the Runtime API can do: it passes events
// and answers on, one at a time, and looks after nothing.
type bare struct {
	events  chan []byte
	answers chan []byte
	server  *http.Server
	child   *exec.Cmd
}

// startBare starts a program with the variables that runtimes need.
func startBare(argv []string, folder, handler string, more ...string) (*bare, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &bare{events: make(chan []byte), answers: make(chan []byte), child: exec.Command(argv[0], argv[1:]...)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", h.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", h.response)
	h.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = h.server.Serve(listener) }()
	h.child.Dir = folder
	h.child.Env = append(more, "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String(), "_HANDLER="+handler,
		"LAMBDA_TASK_ROOT="+folder, "AWS_LAMBDA_FUNCTION_NAME=bench", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_REGION="+region, "PATH="+os.Getenv("PATH"))
	if err := h.child.Start(); err != nil {
		_ = h.server.Close()
		return nil, err
	}
	return h, nil
}

func (h *bare) next(w http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case event := <-h.events:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "id")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:bench")
		w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0")
		_, _ = w.Write(event)
	}
}

func (h *bare) response(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	w.WriteHeader(http.StatusAccepted)
	if err != nil {
		return
	}
	select {
	case h.answers <- body:
	case <-r.Context().Done():
	}
}

// invoke passes one event to the function.
func (h *bare) invoke(ctx context.Context, event []byte) error {
	select {
	case h.events <- event:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-h.answers:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close kills the child and waits for it.
func (h *bare) close() {
	_ = h.child.Process.Kill()
	_ = h.child.Wait()
	_ = h.server.Close()
}
