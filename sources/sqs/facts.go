package sqs

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/sources"
)

// Facts are what a mapping depends on.
type Facts struct {
	// URL names the queue in calls.
	URL string
	// FIFO says that the queue keeps the order of groups.
	FIFO bool
	// Visibility is the queue's visibility timeout: the gap between retries.
	Visibility time.Duration
	// MaxReceives is how often a message is received before it becomes a dead
	// letter (maxReceiveCount). Zero: there is no redrive policy.
	MaxReceives int
	// DeadLetters is the ARN of the dead-letter queue. Empty: none.
	DeadLetters string
}

// Inspect asks the service for the facts of a queue: a mapping is checked
// against them, and shows them in its plan. The error is one of sources'
// classes, or passing.
func Inspect(ctx context.Context, c *awsclient.Client, s sources.Spec) (Facts, error) {
	at, err := parse(s.ARN)
	if err != nil {
		return Facts{}, err
	}
	cfg, err := c.Config(ctx, awsclient.Use{Endpoint: awsclient.Endpoint(s.Endpoint), Region: at.region})
	if err != nil {
		return Facts{}, fmt.Errorf("queue %s: %w", s.ARN, err)
	}
	facts, err := inspect(ctx, sqs.NewFromConfig(cfg), at, s)
	if err != nil {
		return Facts{}, fmt.Errorf("queue %s: %w", s.ARN, err)
	}
	return facts, nil
}

func inspect(ctx context.Context, client *sqs.Client, at place, s sources.Spec) (Facts, error) {
	url, err := urlOf(ctx, client, at, s)
	if err != nil {
		return Facts{}, err
	}
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(url),
		AttributeNames: []types.QueueAttributeName{
			types.QueueAttributeNameVisibilityTimeout,
			types.QueueAttributeNameRedrivePolicy,
		},
	})
	if err != nil {
		return Facts{}, classify(err)
	}
	timeout := out.Attributes["VisibilityTimeout"]
	n, err := strconv.ParseUint(timeout, 10, 16)
	if err != nil {
		return Facts{}, fmt.Errorf("attribute VisibilityTimeout is %q, must be a number of seconds", timeout)
	}
	f := Facts{URL: url, FIFO: at.fifo(), Visibility: time.Duration(n) * time.Second}
	if policy := out.Attributes["RedrivePolicy"]; policy != "" {
		if err := f.redrive(policy); err != nil {
			return Facts{}, err
		}
	}
	return f, nil
}

// urlOf returns the queue's URL. At AWS it follows from the ARN, so that the
// permissions that Lambda asks for are enough; others have their own ways.
func urlOf(ctx context.Context, client *sqs.Client, at place, s sources.Spec) (string, error) {
	suffix := map[string]string{"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}[at.partition]
	if client.Options().BaseEndpoint == nil && suffix != "" {
		return fmt.Sprintf("https://sqs.%s.%s/%s/%s", at.region, suffix, at.account, at.name), nil
	}
	out, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{
		QueueName:              aws.String(at.name),
		QueueOwnerAWSAccountId: aws.String(at.account),
	})
	if err != nil {
		return "", classify(err)
	}
	return aws.ToString(out.QueueUrl), nil
}

// redrive reads a redrive policy; its count is a number or a numeric string.
func (f *Facts) redrive(policy string) error {
	var p struct {
		DeadLetterTargetArn string
		MaxReceiveCount     json.RawMessage
	}
	err := json.Unmarshal([]byte(policy), &p)
	if err == nil {
		f.DeadLetters = p.DeadLetterTargetArn
		f.MaxReceives, err = strconv.Atoi(strings.Trim(string(p.MaxReceiveCount), `"`))
	}
	if err != nil {
		return fmt.Errorf("attribute RedrivePolicy is %.200q, must be JSON with a maxReceiveCount", policy)
	}
	return nil
}
