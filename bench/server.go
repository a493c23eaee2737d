package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/penstock/penstock/local/sqs"
)

// serverRole is the child that serves queues.
const serverRole = "server"

// receivesPath tells how many receives the server has answered or holds.
const receivesPath = "/bench/receives"

// serveQueues serves local/sqs on a free loopback port, which it prints, until
// its input ends: with its parent, whatever becomes of that.
func serveQueues() error {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var receives atomic.Int64
	service := &sqs.Service{}
	queues := service.Handler()
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == receivesPath {
				fmt.Fprint(w, receives.Load())
				return
			}
			if r.Header.Get("X-Amz-Target") == "AmazonSQS.ReceiveMessage" {
				receives.Add(1)
			}
			queues.ServeHTTP(w, r)
		}),
	}
	fmt.Println("http://" + listener.Addr().String())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = service.Close()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// A queueServer is the child, seen from its parent.
type queueServer struct {
	url   string
	input io.Closer
	child *exec.Cmd
}

// startQueues starts the child.
func startQueues() (*queueServer, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &queueServer{child: exec.Command(program)}
	s.child.Env = append(os.Environ(), roleVariable+"="+serverRole)
	s.child.Stderr = os.Stderr
	if s.input, err = s.child.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := s.child.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.child.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		s.close()
		return nil, fmt.Errorf("queue server: %w", err)
	}
	s.url = strings.TrimSpace(line)
	return s, nil
}

// close ends the child and waits for it.
func (s *queueServer) close() {
	_ = s.input.Close()
	_ = s.child.Wait()
}

// receives asks how many receives there were.
func (s *queueServer) receives(ctx context.Context) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+receivesPath, nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}
