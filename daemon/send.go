package daemon

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/local/sqs"
)

// readAllMessages reads the files, or those of dir/events, and finds the queue
// of each message.
func readAllMessages(dir string, files []string, stack *template.Stack) ([]message, error) {
	if len(files) == 0 {
		var err error
		if files, err = eventFiles(folder(dir)); err != nil {
			return nil, environment("%w", err)
		}
		if len(files) == 0 {
			return nil, usage("%s has no events/*.json: put messages there, or name files", dir)
		}
	}
	var all []message
	for _, file := range files {
		messages, err := readMessages(file)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			m.To, err = queueFor(m, stack)
			if s := m.slip; s != nil && (err != nil || isQueue(s.to, stack)) {
				return nil, usage("%s: %w", m.from, s.err)
			}
			if err != nil {
				return nil, err
			}
			all = append(all, m)
		}
	}
	return all, nil
}

// isQueue says whether a message may be for a queue of that name.
func isQueue(name string, stack *template.Stack) bool {
	return slices.ContainsFunc(stack.Queues, func(q template.Queue) bool { return name == q.Name || name == q.LogicalID })
}

// queueFor is the name of the queue a message is for: a name, a logical ID or,
// when it says nothing, the only queue that a mapping reads.
func queueFor(m message, stack *template.Stack) (string, error) {
	var names, read []string
	for _, q := range stack.Queues {
		if m.To == q.Name || m.To == q.LogicalID {
			return q.Name, nil
		}
		names = append(names, q.Name)
		if slices.ContainsFunc(stack.Mappings, func(t template.Mapping) bool { return t.Config.EventSourceArn == q.ARN }) {
			read = append(read, q.Name)
		}
	}
	switch {
	case m.To != "" && len(names) == 0:
		return "", usage("%s: to %q: the template has no queues", m.from, m.To)
	case m.To != "":
		return "", usage("%s: to %q: the template has no such queue; it has %s", m.from, m.To, strings.Join(names, ", "))
	case len(read) == 1:
		return read[0], nil
	case len(read) == 0:
		return "", usage("%s: no mapping of the template reads a queue, so nothing would happen", m.from)
	}
	return "", usage("%s: say which queue the message is for with \"to\": mappings read %s", m.from, strings.Join(read, ", "))
}

// send puts the messages into their queues, in order.
func (r *rehearsal) send(ctx context.Context, messages []message) error {
	for _, m := range messages {
		in, err := m.input()
		if err != nil {
			return usage("%s: %w", m.from, err)
		}
		for range max(1, m.Times) {
			out, err := r.service.SendMessage(ctx, in)
			if err != nil {
				return usage("%s: queue %s: %w", m.from, m.To, err)
			}
			r.story.expect(out.MessageID, m)
		}
	}
	return nil
}

// input is the message as the SQS API takes it.
func (m message) input() (*sqs.SendMessageInput, error) {
	body, err := m.text()
	if err != nil {
		return nil, err
	}
	in := &sqs.SendMessageInput{QueueURL: m.To, Body: body}
	if m.Group != "" {
		in.GroupID = &m.Group
	}
	if m.Dedup != "" {
		in.DeduplicationID = &m.Dedup
	}
	if m.Delay != 0 {
		delay := int(time.Duration(m.Delay) / time.Second)
		in.DelaySeconds = &delay
	}
	if len(m.Attributes) > 0 {
		in.Attributes = map[string]sqs.MessageAttribute{}
	}
	for name, a := range m.Attributes {
		value := sqs.MessageAttribute{DataType: a.Type, BinaryValue: a.Binary}
		if a.Binary == nil {
			value.StringValue = &a.Value
		}
		in.Attributes[name] = value
	}
	return in, nil
}
