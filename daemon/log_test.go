package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"testing"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/all"
)

// What was sent to AWS is logged in one line, by operation.
func TestLogAttempts(t *testing.T) {
	client := &awsclient.Client{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") }}
	var out bytes.Buffer
	c := &command{attempts: &client.Attempts, log: slog.New(slog.NewJSONHandler(&out, nil))}
	if c.logAttempts(); out.Len() > 0 {
		t.Errorf("before any call: %s", out.Bytes())
	}
	spec := sources.Spec{ARN: "arn:aws:sqs:us-east-1:000000000000:q", Region: "us-east-1", Account: "000000000000", Endpoint: sources.Endpoint{URL: "http://127.0.0.1:1"}}
	if _, err := all.Over(client)[0].Inspect(t.Context(), spec); err == nil {
		t.Fatal("no error without a network")
	}
	c.logAttempts()
	type counts struct{ Calls, Attempts, Retries, Failures int }
	var line struct {
		Msg         string
		GetQueueURL *counts `json:"SQS.GetQueueUrl"`
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Msg != "requests to AWS" {
		t.Fatalf("%s: %v", out.Bytes(), err)
	}
	if line.GetQueueURL == nil || *line.GetQueueURL != (counts{1, 1, 0, 1}) {
		t.Errorf("%s, want one call, one attempt, no retry and one failure", out.Bytes())
	}
	out.Reset()
	c.attempts = nil
	if c.logAttempts(); out.Len() > 0 {
		t.Errorf("without a client: %s", out.Bytes())
	}
}
