package awsclient_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/internal/pipenet"
)

// isolate takes this machine's AWS configuration out of the environment.
func isolate(t *testing.T, files ...string) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(strings.Join(files, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", path)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", path)
}

const profile = `[profile work]
region = eu-north-1
aws_access_key_id = AKIDWORK
aws_secret_access_key = hidden`

func TestCredentialsAndRegion(t *testing.T) {
	local := awsclient.Endpoint{URL: "http://localhost:9324"}
	for name, c := range map[string]struct {
		env    map[string]string
		use    awsclient.Use
		key    string // "": ErrCredentials
		region string
	}{
		"local, nothing configured": {nil, awsclient.Use{Endpoint: local, Region: "eu-west-1"}, "test", "eu-west-1"},
		"local, credentials of the environment": {
			map[string]string{"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"},
			awsclient.Use{Endpoint: local, Region: "eu-west-1"}, "AKIDENV", "eu-west-1",
		},
		"local, profile":            {nil, awsclient.Use{Endpoint: awsclient.Endpoint{URL: local.URL, Profile: "work"}}, "AKIDWORK", "eu-north-1"},
		"the endpoint's region":     {nil, awsclient.Use{Endpoint: awsclient.Endpoint{URL: local.URL, Region: "us-east-2"}, Region: "eu-west-1"}, "test", "us-east-2"},
		"profile without URL":       {nil, awsclient.Use{Endpoint: awsclient.Endpoint{Profile: "work"}, Region: "eu-west-1"}, "AKIDWORK", "eu-west-1"},
		"region of the environment": {map[string]string{"AWS_REGION": "ap-south-1"}, awsclient.Use{Endpoint: local}, "test", "ap-south-1"},
		"AWS, nothing configured":   {map[string]string{"AWS_EC2_METADATA_DISABLED": "true"}, awsclient.Use{Region: "eu-west-1"}, "", "eu-west-1"},
		"AWS by its own URL": {
			map[string]string{"AWS_EC2_METADATA_DISABLED": "true"},
			awsclient.Use{Endpoint: awsclient.Endpoint{URL: "https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com"}, Region: "eu-west-1"}, "", "eu-west-1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			isolate(t, profile)
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			var client awsclient.Client
			cfg, err := client.Config(t.Context(), c.use)
			if err != nil {
				t.Fatal(err)
			}
			got, err := cfg.Credentials.Retrieve(t.Context())
			if c.key == "" {
				if !errors.Is(err, awsclient.ErrCredentials) {
					t.Errorf("credentials %q, error %v, want ErrCredentials", got.AccessKeyID, err)
				}
			} else if err != nil || got.AccessKeyID != c.key {
				t.Errorf("credentials %q, error %v, want %q", got.AccessKeyID, err, c.key)
			}
			if cfg.Region != c.region {
				t.Errorf("region %q, want %q", cfg.Region, c.region)
			}
			if url := aws.ToString(cfg.BaseEndpoint); url != c.use.URL {
				t.Errorf("URL %q, want %q", url, c.use.URL)
			}
			if n := cfg.Retryer().MaxAttempts(); n != 1 {
				t.Errorf("%d attempts, want 1: the engine retries", n)
			}
		})
	}
}

func TestConfigRefuses(t *testing.T) {
	isolate(t)
	var client awsclient.Client
	for name, c := range map[string]struct {
		use  awsclient.Use
		says string
	}{
		"no region":          {awsclient.Use{}, "no region"},
		"password in URL":    {awsclient.Use{Endpoint: awsclient.Endpoint{URL: "http://me:s3cret@h"}}, "must not hold credentials"},
		"profile is missing": {awsclient.Use{Endpoint: awsclient.Endpoint{Profile: "nobody"}}, "nobody"},
	} {
		_, err := client.Config(t.Context(), c.use)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// served runs f in a bubble with an HTTP client over a server in memory.
func served(t *testing.T, c *awsclient.Client, timeout time.Duration, handler http.HandlerFunc, f func(*testing.T, aws.HTTPClient)) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		l := pipenet.Listen()
		srv := &http.Server{Handler: handler}
		go srv.Serve(l)
		c.Dial = l.DialContext
		cfg, err := c.Config(t.Context(), awsclient.Use{Endpoint: awsclient.Endpoint{URL: "http://here"}, Region: "eu-west-1", Timeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		f(t, cfg.HTTPClient)
		c.CloseIdle()
		srv.Close()
	})
}

func post(ctx context.Context, body io.Reader) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://here/", body)
	if err != nil {
		panic(err)
	}
	return r
}

// A closer is a request body that knows whether it was closed.
type closer struct {
	io.Reader
	closed atomic.Bool
}

func (c *closer) Close() error { c.closed.Store(true); return nil }

// TestTransportBuffers: the response is whole when the caller gets it, and the
// connection reads the request from a copy, so that nobody can close it early.
func TestTransportBuffers(t *testing.T) {
	const size = 1 << 20 // more than a connection takes at once
	body := &closer{Reader: strings.NewReader(strings.Repeat("x", size))}
	served(t, &awsclient.Client{}, 0, func(w http.ResponseWriter, r *http.Request) {
		if !body.closed.Load() {
			t.Error("the request is being sent from the caller's body")
		}
		got, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d/%d", len(got), r.ContentLength)
		w.(http.Flusher).Flush()
		time.Sleep(time.Second) // the rest comes later
		fmt.Fprint(w, ".")
	}, func(t *testing.T, client aws.HTTPClient) {
		start := time.Now()
		resp, err := client.Do(post(t.Context(), body))
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("the response was there after %v, want it whole after 1s", took)
		}
		if text, _ := io.ReadAll(resp.Body); string(text) != fmt.Sprintf("%d/%d.", size, size) {
			t.Errorf("got %q", text)
		}
	})
}

func TestResponseLimit(t *testing.T) {
	for _, announced := range []bool{true, false} {
		served(t, &awsclient.Client{MaxResponse: 1000}, 0, func(w http.ResponseWriter, r *http.Request) {
			n := 1000
			if r.URL.Query().Has("more") {
				n = 1001
			}
			if r.URL.Query().Has("lie") { // far more than comes, or fits anywhere
				w.Header().Set("Content-Length", "1000000000000")
				return
			}
			if announced {
				w.Header().Set("Content-Length", fmt.Sprint(n))
			} else {
				w.(http.Flusher).Flush()
			}
			fmt.Fprint(w, strings.Repeat("x", n))
		}, func(t *testing.T, client aws.HTTPClient) {
			for query, want := range map[string]error{"": nil, "more": awsclient.ErrResponseTooLong, "lie": awsclient.ErrResponseTooLong} {
				r := post(t.Context(), nil)
				r.URL.RawQuery = query
				if _, err := client.Do(r); !errors.Is(err, want) {
					t.Errorf("%s: error %v, want %v", query, err, want)
				}
			}
		})
	}
}

// TestCancel: before the answer begins a cancel ends the request at once; after
// that the answer still arrives, but not for ever.
func TestCancel(t *testing.T) {
	for name, c := range map[string]struct {
		head, tail time.Duration
		took       time.Duration
		fails      bool
	}{
		"while waiting":          {head: 20 * time.Second, took: 2 * time.Second, fails: true},
		"while it arrives":       {head: time.Second, tail: 3 * time.Second, took: 4 * time.Second},
		"while it never arrives": {head: time.Second, tail: time.Hour, took: 7 * time.Second, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			pause := func(ctx context.Context, d time.Duration) {
				select {
				case <-ctx.Done():
				case <-time.After(d):
				}
			}
			served(t, &awsclient.Client{}, 0, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				pause(r.Context(), c.head)
				fmt.Fprint(w, "a")
				w.(http.Flusher).Flush()
				pause(r.Context(), c.tail)
				fmt.Fprint(w, "b")
			}, func(t *testing.T, client aws.HTTPClient) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(2*time.Second, cancel)
				start := time.Now()
				_, err := client.Do(post(ctx, strings.NewReader("x")))
				if (err != nil) != c.fails || time.Since(start) != c.took {
					t.Errorf("error %v after %v, want %v and error: %v", err, time.Since(start), c.took, c.fails)
				}
				if c.fails && !errors.Is(err, context.Canceled) {
					t.Errorf("error %v, want context.Canceled", err)
				}
			})
		})
	}
}

func TestTimeout(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{0: 40 * time.Second, time.Minute: time.Minute} {
		served(t, &awsclient.Client{}, timeout, func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		}, func(t *testing.T, client aws.HTTPClient) {
			start := time.Now()
			_, err := client.Do(post(t.Context(), nil))
			if err == nil || time.Since(start) != want {
				t.Errorf("error %v after %v, want one after %v", err, time.Since(start), want)
			}
		})
	}
}

func TestRedirectsAreAnswers(t *testing.T) {
	served(t, &awsclient.Client{}, 0, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://elsewhere/", http.StatusTemporaryRedirect)
	}, func(t *testing.T, client aws.HTTPClient) {
		resp, err := client.Do(post(t.Context(), nil))
		if err != nil || resp.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("%v, %v", resp, err)
		}
	})
}

// TestAuthorities: a bundle of certificates that the standard configuration
// names is trusted, and nobody else.
func TestAuthorities(t *testing.T) {
	for _, named := range []bool{true, false} {
		isolate(t)
		l := pipenet.Listen()
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
		srv.Listener, srv.Config.ErrorLog = l, log.New(io.Discard, "", 0)
		srv.StartTLS()
		if named {
			path := filepath.Join(t.TempDir(), "bundle.pem")
			text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("AWS_CA_BUNDLE", path)
		}
		client := awsclient.Client{Dial: l.DialContext}
		cfg, err := client.Config(t.Context(), awsclient.Use{Endpoint: awsclient.Endpoint{URL: "https://example.com"}, Region: "eu-west-1"})
		if err != nil {
			t.Fatal(err)
		}
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/", nil)
		if _, err := cfg.HTTPClient.Do(r); (err == nil) != named {
			t.Errorf("named: %v, error %v", named, err)
		}
		client.CloseIdle()
		srv.Close()
	}
}
