package sqs

import "time"

// now is the time of this Service: its clock and what Advance has added.
func (s *Service) now() time.Time {
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	return now().Add(time.Duration(s.offset.Load()))
}

// NextDue returns the earliest moment, on the Service's clock, at which a hidden
// or delayed message of any queue can be received again. It reports false when
// there is none. A moment in the past means that the message has not been looked
// for since.
func (s *Service) NextDue() (time.Time, bool) {
	var next time.Time
	for _, q := range s.all() {
		q.mu.Lock()
		q.settle(s.now())
		if m := q.hidden.top(); m != nil && (next.IsZero() || m.due.Before(next)) {
			next = m.due
		}
		q.mu.Unlock()
	}
	s.journal.flush(s)
	return next, !next.IsZero()
}

// Advance moves the Service's clock forward by d; zero or less does nothing.
// Timeouts, delays, retention and waiting long polls see the new time before
// Advance returns or soon after. It is how `penstock try` skips the waits in which
// nothing can happen; tests with a fake clock have no need of it.
func (s *Service) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	s.offset.Add(int64(d))
	for _, q := range s.all() {
		q.mu.Lock()
		q.settle(s.now())
		q.armed = time.Time{} // what it is set to comes sooner now; the woken polls set it again
		q.wakeAll()
		q.mu.Unlock()
	}
	s.mu.RLock()
	tasks := append([]*moveTask(nil), s.tasks...)
	s.mu.RUnlock()
	for _, t := range tasks {
		t.hurry()
	}
	s.journal.flush(s)
}
