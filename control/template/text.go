package template

import (
	"encoding/base64"
	"regexp"
	"strings"
)

func (e *evaluator) join(pos Pos, arg *node) *node {
	args := e.args(pos, "Fn::Join", "a delimiter and a list", arg, 2, 2)
	if args == nil || !e.wantText(args[0], "the delimiter of Fn::Join") {
		return newBroken(pos)
	}
	if args[1].kind != listKind {
		e.s.fail(args[1].pos, "Fn::Join joins a list, not %s", args[1].kind)
		return newBroken(pos)
	}
	size := 0
	parts := make([]string, len(args[1].items))
	for i, item := range args[1].items {
		if !e.wantText(item, "an item of Fn::Join") {
			return newBroken(pos)
		}
		parts[i] = item.text
		size += len(item.text) + len(args[0].text)
	}
	if size > 2*maxText {
		e.s.fail(pos, "the resolved text is longer than %d bytes", maxText)
		return newBroken(pos)
	}
	return e.string(pos, strings.Join(parts, args[0].text), append(args[1].items, args[0])...)
}

func (e *evaluator) split(pos Pos, arg *node) *node {
	args := e.args(pos, "Fn::Split", "a delimiter and a string", arg, 2, 2)
	if args == nil || !e.wantText(args[0], "the delimiter of Fn::Split") || !e.wantText(args[1], "what Fn::Split splits") {
		return newBroken(pos)
	}
	if args[0].text == "" {
		e.s.fail(args[0].pos, "the delimiter of Fn::Split must not be empty")
		return newBroken(pos)
	}
	out := &node{kind: listKind, pos: pos}
	for _, part := range strings.Split(args[1].text, args[0].text) {
		if !e.spend(pos, len(part)) {
			return newBroken(pos)
		}
		out.items = append(out.items, newString(pos, part).taint(args...))
	}
	return out
}

func (e *evaluator) base64(pos Pos, arg *node) *node {
	v := e.eval(arg)
	if !e.wantText(v, "what Fn::Base64 encodes") {
		return newBroken(pos)
	}
	return e.string(pos, base64.StdEncoding.EncodeToString([]byte(v.text)), v)
}

func (e *evaluator) toJSON(pos Pos, arg *node) *node {
	if !e.extension(pos, "Fn::ToJsonString") {
		return newBroken(pos)
	}
	v := e.eval(arg)
	if v.broken() {
		return newBroken(pos)
	}
	if v.kind != listKind && v.kind != mapKind {
		e.s.fail(pos, "Fn::ToJsonString takes a map or a list, not %s", v.kind)
		return newBroken(pos)
	}
	out := e.string(pos, string(v.json()))
	out.unknown, out.secret = v.doubts(), v.hides()
	return out
}

var subName = regexp.MustCompile(`^[A-Za-z0-9_.:]+$`)

// sub replaces ${Name}, ${Resource.Attribute} and ${!Literal} in a text.
func (e *evaluator) sub(pos Pos, arg *node) *node {
	text, vars := arg, map[string]*node{}
	if arg.kind == listKind {
		if len(arg.items) != 2 || arg.items[1].kind != mapKind {
			e.s.fail(pos, "Fn::Sub takes a string, or a string and a map of variables")
			return newBroken(pos)
		}
		text = arg.items[0]
		for _, m := range e.expand(arg.items[1].entries) {
			vars[m.key] = e.eval(m.value)
		}
	}
	if text.kind != stringKind && text.kind != numberKind && text.kind != boolKind {
		e.s.fail(pos, "Fn::Sub takes a string without functions, not %s", text.kind)
		return newBroken(pos)
	}
	var b strings.Builder
	var parts []*node
	ok := true
	rest := text.text
	for {
		before, after, found := strings.Cut(rest, "${")
		name, tail, closed := strings.Cut(after, "}")
		if !found || !closed {
			b.WriteString(rest)
			break
		}
		b.WriteString(before)
		rest = tail
		if literal, is := strings.CutPrefix(name, "!"); is {
			b.WriteString("${" + literal + "}")
			continue
		}
		v := e.subVariable(text.pos, name, vars)
		if v == nil {
			ok = false
			continue
		}
		if b.Len() > maxText {
			break // string reports it
		}
		b.WriteString(v.text)
		parts = append(parts, v)
	}
	if !ok {
		return newBroken(pos)
	}
	return e.dynamic(e.string(pos, b.String(), parts...))
}

// subVariable is the value of one ${name}; nil if it was reported.
func (e *evaluator) subVariable(pos Pos, name string, vars map[string]*node) *node {
	v, local := vars[name]
	switch {
	case local:
	case !subName.MatchString(name):
		e.s.fail(pos, "${%s}: names in Fn::Sub have only letters, digits, underscores, periods and colons", name)
		return nil
	case strings.Contains(name, "."):
		resource, attribute, _ := strings.Cut(name, ".")
		v = e.attribute(pos, resource, attribute)
	default:
		v = e.named(pos, name)
	}
	switch {
	case v.broken():
		return nil
	case v.kind == noValueKind:
		e.s.fail(pos, "${%s} in Fn::Sub has no value", name)
		return nil
	case !v.scalar():
		e.s.fail(pos, "${%s} in Fn::Sub is %s, not a string", name, v.kind)
		return nil
	}
	return v
}
