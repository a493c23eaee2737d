package awsclient

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go/logging"
)

// An origin is what decides which environment, files and services a
// configuration is read from.
type origin struct {
	profile, region string
	elsewhere       bool // not at AWS
}

// loaded is a configuration and when it was read.
type loaded struct {
	cfg aws.Config
	at  time.Time
}

// loadedFor is how long a configuration serves further callers. Reading one
// takes milliseconds and megabytes, too much for each of a thousand mappings
// that start together; but who opens a source again, because a key was changed
// in a file, must get the new one soon.
const loadedFor = 5 * time.Second

// load returns the configuration of an origin, to which the caller may add.
func (c *Client) load(ctx context.Context, o origin) (aws.Config, error) {
	c.loading.Lock()
	defer c.loading.Unlock()
	if l, ok := c.loaded[o]; ok && time.Since(l.at) < loadedFor {
		return l.cfg.Copy(), nil
	}
	cfg, err := c.read(ctx, o)
	if err != nil {
		return aws.Config{}, err
	}
	if c.loaded == nil {
		c.loaded = map[origin]loaded{}
	}
	c.loaded[o] = loaded{cfg, time.Now()}
	return cfg.Copy(), nil
}

// read asks the environment, the shared files and what these name.
func (c *Client) read(ctx context.Context, o origin) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(c.lookups()),
		config.WithLogger(logging.Nop{}),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
		config.WithAppID("penstock"),
	}
	if o.region != "" {
		options = append(options, config.WithRegion(o.region))
	}
	if o.profile != "" {
		options = append(options, config.WithSharedConfigProfile(o.profile))
	}
	if o.elsewhere {
		options = append(options, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return aws.Config{}, errors.New("AWS configuration: no region; set AWS_REGION or the endpoint's region")
	}
	if o.elsewhere && os.Getenv("AWS_PROFILE") == "" {
		if _, err := cfg.Credentials.Retrieve(ctx); err != nil && ctx.Err() == nil {
			cfg.Credentials = credentials.NewStaticCredentialsProvider("test", "test", "")
		}
	}
	cfg.Credentials = named{cfg.Credentials}
	cfg.APIOptions = slices.Clip(append(cfg.APIOptions, c.Attempts.count)) // callers append to copies
	return cfg, nil
}
