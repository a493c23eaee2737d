//go:build real

package sqs

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/sources/sourcetest"
)

// TestElasticMQ runs the conformance suite against the server at
// PENSTOCK_ELASTICMQ, a URL.
func TestElasticMQ(t *testing.T) {
	endpoint := os.Getenv("PENSTOCK_ELASTICMQ")
	if endpoint == "" {
		t.Fatal("PENSTOCK_ELASTICMQ is not set")
	}
	noAWS(t)
	for name, fifo := range map[string]bool{"standard": false, "fifo": true} {
		t.Run(name, func(t *testing.T) {
			sourcetest.RealQueue(t, func(t *testing.T) sourcetest.QueueRig {
				return conformance(t, new(net.Dialer).DialContext, endpoint, "q"+rand.Text(), 4*time.Second, fifo, nil, nil)
			})
		})
	}
}

// TestNoReplyVanishes receives over sockets often enough that a reply would be
// lost if the SDK were left to close request bodies that are still being sent,
// and to read replies from the connection.
func TestNoReplyVanishes(t *testing.T) {
	noAWS(t)
	var messages []string
	for i := range 10 {
		messages = append(messages, fmt.Sprintf(`{"MessageId":"m%d","ReceiptHandle":"h","Body":%q}`, i, strings.Repeat("x", 520)))
	}
	answer := `{"Messages":[` + strings.Join(messages, ",") + `]}`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, answer)
	}))
	defer srv.Close()
	var c awsclient.Client
	defer c.CloseIdle()
	cfg, err := c.Config(t.Context(), awsclient.Use{Endpoint: awsclient.Endpoint{URL: srv.URL}, Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	q := &queue{client: sqs.NewFromConfig(cfg), url: srv.URL + "/000000000000/orders", loan: time.Minute}
	const times = 20000 // without the transport a few of them fail
	for range times {
		if records, err := q.Receive(t.Context(), 10, time.Second); err != nil || len(records) != 10 {
			t.Errorf("%d records, %v", len(records), err)
		}
	}
	for _, n := range c.Attempts.Snapshot() {
		if n.Calls != times || n.Attempts != n.Calls || n.Failures != 0 {
			t.Errorf("counts %+v", n)
		}
	}
}
