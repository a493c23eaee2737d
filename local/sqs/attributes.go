package sqs

import (
	"context"
	"maps"
	"strconv"
	"time"
)

// GetQueueAttributes returns the attributes asked for, or all that are set for
// the name All. Counts are exact.
func (s *Service) GetQueueAttributes(ctx context.Context, in *GetQueueAttributesInput) (*GetQueueAttributesOutput, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	q.settle(s.now())
	all := q.attributes()
	fifo := q.fifo
	q.mu.Unlock()
	s.journal.flush(s)
	wanted := map[string]string{}
	for _, name := range in.Names {
		if name == "All" {
			maps.Copy(wanted, all)
			continue
		}
		if value, ok := all[name]; ok {
			wanted[name] = value
		} else if !attributeExists(name, fifo) {
			return nil, unknownAttribute(name)
		}
	}
	return &GetQueueAttributesOutput{wanted}, nil
}

// attributes returns all attributes that are set; q is locked and settled.
func (q *queue) attributes() map[string]string {
	all := maps.Clone(q.set.values)
	seconds := func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
	maps.Copy(all, map[string]string{
		"QueueArn":                              q.arn,
		"CreatedTimestamp":                      seconds(q.created),
		"LastModifiedTimestamp":                 seconds(q.modified),
		"ApproximateNumberOfMessages":           strconv.Itoa(len(q.messages) - q.flying - q.waiting),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(q.flying),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(q.waiting),
	})
	return all
}

// attributeExists reports whether an attribute that is not set could be.
func attributeExists(name string, fifo bool) bool {
	switch name {
	case "Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds",
		"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit":
		return true
	}
	return false
}

// SetQueueAttributes changes attributes. A new delay also holds for the messages
// that a FIFO queue has not delivered yet, not for those of a standard queue.
func (s *Service) SetQueueAttributes(ctx context.Context, in *SetQueueAttributesInput) (*Nothing, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if len(in.Attributes) == 0 {
		return nil, missing("Attributes")
	}
	if err := s.checkRedrive(q.place, q.fifo, in.Attributes["RedrivePolicy"]); err != nil {
		return nil, err
	}
	now := s.now()
	q.mu.Lock()
	defer s.journal.flush(s)
	defer q.mu.Unlock()
	q.settle(now)
	set, bad := q.set.with(in.Attributes, q.fifo)
	if bad != nil {
		return nil, bad
	}
	before := q.set.delay
	q.set, q.modified = set, now
	if q.fifo && set.delay != before {
		q.delayAgain(now)
	}
	q.settle(now) // a shorter retention may end some
	q.changed(now)
	return &Nothing{}, nil
}

// delayAgain applies a new delay to the messages never delivered.
func (q *queue) delayAgain(now time.Time) {
	for _, m := range q.messages {
		if m.receives > 0 {
			continue
		}
		switch due := m.enqueued.Add(q.set.delay); {
		case due.After(now):
			q.hide(m, delayed, due)
			q.groups.refresh(q.groups.of(m))
		case m.state == delayed:
			q.release(m)
			q.note(Released, m, now, nil)
		}
	}
}

// TagQueue adds tags or changes their values.
func (s *Service) TagQueue(ctx context.Context, in *TagQueueInput) (*Nothing, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, missing("Tags")
	}
	q.setTags(in.Tags)
	return &Nothing{}, nil
}

func (q *queue) setTags(tags map[string]string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.tags == nil {
		q.tags = map[string]string{}
	}
	maps.Copy(q.tags, tags)
}

// UntagQueue removes tags. Keys that are not there are ignored.
func (s *Service) UntagQueue(ctx context.Context, in *UntagQueueInput) (*Nothing, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if len(in.Keys) == 0 {
		return nil, missing("TagKeys")
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, key := range in.Keys {
		delete(q.tags, key)
	}
	return &Nothing{}, nil
}

// ListQueueTags returns a queue's tags.
func (s *Service) ListQueueTags(ctx context.Context, in *QueueInput) (*ListQueueTagsOutput, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return &ListQueueTagsOutput{maps.Clone(q.tags)}, nil
}
