package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/penstock/penstock/awsclient"
)

// A lab holds what trials share: made when first asked for, ended by close.
type lab struct {
	folder  string
	queues  *queueServer
	binary  string
	network awsclient.Client // one transport for both sides of a pair
}

func (l *lab) close() {
	if l.queues != nil {
		l.network.CloseIdle()
		l.queues.close()
	}
	if l.folder != "" {
		_ = os.RemoveAll(l.folder)
	}
}

// temp returns a folder of this run.
func (l *lab) temp(name string) (string, error) {
	if l.folder == "" {
		var err error
		if l.folder, err = os.MkdirTemp("", "penstock-bench-"); err != nil {
			return "", err
		}
	}
	path := filepath.Join(l.folder, name)
	return path, os.MkdirAll(path, 0o700)
}

// server returns the server of queues.
func (l *lab) server() (*queueServer, error) {
	if l.queues == nil {
		var err error
		if l.queues, err = startQueues(); err != nil {
			return nil, err
		}
	}
	return l.queues, nil
}

// penstock builds the command once.
func (l *lab) penstock(ctx context.Context) (string, error) {
	if l.binary == "" {
		folder, err := l.temp("bin")
		if err != nil {
			return "", err
		}
		program := filepath.Join(folder, "penstock")
		build := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/penstock/penstock/cmd/penstock")
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("go build: %w\n%s", err, out)
		}
		l.binary = program
	}
	return l.binary, nil
}

// A queue is a queue of the server, and a client to reach it.
type queue struct {
	client *sqs.Client
	url    string
	arn    string
}

const (
	region  = "us-east-1"
	account = "000000000000"
)

func arnOf(name string) string { return "arn:aws:sqs:" + region + ":" + account + ":" + name }

// client returns a client as penstock's own source has it.
func (l *lab) client(ctx context.Context) (*sqs.Client, error) {
	server, err := l.server()
	if err != nil {
		return nil, err
	}
	cfg, err := l.network.Config(ctx, awsclient.Use{Endpoint: awsclient.Endpoint{URL: server.url}, Region: region})
	if err != nil {
		return nil, err
	}
	return sqs.NewFromConfig(cfg), nil
}

// queue creates an empty queue.
func (l *lab) queue(ctx context.Context, name string) (*queue, error) {
	client, err := l.client(ctx)
	if err != nil {
		return nil, err
	}
	out, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName:  aws.String(name),
		Attributes: map[string]string{"VisibilityTimeout": "300"},
	})
	if err != nil {
		return nil, err
	}
	return &queue{client, aws.ToString(out.QueueUrl), arnOf(name)}, nil
}

// receive is a long poll that asks for what penstock's source asks for.
func (q *queue) receive(ctx context.Context) ([]types.Message, error) {
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:                    aws.String(q.url),
		MaxNumberOfMessages:         10,
		WaitTimeSeconds:             20,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		return nil, err
	}
	return out.Messages, nil
}

// remove deletes messages.
func (q *queue) remove(ctx context.Context, messages []types.Message) error {
	entries := make([]types.DeleteMessageBatchRequestEntry, len(messages))
	for i := range messages {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: messages[i].ReceiptHandle}
	}
	out, err := q.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: aws.String(q.url), Entries: entries})
	if err == nil && len(out.Failed) > 0 {
		err = fmt.Errorf("%d of %d messages were not deleted", len(out.Failed), len(messages))
	}
	return err
}

// empty fails unless nothing is left in the queue, visible or in flight.
func (q *queue) empty(ctx context.Context) error {
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl:       aws.String(q.url),
		AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return err
	}
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"} {
		if out.Attributes[name] != "0" {
			return fmt.Errorf("%s is %s, must be 0", name, out.Attributes[name])
		}
	}
	return nil
}
