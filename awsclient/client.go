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
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go/logging"
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
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(c.lookups()),
		config.WithLogger(logging.Nop{}),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
		config.WithAppID("penstock"),
	}
	if region := cmp.Or(u.Endpoint.Region, u.Region); region != "" {
		options = append(options, config.WithRegion(region))
	}
	if u.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(u.Profile))
	}
	if elsewhere {
		options = append(options, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return aws.Config{}, errors.New("AWS configuration: no region; set AWS_REGION or the endpoint's region")
	}
	cfg.HTTPClient = c.http(u, cfg.HTTPClient)
	if u.URL != "" {
		cfg.BaseEndpoint = aws.String(u.URL)
	}
	if elsewhere && os.Getenv("AWS_PROFILE") == "" {
		if _, err := cfg.Credentials.Retrieve(ctx); err != nil && ctx.Err() == nil {
			cfg.Credentials = credentials.NewStaticCredentialsProvider("test", "test", "")
		}
	}
	cfg.Credentials = named{cfg.Credentials}
	cfg.APIOptions = append(cfg.APIOptions, c.Attempts.count)
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
