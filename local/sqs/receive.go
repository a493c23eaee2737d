package sqs

import (
	"context"
	"time"

	"github.com/penstock/penstock/awswire"
)

// maxInFlight is how many messages of one queue may be in flight.
const maxInFlight = 120_000

// A fetch is a ReceiveMessage whose numbers have been checked and completed.
type fetch struct {
	in         *ReceiveMessageInput
	max        int
	wait       time.Duration
	visibility time.Duration
}

// ReceiveMessage hands out up to ten messages and hides them for the visibility
// timeout. Without any it waits for the first one, at most WaitTimeSeconds. It
// looks at ctx before it hides messages, so a cancelled call loses none.
func (s *Service) ReceiveMessage(ctx context.Context, in *ReceiveMessageInput) (*ReceiveMessageOutput, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	f, bad := q.fetchOf(in)
	if bad != nil {
		return nil, bad
	}
	defer s.journal.flush(s)
	deadline := s.now().Add(f.wait)
	for {
		found, w, err := q.try(ctx, f, deadline)
		if err != nil || w == nil {
			return &ReceiveMessageOutput{found}, err
		}
		s.journal.flush(s) // what settling brought to light is not kept until the wait ends
		timer := time.NewTimer(deadline.Sub(s.now()))
		select {
		case <-w.woken:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		q.mu.Lock()
		q.leave(w)
		q.mu.Unlock()
	}
}

func (q *queue) fetchOf(in *ReceiveMessageInput) (fetch, *awswire.Error) {
	f := fetch{in: in, max: 1}
	q.mu.Lock()
	f.wait, f.visibility = q.set.receiveWait, q.set.visibility
	q.mu.Unlock()
	if n := in.Max; n != nil {
		if f.max = *n; f.max < 1 || f.max > 10 {
			return f, badValue(f.max, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
		}
	}
	if n := in.WaitTimeSeconds; n != nil {
		if *n < 0 || *n > 20 {
			return f, badValue(*n, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
		}
		f.wait = time.Duration(*n) * time.Second
	}
	if n := in.VisibilityTimeout; n != nil {
		if err := checkVisibility(n); err != nil {
			return f, err
		}
		f.visibility = time.Duration(*n) * time.Second
	}
	if in.AttemptID != nil && !q.fifo {
		return f, badValue(*in.AttemptID, "ReceiveRequestAttemptId", "The request includes a parameter that is not valid for this queue type.")
	}
	if in.AttemptID != nil && !validID(*in.AttemptID) {
		return f, badValue(*in.AttemptID, "ReceiveRequestAttemptId", "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	}
	return f, nil
}

// try receives once. When it finds nothing before the deadline it returns a
// waiter instead of messages.
func (q *queue) try(ctx context.Context, f fetch, deadline time.Time) ([]Message, *waiter, error) {
	var dead []*message
	var grave string
	defer func() { q.svc.bury(q, grave, dead) }() // after q is unlocked
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		return nil, nil, nil // deleted while this call waited
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	now := q.svc.now()
	q.settle(now)
	if again := q.repeat(f, now); again != nil {
		q.changed(now)
		return again, nil, nil
	}
	if !q.fifo && q.flying >= maxInFlight && q.receivable() {
		return nil, nil, overLimit("Too many messages are in flight on this queue.")
	}
	if q.set.redrive != nil {
		grave = q.set.redrive.target
	}
	batch, dead2 := q.take(f, now)
	dead = dead2
	q.changed(now)
	if len(batch) == 0 && now.Before(deadline) {
		return nil, q.wait(now), nil
	}
	found := make([]Message, len(batch))
	for i, m := range batch {
		found[i] = q.render(m, f.in)
	}
	q.remember(f, batch, now)
	return found, nil, nil
}

// take hands out the next messages. Those whose redrive policy says that they have
// been received often enough are dropped from the queue and returned apart.
func (q *queue) take(f fetch, now time.Time) (batch, dead []*message) {
	if q.fifo {
		batch, dead = q.takeGroups(f, now)
	} else {
		for len(batch) < f.max && q.ready.len() > 0 && q.flying < maxInFlight {
			if m := q.ready.pop(); q.spent(m) {
				q.drop(m)
				dead = append(dead, m)
			} else {
				q.handOut(m, f, now)
				batch = append(batch, m)
			}
		}
	}
	return batch, dead
}

// takeGroups takes from the group whose turn it is up to its first hidden message,
// then from the next group.
func (q *queue) takeGroups(f fetch, now time.Time) (batch, dead []*message) {
	var served []*group
	for len(batch) < f.max && q.flying < maxInFlight {
		g := q.groups.next()
		if g == nil {
			break
		}
		served = append(served, g)
		var next *message
		for m := g.head; m != nil && m.state == visible && len(batch) < f.max; m = next {
			if next = m.next; q.spent(m) {
				dead = append(dead, m)
			} else {
				q.handOut(m, f, now)
				batch = append(batch, m)
			}
		}
	}
	for _, m := range dead {
		q.drop(m)
	}
	for _, g := range served {
		q.groups.refresh(g)
	}
	return batch, dead
}

// handOut hides m and counts the receive. With a timeout of zero the next settle
// makes it visible again, so one receive does not take it twice.
func (q *queue) handOut(m *message, f fetch, now time.Time) {
	q.hide(m, inFlight, now.Add(f.visibility))
	m.receives++
	m.hand++
	m.last, m.retimed = now, false
	if m.first.IsZero() {
		m.first = now
	}
	q.note(Received, m, now, func(e *Event) { e.For = f.visibility })
}
