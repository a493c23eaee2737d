package sqs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/penstock/penstock/awswire"
)

// A redrivePolicy says after how many receives a message moves to which
// dead-letter queue.
type redrivePolicy struct {
	target string
	max    int
}

func parseRedrive(text string) (*redrivePolicy, *awswire.Error) {
	refuse := func(reason string) *awswire.Error { return badValue(text, "RedrivePolicy", reason) }
	var p struct {
		Target *string         `json:"deadLetterTargetArn"`
		Max    json.RawMessage `json:"maxReceiveCount"` // a number, or one in quotes
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, refuse("Amazon SQS can't create the redrive policy, as it's in an unsupported format.")
	}
	switch {
	case p.Target == nil:
		return nil, refuse("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
	case p.Max == nil:
		return nil, refuse("Redrive policy does not contain mandatory attribute: maxReceiveCount.")
	}
	number := string(bytes.Trim(p.Max, `"`))
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 1000 {
		return nil, refuse("Invalid value for maxReceiveCount: " + number + ", valid values are from 1 to 1000 both inclusive.")
	}
	return &redrivePolicy{target: *p.Target, max: n}, nil
}

// checkRedrive says why the queue at p cannot have that redrive policy. No lock
// is held.
func (s *Service) checkRedrive(p place, fifo bool, text string) *awswire.Error {
	if text == "" {
		return nil
	}
	policy, err := parseRedrive(text)
	if err != nil {
		return err
	}
	target := s.byARN(policy.target)
	reason := ""
	switch {
	case policy.target == s.arn(p):
		reason = "A queue cannot be its own dead-letter queue."
	case target == nil || target.region != p.region:
		reason = "Dead letter target does not exist."
	case target.fifo != fifo:
		reason = "Dead-letter queue must be same type of queue as the source."
	case !target.takesFrom(s.arn(p)):
		reason = "The dead-letter queue's redrive allow policy does not permit this source queue."
	default:
		return nil
	}
	return badValue(text, "RedrivePolicy", reason)
}

type allowPolicy struct {
	Permission string   `json:"redrivePermission"`
	Sources    []string `json:"sourceQueueArns"`
}

func checkAllowPolicy(text string) *awswire.Error {
	if text == "" {
		return nil
	}
	var p allowPolicy
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return badValue(text, "RedriveAllowPolicy", "Amazon SQS can't create the redrive allow policy, as it's in an unsupported format.")
	}
	byQueue := p.Permission == "byQueue"
	switch {
	case !byQueue && p.Permission != "allowAll" && p.Permission != "denyAll":
		return badValue(text, "RedriveAllowPolicy", "redrivePermission must be one of allowAll, denyAll and byQueue.")
	case byQueue != (len(p.Sources) > 0) || len(p.Sources) > 10:
		return badValue(text, "RedriveAllowPolicy", "sourceQueueArns must hold 1 to 10 ARNs with byQueue, and none otherwise.")
	}
	return nil
}

// takesFrom reports whether q's redrive allow policy admits that source.
func (q *queue) takesFrom(arn string) bool {
	q.mu.Lock()
	text := q.set.values["RedriveAllowPolicy"]
	q.mu.Unlock()
	var p allowPolicy
	if text != "" {
		_ = json.Unmarshal([]byte(text), &p) // checkAllowPolicy has read it
	}
	return p.Permission == "" || p.Permission == "allowAll" || p.Permission == "byQueue" && slices.Contains(p.Sources, arn)
}

// spent reports whether a receive would bring m over the redrive policy's count,
// so that it moves instead. Without its dead-letter queue a message stays.
func (q *queue) spent(m *message) bool {
	p := q.set.redrive
	return p != nil && m.receives >= p.max && q.svc.byARN(p.target) != nil
}

// bury moves messages that take has dropped to the dead-letter queue. If that has
// gone in the meantime they return to their places. No lock is held.
func (s *Service) bury(q *queue, target string, dead []*message) {
	if len(dead) == 0 {
		return
	}
	if grave := s.byARN(target); grave != nil && grave.takeDead(q, dead) {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range dead {
		q.insert(m)
	}
	q.changed(s.now())
}

func (grave *queue) takeDead(from *queue, dead []*message) bool {
	now := grave.svc.now()
	grave.mu.Lock()
	defer grave.mu.Unlock()
	if grave.gone {
		return false
	}
	for _, old := range dead {
		m := old.moved(now)
		m.source, m.receives, m.first = from.arn, old.receives, old.first
		m.id, m.sent = old.id, old.sent
		if grave.fifo {
			m.dedupID = &m.id
		} else {
			m.enqueued = old.enqueued // its retention goes on
		}
		grave.add(m, time.Time{}, now)
		from.note(Moved, old, now, func(e *Event) { e.To = grave.arn })
	}
	grave.changed(now)
	return true
}

// moved returns a message of the same content, to be added to another queue at
// now; the caller gives it its id.
func (m *message) moved(now time.Time) *message {
	return &message{
		body: m.body, bodyMD5: m.bodyMD5, attributes: m.attributes, attrMD5: m.attrMD5, trace: m.trace,
		group: m.group, dedupID: m.dedupID, sent: now, enqueued: now,
	}
}

func isJSONObject(text string) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal([]byte(text), &object) == nil && object != nil
}

// redriveSources returns the queues of region whose dead-letter queue has that ARN.
func (s *Service) redriveSources(arn string) []*queue {
	return slices.DeleteFunc(s.all(), func(q *queue) bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return q.set.redrive == nil || q.set.redrive.target != arn
	})
}

func sequenceNumber(n uint64) string { return fmt.Sprintf("1%019d", n*256) }
