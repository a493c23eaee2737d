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

	"github.com/penstock/penstock/sources"
)

// inspect asks the service where the queue is and what mappings depend on.
func inspect(ctx context.Context, client *sqs.Client, at place) (url string, f sources.Facts, err error) {
	if url, err = urlOf(ctx, client, at); err != nil {
		return "", f, err
	}
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(url),
		AttributeNames: []types.QueueAttributeName{
			types.QueueAttributeNameVisibilityTimeout,
			types.QueueAttributeNameRedrivePolicy,
		},
	})
	if err != nil {
		return "", f, classify(err)
	}
	timeout := out.Attributes["VisibilityTimeout"]
	n, err := strconv.ParseUint(timeout, 10, 16)
	if err != nil {
		return "", f, fmt.Errorf("attribute VisibilityTimeout is %q, must be a number of seconds", timeout)
	}
	f.Visibility = time.Duration(n) * time.Second
	if policy := out.Attributes["RedrivePolicy"]; policy != "" {
		f.MaxReceives, err = maxReceives(policy)
	}
	return url, f, err
}

// urlOf returns the queue's URL. At AWS it follows from the ARN, so that the
// permissions that Lambda asks for are enough; others have their own ways.
func urlOf(ctx context.Context, client *sqs.Client, at place) (string, error) {
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

// maxReceives reads a redrive policy, whose count is a number or a numeric
// string.
func maxReceives(policy string) (int, error) {
	var p struct{ MaxReceiveCount json.RawMessage }
	err := json.Unmarshal([]byte(policy), &p)
	if err == nil {
		var n int
		if n, err = strconv.Atoi(strings.Trim(string(p.MaxReceiveCount), `"`)); err == nil && n > 0 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("attribute RedrivePolicy is %.200q, must be JSON with a maxReceiveCount of at least 1", policy)
}
