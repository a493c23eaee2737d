package sqs

import (
	"cmp"
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/penstock/penstock/awswire"
)

// quietPeriod is how long, in strict mode, a deleted queue's name stays blocked
// and a purge blocks the next.
const quietPeriod = 60 * time.Second

// CreateQueue creates a queue, or returns the one of that name if no attribute
// given differs from its present value.
func (s *Service) CreateQueue(ctx context.Context, in *CreateQueueInput) (*QueueURLOutput, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	p := place{cmp.Or(awswire.FromContext(ctx).Region, s.region()), in.QueueName}
	fifo, err := checkName(in)
	if err != nil {
		return nil, err
	}
	set, err := defaults(fifo).with(in.Attributes, fifo)
	if err != nil {
		return nil, err
	}
	if q := s.at(p); q != nil {
		return s.existing(ctx, q, in.Attributes)
	}
	if err := s.checkRedrive(p, fifo, in.Attributes["RedrivePolicy"]); err != nil {
		return nil, err
	}
	q := newQueue(s, p, set, fifo, s.now())
	q.setTags(in.Tags)
	return s.enter(ctx, q, in)
}

// enter puts q in the table, unless another call was quicker.
func (s *Service) enter(ctx context.Context, q *queue, in *CreateQueueInput) (*QueueURLOutput, error) {
	s.mu.Lock()
	if other := s.queues[q.place]; other != nil {
		s.mu.Unlock()
		return s.existing(ctx, other, in.Attributes)
	}
	defer s.mu.Unlock()
	if s.queues == nil {
		s.queues, s.deleted = map[place]*queue{}, map[place]time.Time{}
	}
	if free, ok := s.deleted[q.place]; ok && s.Strict && q.created.Before(free) {
		return nil, deletedRecently()
	}
	delete(s.deleted, q.place)
	s.queues[q.place] = q
	return &QueueURLOutput{s.urlOf(ctx, q.place)}, nil
}

// checkName says whether the name and FifoQueue ask for a FIFO queue, or why they
// contradict each other or the rules for names.
func checkName(in *CreateQueueInput) (fifo bool, err *awswire.Error) {
	if in.QueueName == "" {
		return false, missing("QueueName")
	}
	name, suffixed := strings.CutSuffix(in.QueueName, ".fifo")
	value, given := in.Attributes["FifoQueue"]
	fifo = strings.EqualFold(value, "true")
	valid := name != "" && len(in.QueueName) <= 80 && strings.Trim(name, wordCharacters) == ""
	switch {
	case fifo && (!suffixed || !valid), suffixed && !given && valid:
		return false, invalidValue("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length")
	case !fifo && (suffixed || !valid):
		return false, invalidValue("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	return fifo, nil
}

const wordCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// existing answers CreateQueue for a queue that is there already.
func (s *Service) existing(ctx context.Context, q *queue, attributes map[string]string) (*QueueURLOutput, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	wanted, err := q.set.with(attributes, q.fifo)
	if err != nil {
		return nil, err
	}
	for name := range attributes {
		if wanted.values[name] != q.set.values[name] {
			return nil, queueExists(firstDifference(attributes, wanted, q.set))
		}
	}
	return &QueueURLOutput{s.urlOf(ctx, q.place)}, nil
}

func firstDifference(attributes map[string]string, a, b settings) string {
	var names []string
	for name := range attributes {
		if a.values[name] != b.values[name] {
			names = append(names, name)
		}
	}
	return slices.Min(names)
}

// DeleteQueue deletes a queue with all its messages. Receives that wait on it
// return at once.
func (s *Service) DeleteQueue(ctx context.Context, in *QueueInput) (*Nothing, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	now := s.now()
	s.mu.Lock()
	if s.queues[q.place] == q {
		delete(s.queues, q.place)
		maps.DeleteFunc(s.deleted, func(_ place, free time.Time) bool { return !now.Before(free) })
		s.deleted[q.place] = now.Add(quietPeriod)
		s.tasks = slices.DeleteFunc(s.tasks, func(t *moveTask) bool { return t.source == q }) // a running one ends at its next tick
	}
	s.mu.Unlock()
	q.mu.Lock()
	q.settle(now)
	q.discard(Abandoned, now)
	q.close()
	q.mu.Unlock()
	s.journal.flush(s)
	return &Nothing{}, nil
}

// discard forgets all messages; q is locked.
func (q *queue) discard(fate Fate, now time.Time) {
	if q.svc.Observe != nil {
		for _, m := range q.inOrder() {
			q.note(fate, m, now, nil)
		}
	}
	q.clear()
}

// PurgeQueue drops all messages, also those in flight or delayed, and forgets
// which messages a FIFO queue has seen.
func (s *Service) PurgeQueue(ctx context.Context, in *QueueInput) (*Nothing, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	now := s.now()
	q.mu.Lock()
	defer s.journal.flush(s)
	defer q.mu.Unlock()
	if s.Strict && !q.purged.IsZero() && now.Sub(q.purged) < quietPeriod {
		return nil, purgeInProgress(q.name)
	}
	q.purged = now
	q.settle(now)
	q.discard(Purged, now)
	return &Nothing{}, nil
}

// GetQueueURL returns the URL of a queue that exists.
func (s *Service) GetQueueURL(ctx context.Context, in *GetQueueURLInput) (*QueueURLOutput, error) {
	if in.QueueName == "" {
		return nil, missing("QueueName")
	}
	p := place{cmp.Or(awswire.FromContext(ctx).Region, s.region()), in.QueueName}
	if s.at(p) == nil || in.Owner != "" && in.Owner != s.account() {
		return nil, noSuchQueue()
	}
	return &QueueURLOutput{s.urlOf(ctx, p)}, s.open()
}

// ListQueues returns the URLs of the region's queues by name, at most 1000.
func (s *Service) ListQueues(ctx context.Context, in *ListQueuesInput) (*ListQueuesOutput, error) {
	region := cmp.Or(awswire.FromContext(ctx).Region, s.region())
	list := slices.DeleteFunc(s.all(), func(q *queue) bool {
		return q.region != region || !strings.HasPrefix(q.name, in.Prefix)
	})
	urls, token, err := s.page(ctx, list, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ListQueuesOutput{urls, token}, s.open()
}

// ListDeadLetterSourceQueues returns the queues whose messages go to this one.
func (s *Service) ListDeadLetterSourceQueues(ctx context.Context, in *ListSourcesInput) (*ListSourcesOutput, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	urls, token, err := s.page(ctx, s.redriveSources(q.arn), in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ListSourcesOutput{append([]string{}, urls...), token}, nil
}

// page cuts a list of queues, which is sorted by name. A token is the name of the
// last queue of the page before.
func (s *Service) page(ctx context.Context, list []*queue, max *int, token *string) ([]string, *string, error) {
	size := 1000
	if max != nil {
		if size = *max; size < 1 || size > 1000 {
			return nil, nil, badValue(size, "MaxResults", "MaxResults must be an integer between 1 and 1000.")
		}
	}
	if token != nil && *token != "" {
		last, err := base64.StdEncoding.DecodeString(*token)
		if err != nil {
			return nil, nil, invalidValue("Invalid or expired next token.")
		}
		list = slices.DeleteFunc(list, func(q *queue) bool { return q.name <= string(last) })
	}
	var urls []string
	for _, q := range list[:min(size, len(list))] {
		urls = append(urls, s.urlOf(ctx, q.place))
	}
	if max == nil || len(list) <= size {
		return urls, nil, nil
	}
	next := base64.StdEncoding.EncodeToString([]byte(list[size-1].name))
	return urls, &next, nil
}
