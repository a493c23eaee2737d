package sqs

import "time"

// attempts remembers what receives with a ReceiveRequestAttemptId were given, so
// that a caller that lost the answer gets it again.
type attempts struct {
	byID map[string]*attempt
	row  []*attempt // by time
}

// attemptWindow is how long an attempt is remembered.
const attemptWindow = 5 * time.Minute

type attempt struct {
	id    string
	at    time.Time
	given []receipt
}

// remember notes what the caller of f was given; q is locked.
func (q *queue) remember(f fetch, batch []*message, now time.Time) {
	if f.in.AttemptID == nil || len(batch) == 0 {
		return
	}
	a := &attempt{id: *f.in.AttemptID, at: now}
	for _, m := range batch {
		a.given = append(a.given, receipt{q.key, m.place, m.hand})
	}
	if q.attempts.byID == nil {
		q.attempts.byID = map[string]*attempt{}
	}
	q.attempts.byID[a.id] = a
	q.attempts.row = append(q.attempts.row, a)
}

// repeat returns the same messages and handles as the caller's former attempt and
// hides them anew. It returns nil if there was none in the window, or if one of its
// messages has been deleted, received again or given another timeout since.
func (q *queue) repeat(f fetch, now time.Time) []Message {
	for row := q.attempts.row; len(row) > 0 && !row[0].at.Add(attemptWindow).After(now); row = q.attempts.row {
		if q.attempts.byID[row[0].id] == row[0] {
			delete(q.attempts.byID, row[0].id)
		}
		q.attempts.row = row[1:]
	}
	if f.in.AttemptID == nil {
		return nil
	}
	a := q.attempts.byID[*f.in.AttemptID]
	if a == nil {
		return nil
	}
	for _, r := range a.given {
		if m := q.messages[r.place]; m == nil || m.hand != r.hand || m.retimed {
			return nil
		}
	}
	var found []Message
	for _, r := range a.given {
		m := q.messages[r.place]
		q.hide(m, inFlight, now.Add(f.visibility))
		q.groups.refresh(q.groups.of(m))
		found = append(found, q.render(m, f.in))
	}
	return found
}
