package pattern

import (
	"slices"
	"strings"
	"sync"
)

// A Pattern is a compiled pattern. It is immutable and safe for concurrent use. The zero value matches nothing; use [Compile].
type Pattern struct {
	text    string
	dialect Dialect
	leaves  [][]*leaf // of each alternative
	program program
}

// A KeyForm says in which forms a pattern mentions a key.
type KeyForm uint8

// A pattern may mention a key in both forms, in different branches of $or.
const (
	Values KeyForm = 1 << iota // a list of values, as in {"body": ["x"]}
	Object                     // keys below it, as in {"body": {"city": ["x"]}}

	None KeyForm = 0 // not at all
)

// Compile reads the text of a pattern in the form of dialect d. If the text is not a pattern the error is an [*Error].
func Compile(text string, d Dialect) (*Pattern, error) {
	c := &compiler{text: text, dialect: d, rules: d.rules()}
	leaves, err := c.compile()
	if err != nil {
		return nil, err.locate(text)
	}
	p := &Pattern{text: text, dialect: d, leaves: leaves}
	p.program.paths = newPaths()
	for _, l := range leaves {
		p.program.alternatives = append(p.program.alternatives, bind(p.program.paths, l, 0))
	}
	return p, nil
}

// String returns the text that p was compiled from.
func (p *Pattern) String() string { return p.text }

// Match reports whether p matches event, the text of a JSON object. If event is something else, nests deeper than 1000
// levels, or has arrays whose elements combine in millions of ways, the error is an [*EventError].
func (p *Pattern) Match(event []byte) (bool, error) {
	if p.program.paths == nil {
		return false, nil
	}
	s := p.program.scan()
	defer p.program.release(s)
	if err := s.read(event); err != nil {
		return false, err
	}
	for i := range p.program.alternatives {
		if ok, err := s.holds(&p.program.alternatives[i]); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// Key returns the forms in which p mentions the top-level key name; a key with dots counts as the object of its first part.
func (p *Pattern) Key(name string) KeyForm {
	form := None
	for _, leaves := range p.leaves {
		for _, l := range leaves {
			switch {
			case l.path[0] != name:
			case len(l.path) == 1:
				form |= Values
			default:
				form |= Object
			}
		}
	}
	return form
}

// A program is a path tree, the alternatives bound to it, and scans at rest.
type program struct {
	paths        *paths
	alternatives []alternative
	pool         sync.Pool
}

func (p *program) scan() *scan {
	if s, ok := p.pool.Get().(*scan); ok {
		return s
	}
	return newScan(p.paths)
}

func (p *program) release(s *scan) {
	s.reset()
	if s.keep() {
		p.pool.Put(s)
	}
}

// compiler turns the text of one pattern into alternatives.
type compiler struct {
	text    string
	dialect Dialect
	rules   rules
}

func (c *compiler) compile() ([][]*leaf, *Error) {
	switch {
	case c.rules.maxBytes == 0:
		return nil, &Error{Reason: "unknown dialect"}
	case len(c.text) > c.rules.maxBytes:
		return nil, &Error{Offset: c.rules.maxBytes, Reason: "longer than the limit of the dialect"}
	}
	p := &parser{b: []byte(c.text)}
	n, err := p.document()
	if err != nil {
		return nil, err
	}
	if n.kind != kindObject {
		return nil, fail(n, "", "a pattern is a JSON object")
	}
	alternatives, err := c.object(n, nil, [][]*leaf{nil}, false)
	if err != nil {
		return nil, err
	}
	for _, leaves := range alternatives {
		slices.SortFunc(leaves, func(a, b *leaf) int { return slices.Compare(a.path, b.path) })
		if err := c.checkSize(n, leaves); err != nil {
			return nil, err
		}
	}
	return alternatives, nil
}

// object adds what n says about the keys below path to each of the alternatives.
func (c *compiler) object(n *node, path []string, alternatives [][]*leaf, inOr bool) ([][]*leaf, *Error) {
	at := strings.Join(path, ".")
	if len(n.members) == 0 {
		return nil, fail(n, at, "an empty object matches nothing: name at least one key")
	}
	if c.rules.flat && len(path) > 0 {
		return nil, fail(n, at, "a filter policy of scope MessageAttributes cannot nest keys")
	}
	for _, m := range n.members {
		below := append(slices.Clip(path), splitKey(m.key)...)
		var err *Error
		switch {
		case m.key == "$or":
			alternatives, err = c.or(m.value, path, alternatives)
		case inOr && reservedInOr(m.key):
			err = &Error{Offset: m.start, Path: at, Reason: m.key + " is an operator and cannot be a key inside $or"}
		case m.value.kind == kindObject:
			alternatives, err = c.object(m.value, below, alternatives, inOr)
		case m.value.kind == kindArray:
			var l *leaf
			if l, err = c.leaf(m.value, below); err == nil {
				err = c.add(alternatives, l, m.value)
			}
		default:
			err = fail(m.value, strings.Join(below, "."), "a key takes a list of values or an object: write [...] around the value")
		}
		if err != nil {
			return nil, err
		}
	}
	return alternatives, nil
}

// add puts l, written at n, into each of the alternatives. A path that was there is replaced: the last list wins, as it
// does for equal keys.
func (c *compiler) add(alternatives [][]*leaf, l *leaf, n *node) *Error {
	for i, leaves := range alternatives {
		kept := make([]*leaf, 0, len(leaves)+1)
		for _, old := range leaves {
			if !slices.Equal(old.path, l.path) {
				kept = append(kept, old)
			}
		}
		alternatives[i] = append(kept, l)
		if c.rules.maxKeys > 0 && len(kept) >= c.rules.maxKeys {
			return fail(n, strings.Join(l.path, "."), "a filter policy has at most five keys")
		}
		if (len(kept)+1)*len(alternatives) > maxFields {
			return fail(n, strings.Join(l.path, "."), "rule is too complex: too many keys for its $or")
		}
	}
	return nil
}

// or multiplies the alternatives by the branches of a $or at path.
func (c *compiler) or(n *node, path []string, alternatives [][]*leaf) ([][]*leaf, *Error) {
	at := strings.Join(append(slices.Clip(path), "$or"), ".")
	if err := c.need(featOr, n, at, "$or"); err != nil {
		return nil, err
	}
	if n.kind != kindArray || len(n.items) < 2 {
		return nil, fail(n, at, "$or takes a list of at least two objects")
	}
	var all [][]*leaf
	for _, branch := range n.items {
		if branch.kind != kindObject {
			return nil, fail(branch, at, "$or takes a list of objects")
		}
		more, err := c.object(branch, path, slices.Clone(alternatives), true)
		if err != nil {
			return nil, err
		}
		if all = append(all, more...); len(all) > maxAlternatives {
			return nil, fail(n, at, "rule is too complex: its $or multiply to more than 1000 alternatives")
		}
	}
	return all, nil
}

func reservedInOr(key string) bool {
	switch key {
	case "exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr", "=", "<", "<=", ">", ">=":
		return true
	}
	return false
}

// checkSize applies the quota of SNS on combined values to one alternative.
func (c *compiler) checkSize(n *node, leaves []*leaf) *Error {
	combined := 1
	for _, l := range leaves {
		depth := len(l.path)
		if c.rules.flat {
			depth = 1 // the dots belong to the name of an attribute
		}
		combined *= depth * l.values
		if c.rules.maxCombined > 0 && combined > c.rules.maxCombined {
			return fail(n, "", "filter policy is too complex: its lists multiply to more than 150 combinations")
		}
	}
	return nil
}
