package sqs

import (
	"context"
	"time"

	"github.com/penstock/penstock/awswire"
)

// maxVisibility is the longest a message may stay hidden after a receive.
const maxVisibility = 12 * time.Hour

// locate reads a receipt handle; m is nil if its message is gone.
func (q *queue) locate(handle string) (m *message, r receipt, err *awswire.Error) {
	if handle == "" {
		return nil, r, missing("ReceiptHandle")
	}
	r, ok := parseReceipt(handle)
	if !ok || r.queue != q.key {
		return nil, r, invalidHandle(handle)
	}
	return q.messages[r.place], r, nil
}

// DeleteMessage deletes a received message. On a standard queue the latest handle
// works also when the timeout is over; an older one is accepted and does nothing.
// On a FIFO queue both are refused as expired. Deleting what is gone succeeds.
func (s *Service) DeleteMessage(ctx context.Context, in *DeleteMessageInput) (*Nothing, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if errs := q.change(func(now time.Time) []*awswire.Error {
		return []*awswire.Error{q.delete(in.ReceiptHandle, now)}
	}); errs[0] != nil {
		return nil, errs[0]
	}
	return &Nothing{}, nil
}

// DeleteMessageBatch deletes up to ten messages; each fails alone.
func (s *Service) DeleteMessageBatch(ctx context.Context, in *DeleteMessageBatchInput) (*DeleteMessageBatchOutput, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	id := func(e DeleteEntry) string { return e.ID }
	if err := checkBatch("DeleteMessageBatchRequestEntry", in.Entries, id); err != nil {
		return nil, err
	}
	done, bad := changeEach(q, in.Entries, id, func(e DeleteEntry, now time.Time) *awswire.Error {
		return q.delete(e.ReceiptHandle, now)
	})
	return &DeleteMessageBatchOutput{done, bad}, nil
}

// ChangeMessageVisibility lets a message in flight stay hidden for that many
// seconds from now; zero makes it visible.
func (s *Service) ChangeMessageVisibility(ctx context.Context, in *ChangeVisibilityInput) (*Nothing, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if errs := q.change(func(now time.Time) []*awswire.Error {
		return []*awswire.Error{q.retime(in.ReceiptHandle, in.VisibilityTimeout, now)}
	}); errs[0] != nil {
		return nil, errs[0]
	}
	return &Nothing{}, nil
}

// ChangeMessageVisibilityBatch changes up to ten timeouts; each fails alone.
func (s *Service) ChangeMessageVisibilityBatch(ctx context.Context, in *ChangeVisibilityBatchInput) (*ChangeVisibilityBatchOutput, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	id := func(e VisibilityEntry) string { return e.ID }
	if err := checkBatch("ChangeMessageVisibilityBatchRequestEntry", in.Entries, id); err != nil {
		return nil, err
	}
	done, bad := changeEach(q, in.Entries, id, func(e VisibilityEntry, now time.Time) *awswire.Error {
		if e.VisibilityTimeout == nil { // optional here, and left out by SDKs that do not write zeros
			e.VisibilityTimeout = new(int)
		}
		return q.retime(e.ReceiptHandle, e.VisibilityTimeout, now)
	})
	return &ChangeVisibilityBatchOutput{done, bad}, nil
}

// change runs f on the settled queue under its lock.
func (q *queue) change(f func(now time.Time) []*awswire.Error) []*awswire.Error {
	q.mu.Lock()
	defer q.svc.journal.flush(q.svc)
	defer q.mu.Unlock()
	now := q.svc.now()
	q.settle(now)
	defer q.changed(now)
	return f(now)
}

func changeEach[E any](q *queue, entries []E, id func(E) string, f func(E, time.Time) *awswire.Error) (done []DoneItem, bad []FailedItem) {
	errs := q.change(func(now time.Time) (errs []*awswire.Error) {
		for _, e := range entries {
			errs = append(errs, f(e, now))
		}
		return errs
	})
	for i, e := range entries {
		if errs[i] != nil {
			bad = append(bad, failed(id(e), errs[i]))
		} else {
			done = append(done, DoneItem{id(e)})
		}
	}
	return done, bad
}

func (q *queue) delete(handle string, now time.Time) *awswire.Error {
	m, r, err := q.locate(handle)
	switch {
	case err != nil:
		return err
	case m == nil:
		return nil
	case q.fifo && (m.state != inFlight || m.hand != r.hand):
		return handleExpired(handle)
	case m.hand != r.hand:
		q.note(Stale, m, now, nil)
		return nil
	}
	q.drop(m)
	q.note(Deleted, m, now, nil)
	return nil
}

func (q *queue) retime(handle string, seconds *int, now time.Time) *awswire.Error {
	if err := checkVisibility(seconds); err != nil {
		return err
	}
	m, _, err := q.locate(handle)
	timeout := time.Duration(0)
	if err == nil {
		timeout = time.Duration(*seconds) * time.Second
	}
	switch {
	case err != nil:
		return err
	case m == nil:
		return notAvailable(handle)
	case m.state != inFlight && q.fifo:
		return handleExpired(handle)
	case m.state != inFlight: // its timeout has ended: accepted, without effect
		return nil
	case now.Add(timeout).Sub(m.last) > maxVisibility:
		return badValue(*seconds, "VisibilityTimeout", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	case timeout == 0:
		q.release(m)
		q.note(Released, m, now, nil)
	default:
		q.hide(m, inFlight, now.Add(timeout))
	}
	m.retimed = true
	return nil
}

func checkVisibility(seconds *int) *awswire.Error {
	switch {
	case seconds == nil:
		return missing("VisibilityTimeout")
	case *seconds < 0 || *seconds > int(maxVisibility/time.Second):
		return badValue(*seconds, "VisibilityTimeout", "Must be >= 0 and <= 43200, if provided.")
	}
	return nil
}
