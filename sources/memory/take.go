package memory

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/penstock/penstock/sources"
)

// take hands out at most max messages. Lanes that were served go to the back,
// so that no group starves another. q.mu is held.
func (q *Queue) take(max int, s sources.Spec) (records []sources.Record) {
	now := time.Now()
	var served []*lane
	for _, l := range slices.Clone(q.lanes) {
		before := len(records)
		records = q.takeLane(l, max, s, now, records)
		if len(records) > before {
			served = append(served, l)
		}
		if len(records) == max {
			break
		}
	}
	q.lanes = slices.DeleteFunc(q.lanes, func(l *lane) bool { return slices.Contains(served, l) })
	q.lanes = append(q.lanes, served...)
	return records
}

func (q *Queue) takeLane(l *lane, max int, s sources.Spec, now time.Time, records []sources.Record) []sources.Record {
	for at := l.messages.Front(); at != nil && len(records) < max; {
		e := at.Value.(*entry)
		at = at.Next()
		switch {
		case e.hidden.After(now):
			if q.FIFO {
				return records
			}
		case q.MaxReceives > 0 && e.Receives >= q.MaxReceives:
			e.Died = now
			q.dead = append(q.dead, e.Message)
			q.remove(e)
		default:
			records = append(records, q.lend(e, s, now))
		}
	}
	return records
}

// lend hides the message and makes a record of it.
func (q *Queue) lend(e *entry, s sources.Spec, now time.Time) sources.Record {
	e.Receives++
	if e.First.IsZero() {
		e.First = now
	}
	r := sources.Record{
		ID:       e.ID,
		Body:     q.render(e.Message, s),
		Arrived:  e.Sent,
		Receives: e.Receives,
		Note:     e.Note,
		Token:    receipt{e, e.Receives},
	}
	if q.FIFO {
		r.Group = e.Group
	}
	switch {
	case q.Visibility < 0:
		e.hidden = forever
	case q.Visibility == 0:
		e.hidden = now.Add(30 * time.Second)
		r.Loan = e.hidden
	default:
		e.hidden = now.Add(q.Visibility)
		r.Loan = e.hidden
	}
	return r
}

func (q *Queue) render(m Message, s sources.Spec) json.RawMessage {
	if q.Render != nil {
		return q.Render(m, s)
	}
	if json.Valid([]byte(m.Body)) {
		return json.RawMessage(m.Body)
	}
	text, _ := json.Marshal(m.Body) // a string always marshals
	return text
}

// remove deletes the message. q.mu is held.
func (q *Queue) remove(e *entry) {
	if e.place == nil {
		return
	}
	e.lane.messages.Remove(e.place)
	e.place = nil
	if e.lane.messages.Len() == 0 {
		q.lanes = slices.DeleteFunc(q.lanes, func(l *lane) bool { return l == e.lane })
	}
}

// next is when the first hidden message shows, if it is before end. q.mu is held.
func (q *Queue) next(now, end time.Time) time.Time {
	for _, l := range q.lanes {
		for at := l.messages.Front(); at != nil; at = at.Next() {
			if e := at.Value.(*entry); e.hidden.After(now) && e.hidden.Before(end) {
				end = e.hidden
			}
		}
	}
	return end
}
