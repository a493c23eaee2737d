package pattern

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A leaf is a key of a pattern with the list of values it accepts.
type leaf struct {
	path   []string
	tests  tests
	absent bool // exists:false is in the list
	values int  // length of the list
	source string
}

// fail makes the error for n at path.
func fail(n *node, path, reason string) *Error {
	return &Error{Offset: n.start, Path: path, Reason: reason}
}

// leaf compiles the list of values n.
func (c *compiler) leaf(n *node, path []string) (*leaf, *Error) {
	l := &leaf{path: slices.Clone(path), values: len(n.items), source: c.text[n.start:n.end]}
	at := strings.Join(path, ".")
	if len(n.items) == 0 {
		return nil, fail(n, at, "an empty array matches nothing: list at least one value")
	}
	for i, item := range n.items {
		t, absent, err := c.element(item, at+"["+strconv.Itoa(i)+"]")
		switch {
		case err != nil:
			return nil, err
		case absent:
			l.absent = true
		default:
			l.tests.list = append(l.tests.list, t)
		}
	}
	l.tests.pack()
	return l, nil
}

// pack moves exact strings to a map when there are many tests.
func (ts *tests) pack() {
	if len(ts.list) <= fewTests {
		return
	}
	rest := ts.list[:0:0]
	ts.strings = map[string]struct{}{}
	for _, t := range ts.list {
		if t.op == opExact && t.kind == kindString {
			ts.strings[t.text] = struct{}{}
		} else {
			rest = append(rest, t)
		}
	}
	ts.list = rest
}

// element compiles one value of a list.
func (c *compiler) element(n *node, path string) (t test, absent bool, err *Error) {
	switch n.kind {
	case kindArray:
		return t, false, fail(n, path, "a list of values cannot hold another list")
	case kindObject:
		t, absent, err = c.operator(n, path)
	default:
		t, err = c.exact(n, path)
	}
	t.source = c.text[n.start:n.end]
	return t, absent, err
}

func (c *compiler) exact(n *node, path string) (test, *Error) {
	t := test{op: opExact, kind: n.kind, text: n.text}
	if n.kind == kindNumber && !c.rules.numbersText {
		f, err := strconv.ParseFloat(n.text, 64)
		if err != nil {
			f = math.NaN() // beyond floats: equal by text alone
		}
		t.op, t.low = opNumber, f
	}
	return t, nil
}

// operator compiles an object with one operator.
func (c *compiler) operator(n *node, path string) (t test, absent bool, err *Error) {
	m, err := single(n, path)
	if err != nil {
		return t, false, err
	}
	path += "." + m.key
	switch v := m.value; m.key {
	case "exists":
		if v.kind != kindLiteral || v.text == "null" {
			return t, false, fail(v, path, "exists takes true or false")
		}
		return test{op: opExists}, v.text == "false", nil
	case "numeric":
		t, err = c.numeric(v, path)
	case "anything-but":
		t, err = c.anythingBut(v, path)
	case "cidr":
		t, err = c.cidr(v, path)
	case "prefix", "suffix":
		if v.kind == kindObject {
			t, err = c.affixFold(m.key, v, path)
			break
		}
		t, err = c.oneString(m, path)
	case "equals-ignore-case", "wildcard":
		t, err = c.oneString(m, path)
	default:
		err = fail(n, path, "unrecognized operator "+strconv.Quote(m.key))
	}
	return t, false, err
}

// single returns the only member of an operator object.
func single(n *node, path string) (member, *Error) {
	switch len(n.members) {
	case 0:
		return member{}, fail(n, path, "an operator is expected, such as {\"prefix\": \"x\"}")
	case 1:
		return n.members[0], nil
	}
	return member{}, fail(n, path, "only one operator is allowed in an object: list several objects for alternatives")
}

// oneString compiles an operator that takes one string.
func (c *compiler) oneString(m member, path string) (test, *Error) {
	v := m.value
	if v.kind != kindString {
		return test{}, fail(v, path, m.key+" takes a string")
	}
	t := test{text: v.text}
	need := feature(0)
	switch m.key {
	case "prefix":
		t.op = opPrefix
	case "suffix":
		t.op, need = opSuffix, featSuffix
	case "equals-ignore-case":
		t.op, t.text, need = opFold, foldString(v.text), featFold
	case "wildcard":
		var reason string
		if t.glob, reason = parseGlob(v.text); reason != "" {
			return t, fail(v, path, reason)
		}
		t.op, need = opWildcard, featWildcard
	}
	return t, c.need(need, v, path, m.key)
}

// need refuses what the dialect does not have.
func (c *compiler) need(f feature, n *node, path, name string) *Error {
	if c.rules.features&f == f {
		return nil
	}
	return fail(n, path, name+" is not supported in a "+c.dialect.String())
}

// affixFold compiles {"prefix": {"equals-ignore-case": "x"}} and the same with suffix.
func (c *compiler) affixFold(key string, n *node, path string) (test, *Error) {
	m, err := single(n, path)
	if err != nil {
		return test{}, err
	}
	if m.key != "equals-ignore-case" || m.value.kind != kindString {
		return test{}, fail(n, path, key+` takes a string or {"equals-ignore-case": "a string"}`)
	}
	t := test{op: opPrefixFold, text: foldString(m.value.text)}
	if key == "suffix" {
		t.op = opSuffixFold
	}
	return t, c.need(featNested|featFold, n, path, key+" with equals-ignore-case")
}

func (c *compiler) cidr(n *node, path string) (test, *Error) {
	if n.kind != kindString {
		return test{}, fail(n, path, "cidr takes a string such as \"10.0.0.0/24\"")
	}
	p, err := netip.ParsePrefix(n.text)
	if err != nil {
		return test{}, fail(n, path, strconv.Quote(n.text)+" is not a block of addresses such as \"10.0.0.0/24\" or \"2001:db8::/32\"")
	}
	return test{op: opCIDR, prefix: p, text: n.text}, nil
}

// anythingBut compiles the operand of anything-but: a string or number, a list of either, or an object with an operator
// that takes a string or a list of strings.
func (c *compiler) anythingBut(n *node, path string) (test, *Error) {
	t := test{op: opNot}
	operator, items := "", n
	if n.kind == kindObject {
		m, err := single(n, path)
		if err != nil {
			return t, err
		}
		path += "." + m.key
		if err := c.need(featNested, n, path, "anything-but with "+m.key); err != nil {
			return t, err
		}
		operator, items = m.key, m.value
	}
	list := []*node{items}
	if items.kind == kindArray {
		if list = items.items; len(list) == 0 {
			return t, fail(items, path, "an empty list: name at least one value")
		}
	}
	for _, item := range list {
		e, err := c.exclusion(operator, item, list[0].kind, path)
		if err != nil {
			return t, err
		}
		t.not.list = append(t.not.list, e)
	}
	t.not.pack()
	return t, nil
}

// exclusion compiles one thing that anything-but excludes.
func (c *compiler) exclusion(operator string, n *node, first kind, path string) (test, *Error) {
	switch operator {
	case "":
		if n.kind != kindString && n.kind != kindNumber {
			return test{}, fail(n, path, "anything-but takes strings, numbers, or an operator")
		}
		if n.kind != first {
			return test{}, fail(n, path, "anything-but takes either strings or numbers, not both")
		}
		return c.exact(n, path)
	case "prefix", "suffix", "equals-ignore-case", "wildcard":
		if n.kind == kindString && n.text == "" && (operator == "prefix" || operator == "suffix") {
			return test{}, fail(n, path, "an empty "+operator+" excludes every string")
		}
		return c.oneString(member{key: operator, value: n}, path)
	}
	return test{}, fail(n, path, "anything-but takes prefix, suffix, equals-ignore-case or wildcard, not "+strconv.Quote(operator))
}

// numeric compiles [op, number] and [lower op, number, upper op, number].
func (c *compiler) numeric(n *node, path string) (test, *Error) {
	t := test{op: opNumeric, low: math.Inf(-1), high: math.Inf(1)}
	if n.kind != kindArray || len(n.items) != 2 && len(n.items) != 4 {
		return t, fail(n, path, `numeric takes ["=", 1], [">", 1] or [">", 1, "<=", 9]`)
	}
	for i := 0; i < len(n.items); i += 2 {
		if err := c.bound(&t, n.items[i], n.items[i+1], i == 2, len(n.items) == 4, path); err != nil {
			return t, err
		}
	}
	if len(n.items) == 4 && t.low >= t.high {
		return t, fail(n, path, "the lower bound must be less than the upper bound")
	}
	return t, nil
}

// bound takes one comparison into t.
func (c *compiler) bound(t *test, cmp, operand *node, second, pair bool, path string) *Error {
	if operand.kind != kindNumber {
		return fail(operand, path, "numeric compares with a number")
	}
	f, err := strconv.ParseFloat(operand.text, 64)
	if err != nil {
		return fail(operand, path, "the number is too large")
	}
	if limit := c.rules.numericLimit; limit > 0 && math.Abs(f) > limit {
		return fail(operand, path, "the number must be between -"+strconv.FormatFloat(limit, 'g', -1, 64)+" and "+strconv.FormatFloat(limit, 'g', -1, 64))
	}
	comparison := cmp.text
	if cmp.kind != kindString {
		comparison = "?"
	}
	switch {
	case comparison == "=" && !pair:
		t.low, t.high, t.lowIn, t.highIn = f, f, true, true
	case (comparison == ">" || comparison == ">=") && !second:
		t.low, t.lowIn = f, comparison == ">="
	case (comparison == "<" || comparison == "<=") && (second || !pair):
		t.high, t.highIn = f, comparison == "<="
	case second:
		return fail(cmp, path, `the second comparison of a range must be "<" or "<="`)
	case pair:
		return fail(cmp, path, `the first comparison of a range must be ">" or ">="`)
	default:
		return fail(cmp, path, `numeric compares by "=", "<", "<=", ">" or ">="`)
	}
	return nil
}
