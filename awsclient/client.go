// Package awsclient configures the AWS SDK for everything in penstock that
// calls AWS: credentials, endpoints, one connection pool, a transport that
// hides nothing, and a count of attempts. It refuses to call any service and
// to retry: the engines retry, because only they know what a retry costs.
package awsclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// ErrCredentials: no credentials could be had.
var ErrCredentials = errors.New("no AWS credentials")

// A Client makes SDK configurations that share one connection pool. The zero
// value is ready to use. Set the fields before the first call; the methods are
// safe for concurrent use. One Client should serve a whole process.
type Client struct {
	// Dial opens connections. nil: TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// MaxResponse is the most bytes of a response; a longer one is an error.
	// Zero: 64 MiB, which ten SQS messages of 1 MiB may need when escaped.
	MaxResponse int64
	// Attempts counts what was sent.
	Attempts Attempts

	loading sync.Mutex // held for one whole load
	loaded  map[origin]loaded

	mu    sync.Mutex
	pools map[string]*http.Transport // by profile, since each may trust other authorities
}

// A Use says what a configuration is for.
type Use struct {
	Endpoint
	// Region is that of the resource, from its ARN. Endpoint.Region wins.
	// Both empty: the standard configuration's.
	Region string
	// Timeout is how long one request may take, response included. Zero: 40
	// seconds, a long poll of 20 and as much again.
	Timeout time.Duration
}

// Config returns the configuration to build service clients from. It does not
// retry: an error is the caller's at once, because a retry hidden in the SDK
// can lose the records of a first answer for a whole visibility timeout.
//
// At a URL that is not AWS's own, penstock takes the credentials of the
// environment, the shared files or Endpoint.Profile, and "test" when there are
// none, since emulators ask for a signature but not whose; the instance's role
// is not asked for then.
func (c *Client) Config(ctx context.Context, u Use) (aws.Config, error) {
	if u.URL != "" {
		if rule := checkURL(u.URL); rule != "" {
			return aws.Config{}, fmt.Errorf("endpoint %q: %s", redact(u.URL), rule)
		}
	}
	elsewhere := u.URL != "" && !u.amazon() && u.Profile == ""
	cfg, err := c.load(ctx, origin{u.Profile, cmp.Or(u.Endpoint.Region, u.Region), elsewhere})
	if err != nil {
		return aws.Config{}, err
	}
	cfg.HTTPClient = c.http(u, cfg.HTTPClient)
	if u.URL != "" {
		cfg.BaseEndpoint = aws.String(u.URL)
	}
	return cfg, nil
}

// named gives failures to find credentials a class.
type named struct{ aws.CredentialsProvider }

func (n named) Retrieve(ctx context.Context) (aws.Credentials, error) {
	found, err := n.CredentialsProvider.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	return found, err
}

// lookups is the SDK's own client, which it knows how to configure. It serves
// for looking up credentials.
func (c *Client) lookups() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		if c.Dial != nil {
			t.DialContext, t.Proxy = c.Dial, nil
		}
	})
}

// http returns a client over the shared pool, which trusts the authorities
// that the configuration names (AWS_CA_BUNDLE, ca_bundle). Redirects are
// answers: a request is signed for one host.
func (c *Client) http(u Use, configured aws.HTTPClient) *http.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	pool := c.pools[u.Profile]
	if pool == nil {
		pool = newPool(c.Dial)
		if b, ok := configured.(*awshttp.BuildableClient); ok {
			pool.TLSClientConfig.RootCAs = b.GetTransport().TLSClientConfig.RootCAs
		}
		if c.pools == nil {
			c.pools = map[string]*http.Transport{}
		}
		c.pools[u.Profile] = pool
	}
	return &http.Client{
		Transport: &transport{
			pool:    pool,
			max:     cmp.Or(c.MaxResponse, maxResponse),
			timeout: cmp.Or(u.Timeout, 40*time.Second),
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// CloseIdle closes connections that nobody uses now.
func (c *Client) CloseIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, pool := range c.pools {
		pool.CloseIdleConnections()
	}
}
