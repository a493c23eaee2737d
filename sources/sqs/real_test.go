//go:build real

package sqs

import (
	"crypto/rand"
	"net"
	"os"
	"testing"
	"time"

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
