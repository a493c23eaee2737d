package template

import (
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A parameter is a member of the Parameters section with its value.
type parameter struct {
	id     string
	pos    Pos
	decl   *node
	typ    string
	value  *node
	ssmKey string // the default names an SSM parameter that nobody looked up
	warned bool
}

// readParameters gives every parameter its value: from the options, or its
// default.
func (e *evaluator) readParameters(section *node) {
	for _, m := range e.section(section, "Parameters") {
		e.params[m.key] = &parameter{id: m.key, pos: m.pos, decl: m.value, value: newBroken(m.pos)}
		if m.value.kind != mapKind {
			e.s.fail(m.pos, "parameter %s must be a map, not %s", m.key, m.value.kind)
			continue
		}
		e.readParameter(e.params[m.key])
	}
	for _, name := range slices.Sorted(maps.Keys(e.o.Parameters)) {
		if e.params[name] == nil {
			e.s.fail(Pos{File: e.s.file}, "there is no parameter %s in this template", name)
		}
	}
}

func (e *evaluator) readParameter(p *parameter) {
	for _, m := range p.decl.entries {
		if !slices.Contains(parameterMembers[:], m.key) {
			e.st.unknown(m.pos, p.id, m.key, "not a member of parameters")
		}
	}
	p.typ = p.decl.get("Type").plain()
	secret := p.decl.get("NoEcho").plain() == "true"
	if secret {
		e.hide(p.decl)
	}
	if !parameterType.MatchString(p.typ) {
		e.s.fail(p.pos, "parameter %s: unknown type %q", p.id, p.typ)
		return
	}
	text, given := e.o.Parameters[p.id]
	if !given {
		def := p.decl.get("Default")
		switch {
		case def == nil:
			e.s.fail(p.pos, "parameter %s has no default and no value was given", p.id)
			return
		case !def.scalar():
			e.s.fail(def.pos, "parameter %s: the default must be a string, not %s", p.id, def.kind)
			return
		}
		text = def.text
		if strings.HasPrefix(p.typ, "AWS::SSM::Parameter::Value<") {
			p.ssmKey = text
		}
	}
	e.constrain(p, text, secret)
}

// hide masks the lines that may show the value of a NoEcho parameter.
func (e *evaluator) hide(decl *node) {
	for _, m := range decl.entries {
		if m.key != "Default" && m.key != "AllowedValues" {
			continue
		}
		for line := m.pos.Line; line <= lastLine(m.value); line++ {
			e.s.hidden[line] = true
		}
	}
}

func lastLine(n *node) int {
	last := n.pos.Line + strings.Count(n.text, "\n")
	for _, item := range n.items {
		last = max(last, lastLine(item))
	}
	return last
}

// constrain checks the value against the declaration and stores it.
func (e *evaluator) constrain(p *parameter, text string, secret bool) {
	texts, isList := []string{text}, p.isList()
	if isList {
		texts = strings.Split(text, ",")
	}
	list := &node{kind: listKind, pos: p.pos}
	ok := true
	for _, t := range texts {
		if isList {
			t = strings.TrimSpace(t)
		}
		v := newString(p.pos, t)
		v.secret = secret
		if p.typ == "Number" || p.typ == "List<Number>" {
			v.kind = numberKind
		}
		if rule := e.violation(p, v, isList); rule != "" {
			e.s.fail(p.pos, "parameter %s: the value %s %s%s", p.id, v.show(), rule, p.reason())
			ok = false
		}
		list.items = append(list.items, v)
	}
	switch {
	case !ok:
	case isList:
		p.value = list
	default:
		p.value = list.items[0]
	}
}

func (p *parameter) isList() bool {
	return p.typ == "CommaDelimitedList" || strings.HasPrefix(p.typ, "List<") || strings.Contains(p.typ, "<List<") ||
		p.typ == "AWS::SSM::Parameter::Value<CommaDelimitedList>"
}

func (p *parameter) reason() string {
	if d := p.decl.get("ConstraintDescription").plain(); d != "" {
		return " (" + d + ")"
	}
	return ""
}

var parameterMembers = [...]string{"AllowedPattern", "AllowedValues", "ConstraintDescription", "Default", "Description",
	"MaxLength", "MaxValue", "MinLength", "MinValue", "NoEcho", "Type"}

var parameterType = regexp.MustCompile(`^(String|Number|CommaDelimitedList|List<(Number|String|AWS::[A-Za-z0-9:]+)>|AWS::[A-Za-z0-9]+::[A-Za-z0-9:]+|AWS::SSM::Parameter::Value<(String|CommaDelimitedList|List<[A-Za-z0-9:]+>|AWS::[A-Za-z0-9:]+)>)$`)

// violation names the rule that a value breaks.
func (e *evaluator) violation(p *parameter, v *node, inList bool) string {
	if v.kind == numberKind {
		if _, ok := number(v.text); !ok {
			return "is not a number"
		}
	}
	if p.ssmKey != "" {
		return "" // the constraints are about the value behind the key
	}
	if allowed := p.decl.get("AllowedValues"); allowed != nil {
		var all []string
		for _, a := range allowed.items {
			all = append(all, a.text)
		}
		if !slices.Contains(all, v.text) {
			if v.secret {
				return "is not one of the allowed values"
			}
			return "is not one of " + strings.Join(all, ", ")
		}
	}
	if pattern := p.decl.get("AllowedPattern"); pattern != nil {
		switch re, err := regexp.Compile(`^(?:` + pattern.text + `)$`); {
		case err != nil:
			e.st.warn(pattern.pos, p.id, "AllowedPattern", "the pattern is not checked: it uses what only Java's regular expressions know")
		case !re.MatchString(v.text):
			return "does not match the pattern " + pattern.show()
		}
	}
	return p.bounds(v, inList)
}

func (p *parameter) bounds(v *node, inList bool) string {
	for _, b := range []struct {
		member, words string
		measured      string
		wrong         int // sign of measured minus bound that breaks the rule
	}{
		{"MinLength", "is shorter than MinLength ", strconv.Itoa(utf8.RuneCountInString(v.text)), -1},
		{"MaxLength", "is longer than MaxLength ", strconv.Itoa(utf8.RuneCountInString(v.text)), 1},
		{"MinValue", "is less than MinValue ", v.text, -1},
		{"MaxValue", "is greater than MaxValue ", v.text, 1},
	} {
		bound := p.decl.get(b.member)
		isLength := strings.HasSuffix(b.member, "Length")
		if bound == nil || isLength && inList || !isLength && v.kind != numberKind {
			continue
		}
		limit, ok := number(bound.text)
		have, okHave := number(b.measured)
		if !ok || !okHave {
			return "cannot be compared with " + b.member + " " + bound.show()
		}
		if have.Cmp(limit) == b.wrong {
			return b.words + bound.text
		}
	}
	return ""
}

// number reads a decimal number without rounding. Exponents are bounded, since
// an exact 1e999999999 would fill the memory.
func number(text string) (*big.Rat, bool) {
	text = strings.TrimSpace(text)
	if _, exponent, ok := strings.Cut(strings.ToLower(text), "e"); len(text) > 64 || ok && len(strings.TrimLeft(exponent, "+-0")) > 2 {
		return nil, false
	}
	if !decimal.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

var decimal = regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$`)

// parameterValue is the Ref of a parameter.
func (e *evaluator) parameterValue(pos Pos, p *parameter) *node {
	if p.ssmKey != "" && !p.warned {
		p.warned = true
		e.st.warn(p.pos, p.id, "Default", "the SSM parameter "+p.ssmKey+" is not looked up; its name is used as the value")
	}
	return p.value.at(pos)
}

// plain is the text of a scalar, and empty for everything else.
func (n *node) plain() string {
	if n == nil || !n.scalar() {
		return ""
	}
	return n.text
}
