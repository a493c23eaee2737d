package template

import (
	"slices"
	"strconv"
	"strings"
)

// properties resolves the properties of a resource or event by the table. It
// returns those that are honoured or recorded and valid; all else is reported
// or listed.
func (e *evaluator) properties(id string, of owner, raw *node) map[string]*node {
	out := map[string]*node{}
	if raw == nil {
		return out
	}
	if raw.kind != mapKind {
		if raw.kind != brokenKind {
			e.s.fail(raw.pos, "%s: the properties must be a map, not %s", id, raw.kind)
		}
		return out
	}
	for _, m := range e.expand(raw.entries) {
		if m.key == macro {
			e.s.fail(m.pos, noMacros)
			continue
		}
		r := lookup(of, m.key)
		if r == nil {
			e.st.unknown(m.pos, id, m.key, "unknown property; it changes nothing here")
			continue
		}
		if m.key == "Events" {
			out[m.key] = m.value // their form is their own, and some must not be resolved
			continue
		}
		v := e.eval(m.value)
		if v.kind == noValueKind {
			continue
		}
		if v = e.admit(id, r, m.pos, v, of); v != nil {
			out[m.key] = v
		}
	}
	return out
}

// lacks says whether a property has no value although no error was reported
// for it: not since there were so many errors before it was read, and not
// earlier, as for the name of another resource.
func (e *evaluator) lacks(raw *node, p map[string]*node, property string, before int) bool {
	if p[property] != nil {
		return false
	}
	given := raw.get(property)
	return given == nil || len(e.s.errs) == before && !e.eval(given).broken()
}

// admit applies one row to a resolved value; nil if it must not be used.
func (e *evaluator) admit(id string, r *row, pos Pos, v *node, of owner) *node {
	if r.class == Refused {
		if empty := v.kind == listKind && len(v.items) == 0 || v.kind == mapKind && len(v.entries) == 0; empty {
			return nil
		}
		if v.broken() || r.accept != "" && v.plain() == r.accept {
			return nil
		}
		e.s.fail(pos, "%s: %s is refused: %s", id, r.name, r.reason)
		return nil
	}
	if v.broken() {
		return nil
	}
	doubts := v.doubts()
	if r.class == Honoured && !r.soft && len(doubts) > 0 {
		e.s.fail(v.pos, "%s: %s is not known: %s", id, r.name, strings.Join(slices.Compact(doubts), "; "))
		return nil
	}
	if r.class == Recorded {
		e.st.recorded(pos, id, r.name, v.show(), r.reason)
		if len(doubts) > 0 {
			return nil
		}
	}
	v = e.convert(id, r, v, of)
	if v.broken() {
		return nil
	}
	return v
}

// convert turns a value into the form of its row, as CloudFormation turns
// strings into numbers and back.
func (e *evaluator) convert(id string, r *row, v *node, of owner) *node {
	wrong := func(want string) *node {
		e.s.fail(v.pos, "%s: %s must be %s, not %s", id, r.name, want, v.describe())
		return newBroken(v.pos)
	}
	switch r.form {
	case text:
		if !v.scalar() {
			return wrong("a string")
		}
		c := v.at(v.pos)
		c.kind = stringKind
		return c
	case integer:
		return e.integer(id, r, v)
	case boolean:
		if lower := strings.ToLower(v.plain()); lower == "true" || lower == "false" {
			return newBool(v.pos, lower == "true").taint(v)
		}
		return wrong("true or false")
	case texts:
		if v.kind != listKind {
			return wrong("a list of strings")
		}
		c := &node{kind: listKind, pos: v.pos}
		for _, item := range v.items {
			if !item.scalar() {
				e.s.fail(item.pos, "%s: %s must be a list of strings, not of %s", id, r.name, item.describe())
				return newBroken(v.pos)
			}
			s := item.at(item.pos)
			s.kind = stringKind
			c.items = append(c.items, s)
		}
		return c
	case object:
		if v.kind != mapKind {
			return wrong("a map")
		}
		return e.convertMembers(id, r, v, of)
	case objects:
		if v.kind != listKind {
			return wrong("a list of maps")
		}
		c := &node{kind: listKind, pos: v.pos}
		for _, item := range v.items {
			if item.kind != mapKind {
				e.s.fail(item.pos, "%s: %s must be a list of maps, not of %s", id, r.name, item.describe())
				return newBroken(v.pos)
			}
			c.items = append(c.items, e.convertMembers(id, r, item, of))
		}
		return c
	}
	return v
}

func (e *evaluator) convertMembers(id string, r *row, v *node, of owner) *node {
	c := &node{kind: mapKind, pos: v.pos}
	for _, m := range v.entries {
		path := r.name + "." + m.key
		member := lookup(of, path)
		if member == nil {
			e.st.unknown(m.pos, id, path, "unknown property; it changes nothing here")
			continue
		}
		value := m.value
		if member.class == r.class {
			value = e.convert(id, member, value, of)
		} else if value = e.admit(id, member, m.pos, value, of); value == nil {
			continue
		}
		c.entries = append(c.entries, entry{m.key, m.pos, value})
	}
	return c
}

func (e *evaluator) integer(id string, r *row, v *node) *node {
	n, err := strconv.Atoi(v.plain())
	if err != nil {
		e.s.fail(v.pos, "%s: %s must be a whole number, not %s", id, r.name, v.describe())
		return newBroken(v.pos)
	}
	if r.high != 0 && (n < r.low || n > r.high) {
		e.s.fail(v.pos, "%s: %s must be %d to %d, not %s", id, r.name, r.low, r.high, v.describe())
		return newBroken(v.pos)
	}
	return &node{kind: numberKind, pos: v.pos, text: strconv.Itoa(n), secret: v.secret}
}

// describe names a value in a message.
func (n *node) describe() string {
	if n == nil {
		return "absent"
	}
	if n.scalar() {
		return strconv.Quote(n.show())
	}
	return n.kind.String()
}
