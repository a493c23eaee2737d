package sqs

import "time"

// Stats counts the messages of a queue.
type Stats struct {
	Visible, InFlight, Delayed int
}

// A QueueView is a queue at one moment.
type QueueView struct {
	ARN, Region, Name string
	Stats             Stats
	Messages          []MessageView // by place in the queue
}

// A MessageView is one message of a QueueView.
type MessageView struct {
	ID, Body, Group string
	Receives        int
	State           string    // visible, in flight or delayed
	Due             time.Time // when that ends, unless visible
	Sent            time.Time
	Source          string // ARN of the queue it is a dead letter of
}

// Queues returns the ARNs of all queues, by region and name.
func (s *Service) Queues() []string {
	var arns []string
	for _, q := range s.all() {
		arns = append(arns, q.arn)
	}
	return arns
}

// Stats counts the messages of the queue with that ARN; false if there is none.
func (s *Service) Stats(arn string) (Stats, bool) {
	q := s.byARN(arn)
	if q == nil {
		return Stats{}, false
	}
	defer s.journal.flush(s)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(s.now())
	return q.stats(), true
}

func (q *queue) stats() Stats {
	return Stats{Visible: len(q.messages) - q.flying - q.waiting, InFlight: q.flying, Delayed: q.waiting}
}

// Inspect shows the queue with that ARN and all its messages without receiving
// any; false if there is no such queue.
func (s *Service) Inspect(arn string) (QueueView, bool) {
	q := s.byARN(arn)
	if q == nil {
		return QueueView{}, false
	}
	defer s.journal.flush(s)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(s.now())
	view := QueueView{ARN: q.arn, Region: q.region, Name: q.name, Stats: q.stats()}
	for _, m := range q.inOrder() {
		v := MessageView{ID: m.id, Body: m.body, Receives: m.receives, State: m.state.String(), Sent: m.sent, Source: m.source}
		if m.group != nil {
			v.Group = *m.group
		}
		if m.state != visible {
			v.Due = m.due
		}
		view.Messages = append(view.Messages, v)
	}
	return view, true
}

func (s state) String() string {
	switch s {
	case delayed:
		return "delayed"
	case inFlight:
		return "in flight"
	}
	return "visible"
}
