package main

import (
	"fmt"
	"slices"
)

const awswire = "github.com/penstock/penstock/awswire"

// emitStructs writes the inputs, the outputs and what they hold.
func emitStructs(m *model, p *page) error {
	in, out := m.from(true), m.from(false)
	for _, name := range m.Shapes.names {
		isIn, isOut := slices.Contains(in, name), slices.Contains(out, name)
		s := m.Shapes.of[name]
		if !isIn && !isOut || s.Eventstream || m.event(name) {
			continue
		}
		place := "of outputs"
		switch {
		case isIn && isOut:
			place = "of inputs and outputs"
		case isIn:
			place = "of inputs"
		}
		p.printf("// %s is a structure %s. A nil member is absent.\ntype %s struct {\n", name, place, name)
		for _, member := range s.Members.names {
			if err := m.emitField(p, s, member); err != nil {
				return fmt.Errorf("%s.%s: %w", name, member, err)
			}
		}
		p.printf("}\n\n")
	}
	return nil
}

// event says whether a structure only travels inside event streams, which
// whoever answers with one renders himself.
func (m *model) event(name string) bool {
	for _, other := range m.Shapes.names {
		s := m.Shapes.of[other]
		for _, r := range s.refs() {
			if r.Shape == name && s.Eventstream {
				return true
			}
		}
	}
	return false
}

func (m *model) emitField(p *page, s *shape, member string) error {
	r := s.Members.of[member]
	kind, err := m.goType(p, r.Shape)
	if err != nil {
		return err
	}
	name := r.LocationName
	if name == "" {
		name = member
	}
	tag := fmt.Sprintf(`json:"%s,omitzero"`, name)
	switch {
	case s.Payload == member: // read and written as it comes
		p.use("io")
		kind = "io.Reader"
		tag = `json:"-" rest:"payload"`
	case r.Location == "statusCode":
		tag = `json:"-" rest:"status"`
	case r.Location == "uri" || r.Location == "header":
		tag = fmt.Sprintf(`json:"-" rest:"%s,%s"`, r.Location, name)
	case r.Location == "querystring":
		tag = fmt.Sprintf(`json:"-" rest:"query,%s"`, name)
	case r.Location != "":
		return fmt.Errorf("location %s is not known here", r.Location)
	}
	p.printf("\t%s %s `%s`\n", upper(member), kind, tag)
	return nil
}

// goType is the type of a member.
func (m *model) goType(p *page, name string) (string, error) {
	kind, err := m.elementType(p, name)
	switch s := m.Shapes.of[name]; {
	case err != nil:
		return "", err
	case s.Type == "list" || s.Type == "map" || s.Type == "blob" || s.Eventstream:
		return kind, nil
	}
	return "*" + kind, nil
}

// elementType is the type of a list's element or a map's value.
func (m *model) elementType(p *page, name string) (string, error) {
	s := m.Shapes.of[name]
	switch {
	case s.Streaming || s.Eventstream:
		p.use("io")
		return "io.Reader", nil
	case s.Type == "structure":
		return name, nil
	case s.Type == "list":
		kind, err := m.elementType(p, s.Member.Shape)
		return "[]" + kind, err
	case s.Type == "map":
		if m.Shapes.of[s.Key.Shape].Type != "string" {
			return "", fmt.Errorf("%s has keys that are no strings", name)
		}
		kind, err := m.elementType(p, s.Value.Shape)
		return "map[string]" + kind, err
	case s.Type == "timestamp":
		p.use(awswire)
		return "awswire.Epoch", nil
	}
	kind := map[string]string{"string": "string", "boolean": "bool", "integer": "int", "long": "int64", "double": "float64", "blob": "[]byte"}[s.Type]
	if kind == "" {
		return "", fmt.Errorf("%s is a %s, which is not known here", name, s.Type)
	}
	return kind, nil
}
