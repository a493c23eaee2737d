package sqs

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/penstock/penstock/sources"
)

// A queue is a feed. It keeps nothing that changes.
type queue struct {
	client *sqs.Client
	spec   sources.Spec
	url    string
	fifo   bool
	// loan is for how long a message received is hidden; visibility asks for
	// it, in seconds, or is zero when it is the queue's own.
	loan       time.Duration
	visibility int32
}

// Receive waits whole seconds, as SQS does: a part of a second counts as one.
func (q *queue) Receive(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
	switch {
	case max < 1:
		return nil, fmt.Errorf("receive: max is %d, must be at least 1", max)
	case max > callLimit:
		return nil, fmt.Errorf("receive: max is %d, limit %d: %w", max, callLimit, sources.ErrTooMany)
	case wait < 0 || wait > waitLimit:
		return nil, fmt.Errorf("receive: wait is %v, must be 0 to %v", wait, waitLimit)
	}
	var options []func(*sqs.Options)
	if wait == 0 {
		options = append(options, sendZeroWait)
	}
	start := time.Now()
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:                    aws.String(q.url),
		MaxNumberOfMessages:         int32(max),
		WaitTimeSeconds:             int32((wait + time.Second - 1) / time.Second),
		VisibilityTimeout:           q.visibility,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"},
	}, options...)
	if err != nil {
		return nil, fmt.Errorf("receive: %w", classify(err))
	}
	loan := loanEnd(start, time.Now(), q.loan)
	records := make([]sources.Record, 0, len(out.Messages))
	for i := range out.Messages {
		m := &out.Messages[i]
		if aws.ToString(m.MessageId) == "" || aws.ToString(m.ReceiptHandle) == "" {
			// What came before it is in hand. What came after may be of its group.
			return records, fmt.Errorf("receive: %w", errUnnamed)
		}
		records = append(records, q.record(m, loan))
	}
	return records, nil
}

// loanEnd is when messages received between start and end are visible again, at
// the earliest: SQS hid them at some time of a long poll that nobody tells us,
// but hardly more than a second before its answer arrived.
func loanEnd(start, end time.Time, loan time.Duration) time.Time {
	hidden := end.Add(-min(time.Second, loan/2))
	if hidden.Before(start) {
		hidden = start
	}
	return hidden.Add(loan)
}

// Ack deletes messages.
func (q *queue) Ack(ctx context.Context, records []sources.Record) error {
	handles, err := q.handles("ack", records)
	if err != nil || len(handles) == 0 {
		return err
	}
	entries := make([]types.DeleteMessageBatchRequestEntry, len(handles))
	for i := range handles {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: entryID(i), ReceiptHandle: &handles[i]}
	}
	out, err := q.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: aws.String(q.url), Entries: entries})
	if err != nil {
		return fmt.Errorf("ack: %w", classify(err))
	}
	done := make([]*string, len(out.Successful))
	for i := range out.Successful {
		done[i] = out.Successful[i].Id
	}
	return failed("ack", records, done, out.Failed)
}

// Nack makes messages visible.
func (q *queue) Nack(ctx context.Context, records []sources.Record) error {
	handles, err := q.handles("nack", records)
	if err != nil || len(handles) == 0 {
		return err
	}
	entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(handles))
	for i := range handles {
		entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{Id: entryID(i), ReceiptHandle: &handles[i], VisibilityTimeout: 0}
	}
	out, err := q.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: aws.String(q.url), Entries: entries})
	if err != nil {
		return fmt.Errorf("nack: %w", classify(err))
	}
	done := make([]*string, len(out.Successful))
	for i := range out.Successful {
		done[i] = out.Successful[i].Id
	}
	return failed("nack", records, done, out.Failed)
}

// Close does nothing: connections belong to the awsclient.Client.
func (q *queue) Close() error { return nil }

// handles returns the receipt handles of records.
func (q *queue) handles(call string, records []sources.Record) ([]string, error) {
	if len(records) > callLimit {
		return nil, fmt.Errorf("%s: %d records, limit %d: %w", call, len(records), callLimit, sources.ErrTooMany)
	}
	handles := make([]string, len(records))
	for i, r := range records {
		h, ok := r.Token.(handle)
		if !ok {
			return nil, fmt.Errorf("%s: record %q: %w", call, r.ID, errToken)
		}
		handles[i] = string(h)
	}
	return handles, nil
}

// entryID names an entry by its place in the call. Message IDs do not do: the
// same message can come twice in one batch.
func entryID(i int) *string { return aws.String(strconv.Itoa(i)) }
