package daemon

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/internal/pipenet"
	"github.com/penstock/penstock/local/sqs"
)

func TestLock(t *testing.T) {
	data := filepath.Join(t.TempDir(), "new", "data")
	unlock, err := lock(data)
	if err != nil {
		t.Fatal(err)
	}
	_, err = lock(data)
	if code(err) != exitEnvironment || !strings.Contains(err.Error(), "(process "+strconv.Itoa(os.Getpid())+")") || !strings.Contains(err.Error(), "--data") {
		t.Errorf("the second lock: %v", err)
	}
	unlock()
	if unlock, err = lock(data); err != nil {
		t.Fatalf("after unlocking: %v", err)
	}
	unlock()
	if _, err := lock("/dev/null/data"); code(err) != exitEnvironment {
		t.Errorf("a folder that cannot be made: %v", err)
	}
}

// Nothing but loopback is opened; these are refused before anything is.
func TestRefusedAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"9330":           "must be HOST:PORT",
		"":               "must be HOST:PORT",
		":9330":          "loopback",
		"0.0.0.0:9330":   "loopback",
		"[::]:9330":      "loopback",
		"192.0.2.1:9330": "loopback",
		"example.com:80": "loopback",
		"127.0.0.1:":     "the port must be from 0 to 65535",
		"127.0.0.1:x":    "the port must be from 0 to 65535",
		"[::1]:65536":    "the port must be from 0 to 65535",
	} {
		l, err := listen(address)
		if err == nil {
			l.Close()
		}
		if code(err) != exitUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", address, err, want)
		}
	}
}

func TestDataFolder(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "template.yaml")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ set, path, want string }{
		{"", dir, filepath.Join(dir, ".penstock")},
		{"", file, filepath.Join(dir, ".penstock")},
		{"", ".", ".penstock"},
		{"elsewhere", file, "elsewhere"},
	} {
		if got := dataFolder(test.set, test.path); got != test.want {
			t.Errorf("%q, %q: %s, want %s", test.set, test.path, got, test.want)
		}
	}
}

// serve answers a running request before it returns.
func TestServeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pipenet.Listen()
		defer l.Close()
		service := &sqs.Service{}
		defer service.Close()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- serve(ctx, l, []awswire.Route{service.Route()}, nil, slog.New(slog.DiscardHandler))
		}()
		client := &http.Client{Transport: &http.Transport{DialContext: l.DialContext}}
		defer client.CloseIdleConnections()
		ask := func(form string) (string, error) {
			resp, err := client.Post("http://127.0.0.1:9330/", "application/x-www-form-urlencoded", strings.NewReader(form+"&Version=2012-11-05"))
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			return string(text), err
		}
		if text, err := ask("Action=CreateQueue&QueueName=q"); err != nil || !strings.Contains(text, "QueueUrl") {
			t.Fatal(text, err)
		}
		time.AfterFunc(time.Second/2, cancel)
		began := time.Now()
		text, err := ask("Action=ReceiveMessage&QueueUrl=q&WaitTimeSeconds=1")
		if err != nil || !strings.Contains(text, "ReceiveMessageResult") || time.Since(began) < time.Second {
			t.Errorf("after %v: %s, %v", time.Since(began), text, err)
		}
		client.CloseIdleConnections()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
