package template

import (
	"strconv"
	"strings"
)

// A kind tells the forms of a node apart.
type kind int

const (
	nullKind kind = iota
	boolKind
	numberKind
	stringKind
	listKind
	mapKind
	noValueKind // AWS::NoValue, after evaluation
	brokenKind  // an error was reported for it; nobody reports another
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "a map", "AWS::NoValue", "an invalid value"}[k]
}

// A Pos is a place in a template. Line and Column count from 1; Column counts
// characters.
type Pos struct {
	File   string
	Line   int
	Column int
}

// String gives file:line:column, without what is zero.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// MarshalText makes JSON show a place as String does.
func (p Pos) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// A node is a value of a template, before or after evaluation. Nodes are never
// changed once made: aliases share them.
type node struct {
	kind    kind
	pos     Pos
	text    string // scalars: as written, without quotes
	items   []*node
	entries []entry
	// The following are only set by evaluation.
	unknown []string // why the value is a placeholder, one reason each; none: it is exact
	secret  bool     // holds the value of a NoEcho parameter
}

// An entry is one member of a map, in the order of the file.
type entry struct {
	key   string
	pos   Pos
	value *node
}

func (n *node) scalar() bool { return n.kind >= boolKind && n.kind <= stringKind }

func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i := range n.entries {
		if n.entries[i].key == key {
			return n.entries[i].value
		}
	}
	return nil
}

// members are the entries of a map; none if there is no map.
func (n *node) members() []entry {
	if n == nil {
		return nil
	}
	return n.entries
}

// at returns a copy of the value that claims to stand at another place: where
// it is used rather than where it was defined.
func (n *node) at(pos Pos) *node {
	c := *n
	c.pos = pos
	return &c
}

// taint marks n as made from the given parts.
func (n *node) taint(parts ...*node) *node {
	for _, p := range parts {
		n.unknown = append(n.unknown[:len(n.unknown):len(n.unknown)], p.unknown...)
		n.secret = n.secret || p.secret
	}
	return n
}

// doubts returns the reasons why n or anything inside it is a placeholder.
func (n *node) doubts() []string {
	all := n.unknown
	for _, c := range n.items {
		all = append(all[:len(all):len(all)], c.doubts()...)
	}
	for _, c := range n.entries {
		all = append(all[:len(all):len(all)], c.value.doubts()...)
	}
	return all
}

// hides says whether n or anything inside it comes from a NoEcho parameter.
func (n *node) hides() bool {
	if n.secret {
		return true
	}
	for _, c := range n.items {
		if c.hides() {
			return true
		}
	}
	for _, c := range n.entries {
		if c.value.hides() {
			return true
		}
	}
	return false
}

// broken says whether an error was already reported inside n.
func (n *node) broken() bool {
	if n.kind == brokenKind {
		return true
	}
	for _, c := range n.items {
		if c.broken() {
			return true
		}
	}
	for _, c := range n.entries {
		if c.value.broken() {
			return true
		}
	}
	return false
}

// show prints a value for a message or a note: short, and never a secret.
func (n *node) show() string {
	if n.hides() {
		return "****"
	}
	var text string
	switch n.kind {
	case listKind, mapKind:
		text = string(n.json())
	case stringKind:
		text = n.text
	case nullKind, noValueKind, brokenKind:
		return n.kind.String()
	default:
		text = n.text
	}
	if r := []rune(text); len(r) > 80 {
		text = string(r[:77]) + "..."
	}
	return strings.ReplaceAll(text, "\n", "\\n")
}

func newString(pos Pos, text string) *node {
	return &node{kind: stringKind, pos: pos, text: text}
}

func newBroken(pos Pos) *node { return &node{kind: brokenKind, pos: pos} }

func newBool(pos Pos, v bool) *node {
	if v {
		return &node{kind: boolKind, pos: pos, text: "true"}
	}
	return &node{kind: boolKind, pos: pos, text: "false"}
}
