package daemon

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Expectations of a message.
const (
	expectDelivered = "delivered"
	expectFiltered  = "filtered"
	expectDead      = "dead"
)

// Limits of "try": it is for trying, not for load.
const (
	maxEventFile = 16 << 20
	maxTimes     = 10_000
	maxDelay     = seconds(15 * time.Minute) // SQS's
)

// A message is one entry of an events file.
type message struct {
	To         string               `json:"to"`         // queue name; empty: the only queue
	Body       json.RawMessage      `json:"body"`       // a string is sent as it is, anything else as JSON text
	Attributes map[string]attribute `json:"attributes"` // message attributes
	Group      string               `json:"group"`      // FIFO: message group
	Dedup      string               `json:"dedup"`      // FIFO: deduplication id
	Delay      seconds              `json:"delay"`      // seconds, or "1m30s"
	Times      int                  `json:"times"`      // how often it is sent; zero: once
	Expect     string               `json:"expect"`     // delivered, filtered or dead; empty: anything

	from string // file and number, for messages to the user
	slip *slip  // what may be wrong with a file that is taken as one body
}

// A slip is a text that names a queue as a message does, but has no body.
type slip struct {
	to  string
	err error
}

// An attribute is written as a string, a number, or {"type": T, "value": V}
// where Binary values are base64.
type attribute struct {
	Type, Value string
	Binary      []byte
}

func (a *attribute) UnmarshalJSON(text []byte) error {
	var full struct{ Type, Value string }
	switch {
	case text[0] == '"':
		a.Type = "String"
		return json.Unmarshal(text, &a.Value)
	case text[0] == '{':
		if err := strict(text, &full); err != nil {
			return err
		}
		a.Type, a.Value = full.Type, full.Value
		if strings.HasPrefix(a.Type, "Binary") {
			var err error
			a.Binary, err = base64.StdEncoding.DecodeString(a.Value)
			return err
		}
		return nil
	case bytes.ContainsRune([]byte("-0123456789"), rune(text[0])):
		a.Type, a.Value = "Number", string(text)
		return nil
	}
	return fmt.Errorf("%s: must be a string, a number or {\"type\": ..., \"value\": ...}", text)
}

type seconds time.Duration

func (s *seconds) UnmarshalJSON(text []byte) error {
	var n int32
	if json.Unmarshal(text, &n) == nil {
		*s = seconds(time.Duration(n) * time.Second)
		return nil
	}
	var spelled string
	err := json.Unmarshal(text, &spelled)
	d, notDuration := time.ParseDuration(spelled)
	if err != nil || notDuration != nil {
		return fmt.Errorf("delay %s: must be seconds or a duration such as \"90s\"", text)
	}
	*s = seconds(d)
	return nil
}

// text is the message body that is sent.
func (m message) text() (string, error) {
	if len(m.Body) > 0 && m.Body[0] == '"' {
		var s string
		err := json.Unmarshal(m.Body, &s)
		return s, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, m.Body); err != nil {
		return "", err
	}
	return compact.String(), nil
}

// eventFiles are the files of DIR/events in the order of their names.
func eventFiles(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "events", "*.json"))
	slices.Sort(files)
	return files, err
}

// readMessages reads one events file: an object with a body, a list of them,
// or anything else, which is one body as it stands.
func readMessages(path string) ([]message, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage("%w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxEventFile+1))
	if err != nil {
		return nil, environment("%w", err)
	}
	if len(text) > maxEventFile {
		return nil, usage("%s: larger than %d bytes", path, maxEventFile)
	}
	messages, err := parseMessages(text)
	if err != nil {
		return nil, usage("%s: %w", path, err)
	}
	for i := range messages {
		messages[i].from = filepath.Base(path)
		if len(messages) > 1 {
			messages[i].from += fmt.Sprintf(" #%d", i+1)
		}
	}
	return messages, nil
}

func parseMessages(text []byte) ([]message, error) {
	text = bytes.TrimSpace(text)
	if isMessage(text) {
		m, err := parseMessage(text)
		return []message{m}, err
	}
	var list []json.RawMessage
	if len(text) > 0 && text[0] == '[' && json.Unmarshal(text, &list) == nil && slices.ContainsFunc(list, isMessage) {
		messages := make([]message, len(list))
		for i, one := range list {
			var err error
			if messages[i], err = parseMessage(one); err != nil {
				return nil, fmt.Errorf("entry %d: %w", i+1, err)
			}
		}
		return messages, nil
	}
	if len(text) == 0 {
		return nil, errors.New("the file is empty, and a message needs a body")
	}
	body, _ := json.Marshal(string(text)) // a string cannot fail
	m := message{Body: body}
	if len(list) > 0 {
		text = list[0]
	}
	m.slip = slipOf(text)
	return []message{m}, nil
}

// slipOf is nil if text does not look like a message at all.
func slipOf(text []byte) *slip {
	var members map[string]json.RawMessage
	var to string
	if json.Unmarshal(text, &members) != nil || json.Unmarshal(members["to"], &to) != nil || to == "" {
		return nil
	}
	_, err := parseMessage(text)
	return &slip{to, err}
}

// isMessage says whether text is an object with a member "body".
func isMessage(text json.RawMessage) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(text, &members) == nil && members["body"] != nil
}

func parseMessage(text []byte) (message, error) {
	var m message
	if err := strict(text, &m); err != nil {
		if !isMessage(text) {
			err = fmt.Errorf("body is missing: %w", err)
		}
		return m, err
	}
	switch {
	case m.Body == nil:
		return m, errors.New("body is missing")
	case m.Times < 0 || m.Times > maxTimes:
		return m, fmt.Errorf("times %d: must be 0 to %d", m.Times, maxTimes)
	case m.Delay < 0 || m.Delay > maxDelay || m.Delay%seconds(time.Second) != 0:
		return m, fmt.Errorf("delay %v: must be 0 to 15 minutes, in whole seconds", time.Duration(m.Delay))
	case m.Expect != "" && m.Expect != expectDelivered && m.Expect != expectFiltered && m.Expect != expectDead:
		return m, fmt.Errorf("expect %q: must be delivered, filtered or dead", m.Expect)
	}
	return m, nil
}

// strict decodes text and refuses members that v does not have.
func strict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}
