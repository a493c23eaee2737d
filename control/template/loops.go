package template

import "strings"

// expand unrolls the loops among the members of a map. Loops that fail are
// reported and left out.
func (e *evaluator) expand(entries []entry) []entry {
	loops := false
	for _, m := range entries {
		loops = loops || strings.HasPrefix(m.key, "Fn::ForEach::")
	}
	if !loops {
		return entries
	}
	var out []entry
	for _, m := range entries {
		if strings.HasPrefix(m.key, "Fn::ForEach::") {
			out = append(out, e.loop(m)...)
		} else {
			out = append(out, m)
		}
	}
	seen := map[string]Pos{}
	for _, m := range out {
		if first, dup := seen[m.key]; dup {
			e.s.duplicate(m.key, m.pos, first)
		}
		seen[m.key] = m.pos
	}
	return out
}

// loop unrolls one Fn::ForEach::Name: [identifier, collection, {key: value}].
func (e *evaluator) loop(m entry) []entry {
	if !e.extension(m.pos, "Fn::ForEach") {
		return nil
	}
	e.depth++
	defer func() { e.depth-- }()
	if e.depth > 3*maxDepth {
		e.s.fail(m.pos, "the loop is nested too deeply")
		return nil
	}
	arg := m.value
	if arg.kind != listKind || len(arg.items) != 3 || arg.items[0].kind != stringKind || arg.items[2].kind != mapKind {
		e.s.fail(m.pos, "%s takes an identifier, a collection and a map", m.key)
		return nil
	}
	id := arg.items[0].text
	if id == "" || e.params[id] != nil || e.resources[id] != nil {
		e.s.fail(arg.items[0].pos, "the identifier %q of a loop must not be empty or the name of a parameter or resource", id)
		return nil
	}
	collection := e.collection(arg.items[1])
	if collection == nil {
		return nil
	}
	var out []entry
	for _, v := range collection.items {
		if !e.wantText(v, "an item of the collection of Fn::ForEach") {
			return nil
		}
		body := e.substitute(arg.items[2], id, v)
		out = append(out, e.expand(body.entries)...)
		if e.budget < 0 {
			return nil
		}
	}
	return out
}

// collection resolves what a loop runs over; nil after an error.
func (e *evaluator) collection(n *node) *node {
	before := e.testing
	e.testing = true // resources cannot be named here either
	v := e.eval(n)
	e.testing = before
	if v.broken() {
		return nil
	}
	if v.kind != listKind {
		e.s.fail(n.pos, "the collection of Fn::ForEach must be a list, not %s", v.kind)
		return nil
	}
	if doubts := v.doubts(); len(doubts) > 0 {
		e.s.fail(n.pos, "the collection of Fn::ForEach is not known: %s", doubts[0])
		return nil
	}
	return v
}

// substitute copies a body with the identifier replaced: ${id} and &{id} in
// keys and texts (&{} leaves only letters and digits of the value), and Ref id.
func (e *evaluator) substitute(n *node, id string, v *node) *node {
	if !e.spend(n.pos, len(n.text)) {
		return newBroken(n.pos)
	}
	if n.kind == mapKind && len(n.entries) == 1 && n.entries[0].key == "Ref" && n.entries[0].value.plain() == id {
		return v.at(n.pos)
	}
	c := n.at(n.pos)
	if n.kind == stringKind {
		c.text = replace(n.text, id, v.text)
		c.secret = n.secret || v.secret && c.text != n.text
		return c
	}
	c.items, c.entries = nil, nil
	for _, item := range n.items {
		c.items = append(c.items, e.substitute(item, id, v))
	}
	for _, m := range n.entries {
		c.entries = append(c.entries, entry{replace(m.key, id, v.text), m.pos, e.substitute(m.value, id, v)})
	}
	return c
}

func replace(text, id, value string) string {
	text = strings.ReplaceAll(text, "${"+id+"}", value)
	return strings.ReplaceAll(text, "&{"+id+"}", strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, value))
}
