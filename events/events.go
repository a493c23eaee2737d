// Package events owns the JSON that AWS Lambda functions receive: one Shape a
// service, with the wire structs it is rendered from. It renders and reads
// JSON, and refuses to do anything else: no I/O, no clock, no AWS SDK.
package events

import "encoding/json"

// A Shape is the form of one service's event: how records join into the event
// a function receives, and how a function's answer names one of them.
type Shape struct {
	// Name is the service's short name, lower case: "sqs".
	Name string
	// Event renders the event of a frame. It is the only place where an event
	// comes into being. The result is the caller's.
	Event func(Frame) json.RawMessage
	// Envelope is the size in bytes of an event without records. A batch of n
	// records renders to at most Envelope + the records' bytes + one byte for
	// each record; the payload cap is computed from it.
	Envelope int
	// ID reads the itemIdentifier of a partial batch response and returns the
	// Record.ID it names; false if it is not an identifier of this service.
	// nil: a non-empty JSON string that is the ID itself.
	ID func(itemIdentifier json.RawMessage) (string, bool)
}

// A Frame is what one event is rendered from: records of one feed in order.
type Frame struct {
	Records []json.RawMessage
}

// Identify is Shape.ID with its default applied.
func (s Shape) Identify(itemIdentifier json.RawMessage) (string, bool) {
	if s.ID != nil {
		return s.ID(itemIdentifier)
	}
	var id string
	if err := json.Unmarshal(itemIdentifier, &id); err != nil || id == "" {
		return "", false
	}
	return id, true
}

// List returns an Event function for services whose event is one object with
// one member, the list of records: {"Records":[...]}.
func List(member string) func(Frame) json.RawMessage {
	head, _ := json.Marshal(member)
	head = append([]byte{'{'}, head...)
	head = append(head, ':', '[')
	return func(f Frame) json.RawMessage {
		size := len(head) + 2
		for _, r := range f.Records {
			size += len(r) + 1
		}
		event := append(make([]byte, 0, size), head...)
		for i, r := range f.Records {
			if i > 0 {
				event = append(event, ',')
			}
			event = append(event, r...)
		}
		return append(event, ']', '}')
	}
}

// ListEnvelope is the Envelope that belongs to List(member).
func ListEnvelope(member string) int { return len(member) + len(`{"":[]}`) }
