package template

import (
	"slices"
	"strings"
)

// maxText bounds one computed string: as long as the largest SQS message or
// environment could ever need, short enough that doubling chains end.
const maxText = 1 << 20

// An evaluator resolves the values of one template.
type evaluator struct {
	s          *source
	o          Options
	st         *Stack // takes warnings
	sam        bool   // Transform AWS::Serverless-2016-10-31
	language   bool   // Transform AWS::LanguageExtensions
	params     map[string]*parameter
	conditions map[string]*condition
	mappings   *node
	resources  map[string]*resource
	testing    bool     // inside a condition: resources cannot be named
	open       []string // resources whose name is being computed
	budget     int
	depth      int
}

// spend takes what a value costs from the budget of this reading.
func (e *evaluator) spend(pos Pos, size int) bool {
	if e.budget < 0 {
		return false
	}
	e.budget -= 1 + size/64
	if e.budget < 0 {
		e.s.fail(pos, "the template grows beyond %d values when aliases, loops and functions are resolved", maxNodes)
		return false
	}
	return true
}

// eval resolves a value. What it cannot resolve it reports and returns broken.
func (e *evaluator) eval(n *node) *node {
	e.depth++
	defer func() { e.depth-- }()
	if e.depth > 3*maxDepth {
		e.s.fail(n.pos, "the value is nested too deeply")
		return newBroken(n.pos)
	}
	if !e.spend(n.pos, len(n.text)) {
		return newBroken(n.pos)
	}
	switch n.kind {
	case nullKind:
		e.s.fail(n.pos, "null values are not allowed in templates")
		return newBroken(n.pos)
	case stringKind:
		return e.dynamic(n)
	case listKind:
		return e.list(n)
	case mapKind:
		if name, arg, ok := e.function(n); ok {
			return e.call(name, n.pos, arg)
		}
		return e.members(n)
	}
	return n
}

// dynamic marks strings that CloudFormation would complete from Systems Manager
// or Secrets Manager.
func (e *evaluator) dynamic(n *node) *node {
	at := strings.Index(n.text, "{{resolve:")
	if at < 0 {
		return n
	}
	ref, _, _ := strings.Cut(n.text[at:], "}}")
	c := n.at(n.pos)
	c.unknown = append(slices.Clip(c.unknown), "the dynamic reference "+ref+"}} is not resolved")
	return c
}

func (e *evaluator) list(n *node) *node {
	out := &node{kind: listKind, pos: n.pos}
	for _, item := range n.items {
		if v := e.eval(item); v.kind != noValueKind {
			out.items = append(out.items, v)
		}
	}
	return out
}

func (e *evaluator) members(n *node) *node {
	out := &node{kind: mapKind, pos: n.pos}
	for _, m := range e.expand(n.entries) {
		if v := e.eval(m.value); v.kind != noValueKind {
			out.entries = append(out.entries, entry{m.key, m.pos, v})
		}
	}
	return out
}

// function recognises an intrinsic function: a map of one member.
func (e *evaluator) function(n *node) (name string, arg *node, ok bool) {
	for _, m := range n.entries {
		isFn := m.key == "Ref" || strings.HasPrefix(m.key, "Fn::") && !strings.HasPrefix(m.key, "Fn::ForEach::")
		if !isFn {
			continue
		}
		if len(n.entries) == 1 {
			return m.key, m.value, true
		}
		if m.key == macro { // it may have siblings
			return macro, m.value, true
		}
		if m.key != "Ref" {
			e.s.fail(m.pos, "%s must be the only member of its map", m.key)
			return "", newBroken(m.pos), false
		}
	}
	return "", nil, false
}

// macro may stand among the members of any map, sections and resources too.
const (
	macro    = "Fn::Transform"
	noMacros = macro + " runs a macro in an AWS account; penstock cannot run it"
)

// call runs a function. Results claim to be at pos, where the function's name
// stands.
func (e *evaluator) call(name string, pos Pos, arg *node) *node {
	switch name {
	case "Ref":
		return e.ref(pos, arg)
	case "Fn::GetAtt":
		return e.getAtt(pos, arg)
	case "Fn::Sub":
		return e.sub(pos, arg)
	case "Fn::Join":
		return e.join(pos, arg)
	case "Fn::Split":
		return e.split(pos, arg)
	case "Fn::Select":
		return e.selectItem(pos, arg)
	case "Fn::Base64":
		return e.base64(pos, arg)
	case "Fn::ToJsonString":
		return e.toJSON(pos, arg)
	case "Fn::Length":
		return e.length(pos, arg)
	case "Fn::FindInMap":
		return e.findInMap(pos, arg)
	case "Fn::If":
		return e.choose(pos, arg)
	case "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not":
		return e.verdict(pos, name, arg)
	case "Fn::Cidr":
		return e.cidr(pos, arg)
	case "Fn::GetAZs":
		return e.zones(pos, arg)
	case "Fn::ImportValue":
		return e.importValue(pos, arg)
	case macro:
		e.s.fail(pos, noMacros)
		return newBroken(pos)
	case "Fn::ForEach":
		e.s.fail(pos, "a loop is written as Fn::ForEach::Name, a member of a map")
		return newBroken(pos)
	}
	e.s.fail(pos, "unknown function %s", name)
	return newBroken(pos)
}

// extension reports a function that only exists with the language extensions.
func (e *evaluator) extension(pos Pos, what string) bool {
	if !e.language {
		e.s.fail(pos, "%s needs Transform: AWS::LanguageExtensions", what)
	}
	return e.language
}

// args resolves the arguments of a function that takes a list of between least
// and most items; nil if that failed.
func (e *evaluator) args(pos Pos, name, form string, arg *node, least, most int) []*node {
	if arg.kind == mapKind {
		arg = e.eval(arg)
	}
	if arg.kind == brokenKind {
		return nil
	}
	if arg.kind != listKind || len(arg.items) < least || len(arg.items) > most {
		e.s.fail(pos, "%s takes %s", name, form)
		return nil
	}
	out := make([]*node, len(arg.items))
	for i, item := range arg.items {
		out[i] = e.eval(item)
		if out[i].broken() {
			return nil
		}
	}
	return out
}

// string makes a computed string of the given parts.
func (e *evaluator) string(pos Pos, text string, parts ...*node) *node {
	if len(text) > maxText {
		e.s.fail(pos, "the resolved text is longer than %d bytes", maxText)
		return newBroken(pos)
	}
	if !e.spend(pos, len(text)) {
		return newBroken(pos)
	}
	return newString(pos, text).taint(parts...)
}

// wantText reports a value that is not a scalar; ok is false if it was or is
// broken.
func (e *evaluator) wantText(v *node, what string) bool {
	if v.broken() {
		return false
	}
	if !v.scalar() {
		e.s.fail(v.pos, "%s must be a string, not %s", what, v.kind)
		return false
	}
	return true
}
