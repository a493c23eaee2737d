package sqs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/sourcetest"
)

// noAWS keeps this machine's AWS configuration out of a test.
func noAWS(t *testing.T) {
	for _, name := range []string{"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// A cable is the way to a service, which can be cut.
type cable struct {
	awsclient.Client
	mu  sync.Mutex
	cut error
}

func newCable(dial dialer) *cable {
	c := &cable{}
	c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		c.mu.Lock()
		err := c.cut
		c.mu.Unlock()
		if err != nil {
			return nil, err
		}
		return dial(ctx, network, address)
	}
	return c
}

// fail cuts the cable, or with nil mends it.
func (c *cable) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = err
	c.CloseIdle()
}

// A bench is a queue of a service with a client that sends to it.
type bench struct {
	spec   sources.Spec
	client *sqs.Client
	url    *string
	sent   int
}

// newBench makes a queue at a service of SQS's protocol.
func newBench(t *testing.T, c *awsclient.Client, endpoint, name string, attributes map[string]string) *bench {
	t.Helper()
	arn := "arn:aws:sqs:us-east-1:000000000000:" + name
	b := &bench{spec: sources.Spec{ARN: arn, Endpoint: sources.Endpoint{URL: endpoint}}}
	cfg, err := c.Config(t.Context(), awsclient.Use{Endpoint: awsclient.Endpoint(b.spec.Endpoint), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	b.client = sqs.NewFromConfig(cfg)
	out, err := b.client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	b.url = out.QueueUrl
	return b
}

// send sends a message; the group, if any, makes it one for a FIFO queue.
func (b *bench) send(group, body string) error {
	b.sent++
	in := &sqs.SendMessageInput{QueueUrl: b.url, MessageBody: aws.String(body)}
	if group != "" {
		in.MessageGroupId = aws.String(group)
		in.MessageDeduplicationId = aws.String(fmt.Sprint("send-", b.sent))
	}
	_, err := b.client.SendMessage(context.Background(), in)
	return err
}

// conformance is the rig of a new queue at the service that dial leads to.
func conformance(t *testing.T, dial dialer, endpoint, name string, visibility time.Duration, fifo bool, more map[string]string, done func()) sourcetest.QueueRig {
	t.Helper()
	attributes := map[string]string{"VisibilityTimeout": fmt.Sprint(int(visibility.Seconds()))}
	maps.Copy(attributes, more)
	if fifo {
		name += ".fifo"
		attributes["FifoQueue"] = "true"
	}
	sender := &awsclient.Client{Dial: dial}
	b := newBench(t, sender, endpoint, name, attributes)
	line := newCable(dial)
	kind := Kind(&line.Client)
	feed, err := kind.Queue(t.Context(), b.spec)
	if err != nil {
		t.Fatal(err)
	}
	rig := sourcetest.QueueRig{
		Kind:       kind,
		Feed:       feed,
		Visibility: visibility,
		Put:        func(body string) error { return b.send("", body) },
		Fail:       line.fail,
		Spoil: func(r sources.Record) sources.Record {
			r.Token = handle("garbage")
			return r
		},
		Done: func() {
			line.CloseIdle()
			sender.CloseIdle()
			if done != nil {
				done()
			}
		},
	}
	if fifo {
		rig.PutGroup = b.send
		rig.Put = func(body string) error { return b.send(fmt.Sprint("own-", b.sent), body) }
	}
	return rig
}

var errCut = errors.New("the cable is cut")
