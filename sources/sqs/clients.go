package sqs

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/penstock/penstock/awsclient"
)

// clients makes the SDK's clients. Feeds that open together share one: each of
// a thousand would hold tens of kilobytes. It keeps none for longer than
// awsclient keeps a configuration, so that a feed that opens again gets what is
// configured then.
type clients struct {
	of *awsclient.Client

	mu   sync.Mutex
	made map[awsclient.Use]made
}

type made struct {
	client *sqs.Client
	at     time.Time
}

const sharedFor = 5 * time.Second

func (c *clients) get(ctx context.Context, use awsclient.Use) (*sqs.Client, error) {
	c.mu.Lock()
	m, ok := c.made[use]
	c.mu.Unlock()
	if ok && time.Since(m.at) < sharedFor {
		return m.client, nil
	}
	cfg, err := c.of.Config(ctx, use)
	if err != nil {
		return nil, err
	}
	m = made{sqs.NewFromConfig(cfg), time.Now()}
	c.mu.Lock()
	defer c.mu.Unlock()
	for old, other := range c.made {
		if time.Since(other.at) >= sharedFor {
			delete(c.made, old)
		}
	}
	if c.made == nil {
		c.made = map[awsclient.Use]made{}
	}
	c.made[use] = m
	return m.client, nil
}
