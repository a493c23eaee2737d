package template

import (
	"regexp"
	"strconv"
	"strings"
)

var queueNames = regexp.MustCompile(`^[A-Za-z0-9_-]{1,75}(\.fifo)?$|^[A-Za-z0-9_-]{1,80}$`)

func (e *evaluator) queueName(r *resource) *node {
	fifo := false
	if raw := r.props.get("FifoQueue"); raw != nil {
		fifo = strings.EqualFold(e.eval(raw).plain(), "true")
	}
	v := e.ownName(r, "QueueName")
	if v == nil {
		if name := e.st.Name + "-" + r.id; fifo {
			v = newString(r.pos, shorten(name, 75)+".fifo")
		} else {
			v = newString(r.pos, shorten(name, 80))
		}
	}
	switch {
	case v.kind == brokenKind:
	case !queueNames.MatchString(v.text):
		e.s.fail(v.pos, "%s: the queue name %s must be 1 to 80 letters, digits, hyphens and underscores, and may end in .fifo", r.id, v.describe())
		return newBroken(v.pos)
	case fifo != strings.HasSuffix(v.text, ".fifo"):
		e.s.fail(v.pos, "%s: the name of a FIFO queue, and of no other, ends in .fifo: FifoQueue is %t and the name %s", r.id, fifo, v.describe())
		return newBroken(v.pos)
	}
	return v
}

func (e *evaluator) readQueue(r *resource) {
	p := e.properties(r.id, queue, r.props)
	name := e.name(r).text
	q := Queue{LogicalID: r.id, Name: name, ARN: e.queueARN(name), URL: e.queueURL(name), Pos: r.pos, Attributes: map[string]string{}}
	fifo := p["FifoQueue"].plain() == "true"
	for _, row := range table {
		v := p[row.name]
		if row.of&queue == 0 || v == nil {
			continue
		}
		switch row.name {
		case "QueueName":
		case "Tags":
			q.Tags = tags(v)
		case "FifoQueue":
			if fifo {
				q.Attributes[row.name] = "true" // SQS knows no other value
			}
		case "RedrivePolicy":
			q.Attributes[row.name] = e.redrive(r, v, fifo)
		case "RedriveAllowPolicy":
			q.Attributes[row.name] = e.redriveAllow(r, v)
		case "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit":
			if !fifo {
				e.s.fail(v.pos, "%s: You can specify the %s only when FifoQueue is set to true.", r.id, row.name)
			}
			q.Attributes[row.name] = v.text
		default:
			q.Attributes[row.name] = v.text
		}
	}
	e.st.Queues = append(e.st.Queues, q)
}

// policy reads a property of JSON type: a map, or the text of one.
func (e *evaluator) policy(r *resource, property string, v *node) *node {
	if v.kind == stringKind {
		inner := newSource("", []byte(v.text))
		if v2 := parseJSON(inner, []byte(v.text)); v2 != nil && len(inner.errs) == 0 {
			v = v2.at(v.pos)
		}
	}
	if v.kind != mapKind {
		e.s.fail(v.pos, "%s: %s must be a map, not %s", r.id, property, v.describe())
		return nil
	}
	return v
}

// redrive checks a redrive policy and gives its JSON.
func (e *evaluator) redrive(r *resource, v *node, fifo bool) string {
	if v = e.policy(r, "RedrivePolicy", v); v == nil {
		return ""
	}
	for _, m := range v.entries {
		if m.key != "deadLetterTargetArn" && m.key != "maxReceiveCount" {
			e.s.fail(v.pos, "%s: RedrivePolicy has no member %q", r.id, m.key)
		}
	}
	target, count := v.get("deadLetterTargetArn").plain(), v.get("maxReceiveCount").plain()
	if strings.Count(target, ":") != 5 || !strings.Contains(target, ":sqs:") {
		e.s.fail(v.pos, "%s: RedrivePolicy.deadLetterTargetArn must be the ARN of a queue, not %s", r.id, v.get("deadLetterTargetArn").describe())
	} else if fifo != strings.HasSuffix(target, ".fifo") {
		e.s.fail(v.pos, "%s: Dead-letter queue must be same type of queue as the source.", r.id)
	} else if target == e.queueARN(e.name(r).text) {
		e.s.fail(v.pos, "%s: A queue cannot be its own dead-letter queue.", r.id)
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 1000 {
		e.s.fail(v.pos, "%s: RedrivePolicy.maxReceiveCount must be 1 to 1000, not %s", r.id, v.get("maxReceiveCount").describe())
	}
	return string(v.with("maxReceiveCount", strconv.Itoa(n)).json())
}

// with returns a map with one member replaced by a number.
func (n *node) with(key, number string) *node {
	c := n.at(n.pos)
	c.entries = nil
	for _, m := range n.entries {
		if m.key == key {
			m.value = &node{kind: numberKind, pos: m.pos, text: number}
		}
		c.entries = append(c.entries, m)
	}
	return c
}

func (e *evaluator) redriveAllow(r *resource, v *node) string {
	if v = e.policy(r, "RedriveAllowPolicy", v); v == nil {
		return ""
	}
	for _, m := range v.entries {
		if m.key != "redrivePermission" && m.key != "sourceQueueArns" {
			e.s.fail(v.pos, "%s: RedriveAllowPolicy has no member %q", r.id, m.key)
		}
	}
	permission, sources := v.get("redrivePermission").plain(), v.get("sourceQueueArns")
	switch permission {
	case "allowAll", "denyAll":
		if sources != nil {
			e.s.fail(v.pos, "%s: RedriveAllowPolicy.sourceQueueArns needs redrivePermission byQueue", r.id)
		}
	case "byQueue":
		if sources == nil || sources.kind != listKind || len(sources.items) < 1 || len(sources.items) > 10 {
			e.s.fail(v.pos, "%s: RedriveAllowPolicy.sourceQueueArns must be a list of 1 to 10 ARNs", r.id)
		}
	default:
		e.s.fail(v.pos, "%s: RedriveAllowPolicy.redrivePermission must be allowAll, denyAll or byQueue, not %s", r.id, v.get("redrivePermission").describe())
	}
	return string(v.json())
}

// tags turns a list of Key and Value into a map.
func tags(v *node) map[string]string {
	out := map[string]string{}
	for _, item := range v.items {
		if key := item.get("Key").plain(); key != "" {
			out[key] = item.get("Value").plain()
		}
	}
	return out
}
