package sqs

import (
	"context"
	"fmt"
	"time"

	"github.com/penstock/penstock/awswire"
)

// SendMessage puts a message into a queue. A FIFO queue drops one that it has seen
// within five minutes, and answers with the first one's id.
func (s *Service) SendMessage(ctx context.Context, in *SendMessageInput) (*SendMessageOutput, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	entry := SendEntry{Body: in.Body, DelaySeconds: in.DelaySeconds, Attributes: in.Attributes,
		SystemAttributes: in.SystemAttributes, DeduplicationID: in.DeduplicationID, GroupID: in.GroupID}
	q.mu.Lock()
	rules := q.set
	q.mu.Unlock()
	if err := q.checkFIFO(&entry, rules); err != nil {
		if in.GroupID == nil && q.fifo {
			err = missing("MessageGroupId") // in a batch the same text has another code
		}
		return nil, err
	}
	if err := q.check(&entry, rules, "One or more parameters are invalid."); err != nil {
		return nil, err
	}
	sent, err := q.accept(ctx, []SendEntry{entry})
	if err != nil {
		return nil, err
	}
	return &SendMessageOutput{MD5OfBody: sent[0].MD5OfBody, MD5OfAttributes: sent[0].MD5OfAttributes,
		MD5OfSystemAttributes: sent[0].MD5OfSystemAttributes, MessageID: sent[0].MessageID, SequenceNumber: sent[0].SequenceNumber}, nil
}

// maxBatch is the most bytes that the messages of one batch may hold together.
const maxBatch = 1 << 20

// SendMessageBatch sends up to ten messages, in order. A message that is not
// acceptable fails alone; a batch that is not, fails as a whole.
func (s *Service) SendMessageBatch(ctx context.Context, in *SendMessageBatchInput) (*SendMessageBatchOutput, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := checkBatch("SendMessageBatchRequestEntry", in.Entries, func(e SendEntry) string { return e.ID }); err != nil {
		return nil, err
	}
	q.mu.Lock()
	rules := q.set
	q.mu.Unlock()
	size := 0
	for i := range in.Entries {
		if err := q.checkFIFO(&in.Entries[i], rules); err != nil {
			return nil, err
		}
		size += contentSize(in.Entries[i].Body, in.Entries[i].Attributes)
	}
	if size > maxBatch {
		return nil, batchError("BatchRequestTooLong",
			fmt.Sprintf("Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxBatch, size))
	}
	out := &SendMessageBatchOutput{}
	var good []SendEntry
	for i := range in.Entries {
		e := &in.Entries[i]
		if err := q.check(e, rules, "One or more parameters cannot be validated."); err != nil {
			out.Failed = append(out.Failed, failed(e.ID, err))
		} else {
			good = append(good, *e)
		}
	}
	out.Successful, err = q.accept(ctx, good)
	return out, err
}

// checkFIFO checks what makes a whole batch fail: the ids of groups and
// deduplication, and what a queue's type does not allow.
func (q *queue) checkFIFO(e *SendEntry, rules settings) *awswire.Error {
	const rule = " can only include alphanumeric and punctuation characters. 1 to 128 in length."
	switch {
	case q.fifo && e.GroupID == nil:
		return invalidValue(missingText("MessageGroupId"))
	case e.GroupID != nil && !validID(*e.GroupID):
		return badValue(*e.GroupID, "MessageGroupId", "MessageGroupId"+rule)
	case !q.fifo && e.DeduplicationID != nil:
		return badValue(*e.DeduplicationID, "MessageDeduplicationId", "The request includes a parameter that is not valid for this queue type.")
	case e.DeduplicationID != nil && !validID(*e.DeduplicationID):
		return badValue(*e.DeduplicationID, "MessageDeduplicationId", "MessageDeduplicationId"+rule)
	case q.fifo && e.DeduplicationID == nil && !rules.contentDedup:
		return invalidValue("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	return nil
}

// check checks one message; reason begins the text about its size, which differs
// between a single message and a batch.
func (q *queue) check(e *SendEntry, rules settings, reason string) *awswire.Error {
	if e.Body == "" {
		return missing("MessageBody")
	}
	if e.DelaySeconds != nil {
		switch n := *e.DelaySeconds; {
		case n < 0 || n > 900:
			return badValue(n, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
		case q.fifo && n != 0:
			return badValue(n, "DelaySeconds", "The request include parameter that is not valid for this queue type.")
		}
	}
	if !allowedText(e.Body) {
		return invalidContents()
	}
	if err := checkAttributes(e.Attributes); err != nil {
		return err
	}
	if err := checkSystemAttributes(e.SystemAttributes); err != nil {
		return err
	}
	if contentSize(e.Body, e.Attributes) > rules.maxSize {
		return invalidValue(fmt.Sprintf("%s Reason: Message must be shorter than %d bytes.", reason, rules.maxSize))
	}
	return nil
}

// accept enqueues messages that were checked, and answers for each.
func (q *queue) accept(ctx context.Context, entries []SendEntry) ([]SentEntry, error) {
	made := make([]*message, len(entries))
	for i := range entries {
		made[i] = q.svc.messageOf(ctx, &entries[i])
	}
	q.mu.Lock()
	defer q.svc.journal.flush(q.svc)
	defer q.mu.Unlock()
	if q.gone {
		return nil, noSuchQueue()
	}
	now := q.svc.now()
	q.settle(now)
	var sent []SentEntry
	for i, m := range made {
		q.enqueue(m, &entries[i], now)
		e := SentEntry{ID: entries[i].ID, MessageID: m.id, MD5OfBody: m.bodyMD5, MD5OfAttributes: m.attrMD5, SequenceNumber: m.sequence}
		if len(entries[i].SystemAttributes) > 0 {
			e.MD5OfSystemAttributes = attributesMD5(entries[i].SystemAttributes)
		}
		sent = append(sent, e)
	}
	q.changed(now)
	return sent, nil
}

// messageOf makes the message of an entry; the digests are computed without lock.
func (s *Service) messageOf(ctx context.Context, e *SendEntry) *message {
	m := &message{id: s.newID(), body: e.Body, bodyMD5: md5Hex(e.Body), attributes: e.Attributes,
		attrMD5: attributesMD5(e.Attributes), group: e.GroupID, dedupID: e.DeduplicationID}
	if header := awswire.FromContext(ctx).TraceID; header != "" {
		m.trace = &header
	}
	if a, ok := e.SystemAttributes["AWSTraceHeader"]; ok {
		m.trace = a.StringValue
	}
	return m
}

// enqueue adds m unless it is a duplicate, in which case m takes over the id and
// sequence number of the first.
func (q *queue) enqueue(m *message, e *SendEntry, now time.Time) {
	if q.fifo {
		if m.dedupID == nil {
			id := contentID(m.body)
			m.dedupID = &id
		}
		if first := q.dedup.find(q.dedupKey(m), now); first != nil {
			m.id, m.sequence = first.messageID, first.sequence
			q.note(Duplicate, m, now, nil)
			return
		}
	}
	delay := q.set.delay
	if e.DelaySeconds != nil && !q.fifo {
		delay = time.Duration(*e.DelaySeconds) * time.Second
	}
	m.sent, m.enqueued = now, now
	q.add(m, now.Add(delay), now)
	if q.fifo {
		q.dedup.remember(&accepted{key: q.dedupKey(m), messageID: m.id, sequence: m.sequence, at: now})
	}
	q.note(Sent, m, now, func(e *Event) { e.For = delay })
}
