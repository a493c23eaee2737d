package sqs

import (
	"sync"
	"time"
)

// A Fate is what happened to a message.
type Fate string

// The fates of a message.
const (
	Sent      Fate = "sent"      // accepted by a queue
	Duplicate Fate = "duplicate" // accepted and dropped: sent before within the deduplication window
	Received  Fate = "received"
	Released  Fate = "released" // visible again, undeleted: its visibility timeout or delay ended
	Deleted   Fate = "deleted"
	Stale     Fate = "stale"     // a delete with an older receipt handle, which did nothing
	Moved     Fate = "moved"     // to a dead-letter queue or, by a move task, to Event.To
	Expired   Fate = "expired"   // older than the retention period
	Purged    Fate = "purged"    // by PurgeQueue
	Abandoned Fate = "abandoned" // its queue was deleted
)

// An Event tells one step in the life of a message.
type Event struct {
	Time     time.Time // on the Service's clock
	Fate     Fate
	Queue    string // ARN
	ID       string // message id
	Body     string
	Group    string        // message group, if any
	Receives int           // times received so far
	For      time.Duration // Received: visibility timeout; Sent: delay
	To       string        // Moved: ARN of the other queue
	NewID    string        // Moved by a move task: id of the message there
}

// A journal hands events to Observe one at a time and in the order in which they
// happened, although they are noted under the locks of queues and told without.
type journal struct {
	mu      sync.Mutex
	pending []Event
	telling bool
}

func (j *journal) note(e Event) {
	j.mu.Lock()
	j.pending = append(j.pending, e)
	j.mu.Unlock()
}

// flush tells what was noted, unless another caller is doing so already.
func (j *journal) flush(s *Service) {
	if s.Observe == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.telling {
		return
	}
	j.telling = true
	defer func() { j.telling = false }()
	for len(j.pending) > 0 {
		events := j.pending
		j.pending = nil
		j.mu.Unlock()
		for _, e := range events {
			s.Observe(e)
		}
		j.mu.Lock()
	}
}

// note records what became of m; q is locked.
func (q *queue) note(fate Fate, m *message, now time.Time, add func(*Event)) {
	if q.svc.Observe == nil {
		return
	}
	e := Event{Time: now, Fate: fate, Queue: q.arn, ID: m.id, Body: m.body, Receives: m.receives}
	if m.group != nil {
		e.Group = *m.group
	}
	if add != nil {
		add(&e)
	}
	q.svc.journal.note(e)
}
