package pipenet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/internal/pipenet"
)

// connect returns both ends of a connection of a fresh listener.
func connect(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l := pipenet.Listen()
	accepted := make(chan net.Conn)
	go func() {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	client, err := l.DialContext(t.Context(), "tcp", "anywhere:1")
	if err != nil {
		t.Fatal(err)
	}
	server = <-accepted
	t.Cleanup(func() { client.Close(); server.Close(); l.Close() })
	return client, server
}

func TestBytesArriveInOrderThenEOF(t *testing.T) {
	client, server := connect(t)
	want := bytes.Repeat([]byte("0123456789"), 100_000) // more than the buffer holds
	go func() {
		if n, err := client.Write(want); n != len(want) || err != nil {
			t.Errorf("wrote %d, %v; want %d", n, err, len(want))
		}
		client.Close()
	}()
	got, err := io.ReadAll(server)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("read %d bytes, %v; want %d", len(got), err, len(want))
	}
}

func TestWriterWaitsWhenNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := connect(t)
		client.SetWriteDeadline(time.Now().Add(time.Minute))
		n, err := client.Write(make([]byte, 1<<20))
		if !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 || n == 1<<20 {
			t.Errorf("wrote %d, %v; want a part and a deadline error", n, err)
		}
	})
}

func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connect(t)
		start := time.Now()
		client.SetReadDeadline(start.Add(3 * time.Second))
		_, err := client.Read(make([]byte, 1))
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(start) != 3*time.Second {
			t.Errorf("read ended with %v after %v, want a timeout after 3 s", err, time.Since(start))
		}
		client.SetReadDeadline(time.Time{})
		server.Write([]byte("x"))
		if n, err := client.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("after the deadline was lifted: %d, %v", n, err)
		}
	})
}

func TestDeadlineReplacedIsNotHit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connect(t)
		client.SetDeadline(time.Now().Add(time.Second))
		client.SetDeadline(time.Now().Add(time.Hour))
		time.AfterFunc(time.Minute, func() { server.Write([]byte("x")) })
		if _, err := client.Read(make([]byte, 1)); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseUnblocksBothEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connect(t)
		own, other := make(chan error, 1), make(chan error, 1)
		go func() { _, err := client.Read(make([]byte, 1)); own <- err }()
		go func() { _, err := server.Read(make([]byte, 1)); other <- err }()
		synctest.Wait()
		client.Close()
		if err := <-own; !errors.Is(err, net.ErrClosed) {
			t.Errorf("own read: %v, want net.ErrClosed", err)
		}
		if err := <-other; err != io.EOF {
			t.Errorf("other end's read: %v, want EOF", err)
		}
		if _, err := server.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("other end's write: %v, want EPIPE", err)
		}
		if _, err := client.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("own write: %v, want net.ErrClosed", err)
		}
	})
}

func TestClosedListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pipenet.Listen()
		dialled, accepted := make(chan error, 1), make(chan error, 1)
		go func() { _, err := l.DialContext(context.Background(), "", ""); dialled <- err }()
		synctest.Wait()
		l.Close()
		l.Close()
		go func() { _, err := l.Accept(); accepted <- err }()
		for what, err := range map[string]error{"dial": <-dialled, "accept": <-accepted} {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: %v, want net.ErrClosed", what, err)
			}
		}
	})
}

func TestDialHonoursContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := pipenet.Listen().DialContext(ctx, "", ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dial: %v, want the context's error", err)
		}
	})
}

// A cancelled HTTP request must reach the server's handler, or long polls would
// go on for clients that left.
func TestHTTPInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pipenet.Listen()
		gone := make(chan time.Duration, 1)
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			if r.URL.Path == "/wait" {
				<-r.Context().Done()
				gone <- time.Since(start)
				return
			}
			time.Sleep(20 * time.Second)
			io.Copy(w, r.Body)
		})}
		served := make(chan error, 1)
		go func() { served <- srv.Serve(l) }()
		transport := &http.Transport{DialContext: l.DialContext}
		client := &http.Client{Transport: transport}

		body := strings.Repeat("large ", 100_000)
		for range 2 {
			res, err := client.Post("http://sqs.test/", "text/plain", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if string(got) != body {
				t.Errorf("echoed %d bytes, want %d", len(got), len(body))
			}
		}

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, "GET", "http://sqs.test/wait", nil)
		if _, err := client.Do(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled request: %v", err)
		}
		if d := <-gone; d != 5*time.Second {
			t.Errorf("the handler learned of it after %v, want 5s", d)
		}

		transport.CloseIdleConnections()
		srv.Shutdown(t.Context())
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
}

func ExampleListen() {
	l := pipenet.Listen()
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello from %s", r.Host)
	})}
	go srv.Serve(l)
	defer srv.Close()

	client := &http.Client{Transport: &http.Transport{DialContext: l.DialContext}}
	res, err := client.Get("http://sqs.test/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	io.Copy(os.Stdout, res.Body)
	// Output: hello from sqs.test
}
