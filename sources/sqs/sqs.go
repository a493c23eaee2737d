// Package sqs takes records from Amazon SQS queues, standard and FIFO, and from
// whatever speaks the same protocol. It owns what a mapping has to know about a
// queue and how a message becomes a record. It refuses to decide anything: when
// to receive, what to do with a failure and when to try again is the engine's.
package sqs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/sources"
)

// Limits of the service: a batch call takes ten entries, a long poll lasts at
// most 20 seconds.
const (
	callLimit = 10
	waitLimit = 20 * time.Second
)

// Kind is the kind of source for queues whose ARN is of SQS. Its feeds call
// through c, which belongs to the caller. nil: a Client of its own.
func Kind(c *awsclient.Client) sources.Kind {
	if c == nil {
		c = new(awsclient.Client)
	}
	shared := &clients{of: c}
	return sources.Kind{
		Name: "sqs",
		Doc: `Amazon SQS queues, standard and FIFO.

The source is the queue's ARN. The credentials need sqs:ReceiveMessage,
sqs:DeleteMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes, and at
a custom endpoint sqs:GetQueueUrl. A failed message is left alone until the
queue's visibility timeout ends; after maxReceiveCount receives the queue's
redrive policy moves it to the dead-letter queue. The visibility timeout is read
when the mapping starts; one that is shorter than the function's timeout is
refused, as on AWS: messages would be somebody else's before the function ends.`,
		Match: func(s sources.Spec) bool { return strings.HasPrefix(s.ARN, "arn:") && serviceOf(s.ARN) == "sqs" },
		Shape: events.SQS,
		Limits: sources.Limits{
			BatchSize:       10,
			MaxBatchSize:    10000,
			Call:            callLimit,
			Wait:            waitLimit,
			WaitUnit:        time.Second,
			Window:          true,
			PartialFailures: true,
			FilterKey:       "body",
			FilterView:      events.SQSView,
			Mismatch:        true,
		},
		Queue: func(ctx context.Context, s sources.Spec) (sources.Queue, error) {
			q, _, err := connect(ctx, shared, s)
			if err == nil && q.loan < s.Timeout {
				err = fmt.Errorf("visibility timeout %v is less than the function's timeout %v", q.loan, s.Timeout)
			}
			if err != nil {
				return nil, fmt.Errorf("queue %q: %w", s.ARN, err)
			}
			return q, nil
		},
		Inspect: func(ctx context.Context, s sources.Spec) (sources.Facts, error) {
			_, facts, err := connect(ctx, shared, s)
			if err != nil {
				return sources.Facts{}, fmt.Errorf("queue %q: %w", s.ARN, err)
			}
			return facts, nil
		},
	}
}

func serviceOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 4); len(parts) == 4 {
		return parts[2]
	}
	return ""
}

// A place is a queue's ARN taken apart.
type place struct{ partition, region, account, name string }

func (p place) fifo() bool { return strings.HasSuffix(p.name, ".fifo") }

// parse reads arn:PARTITION:sqs:REGION:ACCOUNT:NAME.
func parse(arn string) (place, error) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "sqs" {
		return place{}, errors.New("must be an ARN arn:PARTITION:sqs:REGION:ACCOUNT:NAME")
	}
	p := place{parts[1], parts[3], parts[4], parts[5]}
	if p.partition == "" || p.region == "" || len(p.account) != 12 || strings.Trim(p.account, "0123456789") != "" {
		return place{}, errors.New("the ARN must name a partition, a region and an account of 12 digits")
	}
	name := strings.TrimSuffix(p.name, ".fifo")
	if name == "" || len(p.name) > 80 || strings.ContainsFunc(name, notInName) {
		return place{}, errors.New("a queue's name has 1 to 80 letters, digits, hyphens and underscores")
	}
	return p, nil
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// connect returns the feed of a queue that exists, and its facts.
func connect(ctx context.Context, c *clients, s sources.Spec) (*queue, sources.Facts, error) {
	var none sources.Facts
	at, err := parse(s.ARN)
	if err != nil {
		return nil, none, err
	}
	client, err := c.get(ctx, awsclient.Use{Endpoint: awsclient.Endpoint(s.Endpoint), Region: at.region})
	if err != nil {
		return nil, none, err
	}
	url, facts, err := inspect(ctx, client, at)
	if err != nil {
		return nil, none, err
	}
	q := &queue{client: client, spec: s, url: url, fifo: at.fifo(), loan: facts.Visibility}
	if s.Region == "" {
		q.spec.Region = at.region
	}
	if d := s.Window + s.Timeout; s.Window > 0 && d > facts.Visibility {
		q.loan = (d + windowMargin).Truncate(time.Second)
		if q.loan > visibilityLimit {
			return nil, none, fmt.Errorf("window %v and timeout %v need a visibility timeout above 12 hours", s.Window, s.Timeout)
		}
		q.visibility = int32(q.loan / time.Second)
	}
	return q, facts, nil
}

// A batch that waits for its window and then runs must not lose its messages
// meanwhile: then AWS receives with a visibility timeout of window + timeout +
// 30 s. SQS knows none above 12 hours.
const (
	windowMargin    = 30 * time.Second
	visibilityLimit = 12 * time.Hour
)

var (
	// errToken: a record that this package did not make.
	errToken = errors.New("record is not of an SQS queue")
	// errUnnamed: a message that could be neither reported nor settled.
	errUnnamed = errors.New("the service sent a message without MessageId or ReceiptHandle")
)
