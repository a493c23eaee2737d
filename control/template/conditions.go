package template

import "slices"

// A condition is a member of the Conditions section.
type condition struct {
	pos   Pos
	value *node
	state conditionState
}

type conditionState int

const (
	unread conditionState = iota
	reading
	isFalse
	isTrue
	isBroken
)

// readConditions resolves every condition, used or not, as CloudFormation does.
func (e *evaluator) readConditions(section *node) {
	list := e.expand(e.section(section, "Conditions"))
	for _, m := range list {
		e.conditions[m.key] = &condition{pos: m.pos, value: m.value}
	}
	for _, m := range list {
		e.holds(m.pos, m.key)
	}
}

// holds says whether the named condition is true; ok is false after an error.
func (e *evaluator) holds(pos Pos, name string) (value, ok bool) {
	c := e.conditions[name]
	if c == nil {
		e.s.fail(pos, "there is no condition %q in this template", name)
		return false, false
	}
	switch c.state {
	case reading:
		e.s.fail(pos, "condition %s depends on itself", name)
		return false, false
	case unread:
		c.state = reading
		before := e.testing
		e.testing = true
		value, ok = e.test(c.value)
		e.testing = before
		switch {
		case !ok:
			c.state = isBroken
		case value:
			c.state = isTrue
		default:
			c.state = isFalse
		}
	}
	return c.state == isTrue, c.state != isBroken
}

// test evaluates an expression of conditions.
func (e *evaluator) test(n *node) (value, ok bool) {
	e.depth++
	defer func() { e.depth-- }()
	if e.depth > 3*maxDepth {
		e.s.fail(n.pos, "the condition is nested too deeply")
		return false, false
	}
	if !e.spend(n.pos, 0) {
		return false, false
	}
	if n.kind != mapKind || len(n.entries) != 1 {
		e.s.fail(n.pos, "a condition is one of Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition")
		return false, false
	}
	name, arg := n.entries[0].key, n.entries[0].value
	switch name {
	case "Condition":
		if arg.kind != stringKind {
			e.s.fail(arg.pos, "Condition takes the name of a condition, not %s", arg.kind)
			return false, false
		}
		return e.holds(arg.pos, arg.text)
	case "Fn::Equals":
		return e.equals(n.pos, arg)
	case "Fn::Not":
		return e.combine(n.pos, name, arg, 1, 1)
	case "Fn::And", "Fn::Or":
		return e.combine(n.pos, name, arg, 2, 10)
	}
	e.s.fail(n.pos, "%s is not a condition: expected Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition", name)
	return false, false
}

func (e *evaluator) combine(pos Pos, name string, arg *node, least, most int) (value, ok bool) {
	if arg.kind != listKind || len(arg.items) < least || len(arg.items) > most {
		if least == most {
			e.s.fail(pos, "%s takes a list of one condition", name)
		} else {
			e.s.fail(pos, "%s takes a list of %d to %d conditions", name, least, most)
		}
		return false, false
	}
	results := make([]bool, len(arg.items))
	ok = true
	for i, item := range arg.items {
		var fine bool
		results[i], fine = e.test(item)
		ok = ok && fine
	}
	switch name {
	case "Fn::Not":
		return !results[0], ok
	case "Fn::And":
		return !slices.Contains(results, false), ok
	}
	return slices.Contains(results, true), ok
}

// equals compares the text of two values: a template knows no types here.
func (e *evaluator) equals(pos Pos, arg *node) (value, ok bool) {
	args := e.args(pos, "Fn::Equals", "a list of two values", arg, 2, 2)
	if args == nil {
		return false, false
	}
	for _, a := range args {
		if doubts := a.doubts(); len(doubts) > 0 {
			e.s.fail(a.pos, "the condition cannot be decided: %s", doubts[0])
			return false, false
		}
	}
	if args[0].scalar() && args[1].scalar() {
		return args[0].text == args[1].text, true
	}
	return string(args[0].json()) == string(args[1].json()), true
}

// choose resolves Fn::If: only the branch that is taken.
func (e *evaluator) choose(pos Pos, arg *node) *node {
	if arg.kind != listKind || len(arg.items) != 3 || arg.items[0].kind != stringKind {
		e.s.fail(pos, "Fn::If takes the name of a condition and two values")
		return newBroken(pos)
	}
	value, ok := e.holds(arg.items[0].pos, arg.items[0].text)
	switch {
	case !ok:
		return newBroken(pos)
	case value:
		return e.eval(arg.items[1])
	}
	return e.eval(arg.items[2])
}

// verdict is a condition function in the place of a value.
func (e *evaluator) verdict(pos Pos, name string, arg *node) *node {
	value, ok := e.test(&node{kind: mapKind, pos: pos, entries: []entry{{name, pos, arg}}})
	if !ok {
		return newBroken(pos)
	}
	return newBool(pos, value)
}
