package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A model is a service as botocore describes it.
type model struct {
	Metadata   map[string]any    `json:"metadata"`
	Operations named[*operation] `json:"operations"`
	Shapes     named[*shape]     `json:"shapes"`
}

type operation struct {
	HTTP struct {
		Method       string `json:"method"`
		RequestURI   string `json:"requestUri"`
		ResponseCode int    `json:"responseCode"`
	} `json:"http"`
	Input  *ref  `json:"input,omitempty"`
	Output *ref  `json:"output,omitempty"`
	Errors []ref `json:"errors,omitempty"`
}

// A ref is a use of a shape: by an operation, as a member, as an element.
type ref struct {
	Shape        string `json:"shape"`
	Location     string `json:"location,omitempty"` // uri, querystring, header, statusCode; empty: body
	LocationName string `json:"locationName,omitempty"`
}

type shape struct {
	Type     string     `json:"type"`
	Required []string   `json:"required,omitempty"`
	Members  named[ref] `json:"members,omitzero"`
	Payload  string     `json:"payload,omitempty"` // the member that is the whole body

	Member *ref `json:"member,omitempty"`
	Key    *ref `json:"key,omitempty"`
	Value  *ref `json:"value,omitempty"`

	Min     *json.Number `json:"min,omitempty"`
	Max     *json.Number `json:"max,omitempty"`
	Pattern string       `json:"pattern,omitempty"`
	Enum    []string     `json:"enum,omitempty"`

	Sensitive   bool `json:"sensitive,omitempty"`
	Streaming   bool `json:"streaming,omitempty"`
	Eventstream bool `json:"eventstream,omitempty"`

	Exception bool `json:"exception,omitempty"`
	Fault     bool `json:"fault,omitempty"`
	Error     *struct {
		Status int `json:"httpStatusCode"`
	} `json:"error,omitempty"`
}

// named is a JSON object that keeps the order of its members: violations are
// reported in it.
type named[T any] struct {
	names []string
	of    map[string]T
}

func (n *named[T]) add(name string, value T) {
	if n.of == nil {
		n.of = map[string]T{}
	}
	if _, known := n.of[name]; !known {
		n.names = append(n.names, name)
	}
	n.of[name] = value
}

// IsZero leaves an empty object out.
func (n named[T]) IsZero() bool { return len(n.names) == 0 }

// UnmarshalJSON reads an object.
func (n *named[T]) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value T
		if err := d.Decode(&value); err != nil {
			return fmt.Errorf("%v: %w", name, err)
		}
		n.add(fmt.Sprint(name), value)
	}
	return nil
}

// MarshalJSON writes the members in their order.
func (n named[T]) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range n.names {
		if i > 0 {
			b.WriteByte(',')
		}
		key, _ := json.Marshal(name) // a string cannot fail
		value, err := plain(n.of[name])
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// plain renders v with the characters of HTML as they are.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

func parse(text []byte) (*model, error) {
	m := new(model)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, err
	}
	for _, name := range m.Operations.names {
		if op := m.Operations.of[name]; op.HTTP.ResponseCode == 0 {
			op.HTTP.ResponseCode = 200
		}
	}
	return m, m.walk(m.served(), func(string, *shape) {})
}

// served are the names of the operations that have structs.
func (m *model) served() (names []string) {
	for _, name := range m.Operations.names {
		if _, ok := served[name]; ok {
			names = append(names, name)
		}
	}
	return names
}

// walk visits the shapes that operations reach, errors too, each once.
func (m *model) walk(operations []string, visit func(name string, s *shape)) error {
	seen := map[string]bool{}
	for _, name := range operations {
		op := m.Operations.of[name]
		refs := op.Errors
		for _, r := range []*ref{op.Input, op.Output} {
			if r != nil {
				refs = append([]ref{*r}, refs...)
			}
		}
		for _, r := range refs {
			if err := m.reach(r.Shape, seen, visit); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func (m *model) reach(name string, seen map[string]bool, visit func(string, *shape)) error {
	if seen[name] {
		return nil
	}
	seen[name] = true
	s := m.Shapes.of[name]
	if s == nil {
		return fmt.Errorf("no shape %s", name)
	}
	visit(name, s)
	for _, r := range s.refs() {
		if err := m.reach(r.Shape, seen, visit); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (s *shape) refs() (refs []ref) {
	for _, name := range s.Members.names {
		refs = append(refs, s.Members.of[name])
	}
	for _, r := range []*ref{s.Member, s.Key, s.Value} {
		if r != nil {
			refs = append(refs, *r)
		}
	}
	return refs
}

// from lists the structures that are reached from the inputs, or from the
// outputs, of the operations that have structs; in the order of the model.
func (m *model) from(inputs bool) (names []string) {
	seen, found := map[string]bool{}, map[string]bool{}
	for _, name := range m.served() {
		op := m.Operations.of[name]
		start := op.Output
		if inputs {
			start = op.Input
		}
		if start != nil {
			m.reach(start.Shape, seen, func(name string, s *shape) { found[name] = s.Type == "structure" }) // walked before
		}
	}
	for _, name := range m.Shapes.names {
		if found[name] {
			names = append(names, name)
		}
	}
	return names
}
