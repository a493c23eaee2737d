package pattern

// A kind is the JSON type of a value.
type kind uint8

const (
	kindString kind = iota
	kindNumber
	kindLiteral // true, false, null
	kindObject
	kindArray
)

// A node is a JSON value of a pattern's text with its place.
type node struct {
	kind       kind
	text       string // strings: decoded; numbers and literals: as written
	start, end int
	members    []member // objects: in the order of the last occurrence of each key
	items      []*node  // arrays
}

type member struct {
	key   string
	start int
	value *node
}

// parser reads the text of a pattern. Its errors carry offsets; the caller adds line and column.
type parser struct {
	b     []byte
	i     int
	depth int
}

func (p *parser) fail(reason string) *Error { return &Error{Offset: p.i, Reason: reason} }

// document reads one value and nothing after it.
func (p *parser) document() (*node, *Error) {
	n, err := p.value()
	if err != nil {
		return nil, err
	}
	if p.i = skipSpace(p.b, p.i); p.i < len(p.b) {
		return nil, p.fail("text after the end of the pattern")
	}
	return n, nil
}

func (p *parser) value() (*node, *Error) {
	if p.i = skipSpace(p.b, p.i); p.i >= len(p.b) {
		return nil, p.fail("the text ends where a JSON value is expected")
	}
	n := &node{start: p.i}
	var err *Error
	switch c := p.b[p.i]; {
	case c == '{' || c == '[':
		if p.depth++; p.depth > maxPatternDepth {
			return nil, p.fail(tooDeep)
		}
		if c == '{' {
			n.kind, err = kindObject, p.object(n)
		} else {
			n.kind, err = kindArray, p.array(n)
		}
		p.depth--
	case c == '"':
		n.kind = kindString
		n.text, err = p.str()
	case c == '-' || c >= '0' && c <= '9':
		n.kind = kindNumber
		n.text, err = p.token(skipNumber)
	default:
		n.kind = kindLiteral
		n.text, err = p.token(skipLiteral)
	}
	n.end = p.i
	return n, err
}

func (p *parser) token(skip func([]byte, int) (int, string)) (string, *Error) {
	start := p.i
	end, reason := skip(p.b, p.i)
	p.i = end
	if reason != "" {
		return "", p.fail(reason)
	}
	return string(p.b[start:end]), nil
}

func (p *parser) str() (string, *Error) {
	start := p.i
	end, escaped, reason := skipString(p.b, p.i)
	p.i = end
	if reason != "" {
		return "", p.fail(reason)
	}
	inside := p.b[start+1 : end-1]
	if escaped {
		inside = unescape(nil, inside)
	}
	return string(inside), nil
}

// object reads an object at p.i. Of members with the same key the last remains.
func (p *parser) object(n *node) *Error {
	p.i++
	at := map[string]int{}
	for {
		if p.i = skipSpace(p.b, p.i); len(at) == 0 && p.next('}') {
			return nil
		}
		m := member{start: p.i}
		if p.i >= len(p.b) || p.b[p.i] != '"' {
			return p.fail(wantKey)
		}
		var err *Error
		if m.key, err = p.str(); err != nil {
			return err
		}
		if p.i = skipSpace(p.b, p.i); !p.next(':') {
			return p.fail(wantColon)
		}
		if m.value, err = p.value(); err != nil {
			return err
		}
		if old, twice := at[m.key]; twice {
			n.members[old].value = nil
		}
		at[m.key] = len(n.members)
		n.members = append(n.members, m)
		p.i = skipSpace(p.b, p.i)
		if p.next('}') {
			n.dropOverwritten()
			return nil
		}
		if !p.next(',') {
			return p.fail(wantEndOrKey)
		}
	}
}

func (n *node) dropOverwritten() {
	kept := n.members[:0]
	for _, m := range n.members {
		if m.value != nil {
			kept = append(kept, m)
		}
	}
	n.members = kept
}

func (p *parser) array(n *node) *Error {
	p.i++
	for {
		if p.i = skipSpace(p.b, p.i); len(n.items) == 0 && p.next(']') {
			return nil
		}
		item, err := p.value()
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
		p.i = skipSpace(p.b, p.i)
		if p.next(']') {
			return nil
		}
		if !p.next(',') {
			return p.fail(wantEndOrVal)
		}
	}
}

// next passes c if it is the next byte.
func (p *parser) next(c byte) bool {
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}
