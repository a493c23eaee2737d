//go:build real

package sqs_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// TestElasticMQ runs the same rows against an ElasticMQ server, in real time. A
// row named in differences must fail there and any other must pass: a difference
// that no longer exists is a failure too.
func TestElasticMQ(t *testing.T) {
	endpoint := need(t, "PENSTOCK_ELASTICMQ")
	res, err := http.Get(endpoint + "/?Action=ListQueues")
	if err != nil {
		t.Fatal(err) // else every known difference would seem to be there
	}
	res.Body.Close()
	started := fmt.Sprintf("r%d-", time.Now().UnixNano())
	// ElasticMQ closes connections that the SDK would use again, and nothing here retries.
	fresh := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	slots := make(chan struct{}, 8) // rows mostly wait; the server has limits of its own
	for i, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			if r.strict {
				return // ElasticMQ has no 60 second rules; named in differences.md
			}
			g := rig{endpoint: strings.TrimSuffix(endpoint, "/"), http: fresh,
				prefix: fmt.Sprintf("%s%d-", started, i), loose: true}
			err := r.do(t.Context(), g)
			number, _, _ := strings.Cut(r.name, " ")
			switch known, differs := elasticMQ[number]; {
			case err != nil && (!differs || !strings.Contains(err.Error(), known.shows)):
				t.Error(err)
			case err == nil && differs:
				t.Errorf("passes, although it is listed as different: %s", known.how)
			}
		})
	}
}

// need returns an environment variable; a missing one is a failure.
func need(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set; the tests with the tag real need it", name)
	}
	return value
}
