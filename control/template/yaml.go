package template

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// This is the only file that knows the YAML library: to change the library,
// write parseYAML anew.

// maxTokens bounds the marks that make tokens; the library needs about a
// kilobyte of memory for each.
const maxTokens = 400_000

type yamlReader struct {
	s       *source
	anchors map[string]*node
	nodes   int
	colon   string // stands for colons inside of words
}

func parseYAML(s *source, data []byte) (n *node) {
	// The library is fed with what people typed; should it ever panic, that is
	// an error of this template and not the end of the daemon.
	defer func() {
		if r := recover(); r != nil {
			s.fail(Pos{File: s.file}, "malformed YAML: the parser failed: %v", r)
			n = nil
		}
	}()
	r := &yamlReader{s: s, anchors: map[string]*node{}}
	if !r.bounded(data) {
		return nil
	}
	tokens := lexer.Tokenize(r.protect(string(data)))
	if !r.shallow(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	docs := slices.DeleteFunc(file.Docs, func(d *ast.DocumentNode) bool {
		_, directive := d.Body.(*ast.DirectiveNode)
		return d.Body == nil || directive
	})
	switch len(docs) {
	case 0:
		s.fail(Pos{File: s.file}, "the template is empty")
		return nil
	case 1:
		return r.node(docs[0].Body, 0)
	}
	s.fail(r.pos(docs[1].Body.GetToken()), "a template is one YAML document; here a second one begins")
	return nil
}

func (r *yamlReader) bounded(data []byte) bool {
	marks := 0
	for _, c := range data {
		if strings.IndexByte(",:-[]{}&*!?#'\"", c) >= 0 {
			marks++
		}
	}
	if marks > maxTokens {
		r.s.fail(Pos{File: r.s.file}, "the template has more than %d YAML marks (commas, colons, dashes ...); it is not read", maxTokens)
		return false
	}
	return true
}

// protect replaces the colons inside of words (AWS::Region, arn:aws:sqs, Fn::If)
// by a rune that the text does not have, and restore brings them back. YAML
// gives such colons no meaning, but inside flow maps the library takes the
// first one for the end of a key: {Fn::If: [a, b, c]} would fail, and
// {Fn::Sub: x} would silently become another map. A rune for a rune keeps
// the columns.
func (r *yamlReader) protect(text string) string {
	stand := '\ue000'
	for strings.ContainsRune(text, stand) {
		stand++
	}
	r.colon = string(stand)
	var b strings.Builder
	for i := range len(text) {
		inside := text[i] == ':' && i > 0 && i+1 < len(text) &&
			strings.IndexByte("\"']}", text[i-1]) < 0 && strings.IndexByte(" \t\r\n,[]{}", text[i+1]) < 0
		if inside {
			b.WriteString(r.colon)
		} else {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

func (r *yamlReader) restore(text string) string { return strings.ReplaceAll(text, r.colon, ":") }

// shallow refuses deep nesting before the library recurses into it.
func (r *yamlReader) shallow(tokens token.Tokens) bool {
	var columns []int // of open block collections
	flow, tags := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow = max(0, flow-1)
		}
		if t.Type == token.TagType || t.Type == token.AnchorType {
			tags++
		} else {
			tags = 0
		}
		first := t.Prev == nil || t.Prev.Position.Line < t.Position.Line
		if flow == 0 && (first || opensBlock(t.Prev)) {
			for len(columns) > 0 && columns[len(columns)-1] > t.Position.Column {
				columns = columns[:len(columns)-1]
			}
			if len(columns) == 0 || columns[len(columns)-1] < t.Position.Column {
				columns = append(columns, t.Position.Column)
			}
		}
		if flow+len(columns) > maxDepth || tags > maxDepth {
			r.s.fail(r.pos(t), "the template is nested more than %d levels deep", maxDepth)
			return false
		}
	}
	return true
}

func opensBlock(t *token.Token) bool {
	return t.Type == token.SequenceEntryType || t.Type == token.MappingKeyType
}

func (r *yamlReader) syntax(err error) {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.GetToken() != nil {
		r.s.fail(r.pos(syntax.GetToken()), "malformed YAML: %s", r.restore(syntax.GetMessage()))
		return
	}
	r.s.fail(Pos{File: r.s.file}, "malformed YAML: %s", r.restore(err.Error()))
}

// pos is where a token stands. The library's columns are some characters off
// inside flow collections, so the token's text is looked for near them.
func (r *yamlReader) pos(t *token.Token) Pos {
	p := Pos{r.s.file, t.Position.Line, max(t.Position.Column, 1)}
	if p.Line < 1 || p.Line > len(r.s.lines) {
		return Pos{File: r.s.file}
	}
	want, _, _ := strings.Cut(strings.TrimSpace(r.restore(t.Origin)), "\n")
	line := []rune(r.s.lines[p.Line-1])
	if want == "" || len(line) == 0 {
		return p
	}
	from := min(p.Column-1, len(line))
	if i := strings.Index(string(line[from:]), want); i >= 0 {
		p.Column = from + utf8.RuneCountInString(string(line[from:])[:i]) + 1
	} else if i := strings.LastIndex(string(line[:from]), want); i >= 0 {
		p.Column = utf8.RuneCountInString(string(line[:from])[:i]) + 1
	}
	return p
}

func (r *yamlReader) node(n ast.Node, depth int) *node {
	if n == nil {
		return &node{kind: nullKind, pos: Pos{File: r.s.file}}
	}
	pos := r.pos(n.GetToken())
	if r.nodes++; r.nodes > maxNodes || depth > 2*maxDepth {
		r.s.fail(pos, "the template is too large or too deep")
		return newBroken(pos)
	}
	switch v := n.(type) {
	case *ast.MappingNode:
		return r.mapping(v.Values, depth)
	case *ast.MappingValueNode:
		return r.mapping([]*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		list := &node{kind: listKind, pos: pos}
		for _, item := range v.Values {
			list.items = append(list.items, r.node(item, depth+1))
		}
		return list
	case *ast.TagNode:
		return r.tagged(v, depth)
	case *ast.AnchorNode:
		value := r.node(v.Value, depth+1)
		r.anchors[v.Name.GetToken().Value] = value
		return value
	case *ast.AliasNode:
		name := v.Value.GetToken().Value
		if value := r.anchors[name]; value != nil {
			return value
		}
		r.s.fail(pos, "alias *%s has no anchor before it", name)
		return newBroken(pos)
	case *ast.LiteralNode:
		return newString(pos, r.restore(v.Value.Value))
	case *ast.StringNode:
		return r.plain(pos, v)
	case *ast.BoolNode:
		return newBool(pos, v.Value)
	case *ast.NullNode:
		return &node{kind: nullKind, pos: pos}
	case *ast.IntegerNode, *ast.FloatNode:
		return &node{kind: numberKind, pos: pos, text: n.GetToken().Value}
	}
	return newString(pos, r.restore(n.GetToken().Value))
}

// plain resolves the boolean words of YAML 1.1, which CloudFormation follows;
// the library follows YAML 1.2.
func (r *yamlReader) plain(pos Pos, v *ast.StringNode) *node {
	if v.GetToken().Type == token.StringType {
		switch v.Value {
		case "yes", "Yes", "YES", "on", "On", "ON", "True", "TRUE":
			return newBool(pos, true)
		case "no", "No", "NO", "off", "Off", "OFF", "False", "FALSE":
			return newBool(pos, false)
		}
	}
	return newString(pos, r.restore(v.Value))
}

func (r *yamlReader) mapping(values []*ast.MappingValueNode, depth int) *node {
	m := &node{kind: mapKind, pos: Pos{File: r.s.file, Line: 1, Column: 1}}
	seen := map[string]Pos{}
	var merged []*node
	for i, v := range values {
		pos := r.pos(v.Key.GetToken())
		if i == 0 {
			m.pos = pos
		}
		if v.Key.IsMergeKey() {
			merged = append(merged, r.node(v.Value, depth+1))
			continue
		}
		key := r.key(v.Key, pos)
		value := r.node(v.Value, depth+1)
		if value.kind == nullKind {
			value = value.at(pos)
		}
		if first, dup := seen[key]; dup {
			r.s.duplicate(key, pos, first)
			continue
		}
		seen[key] = pos
		m.entries = append(m.entries, entry{key, pos, value})
	}
	for _, from := range merged {
		r.merge(m, from, seen)
	}
	return m
}

// key is the text of a map's key. Keys that are not plain text do not occur in
// templates.
func (r *yamlReader) key(k ast.MapKeyNode, pos Pos) string {
	switch v := k.(type) {
	case *ast.StringNode:
		return r.restore(v.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return k.GetToken().Value
	case *ast.MappingKeyNode: // written as "? key"
		if n := r.node(v.Value, 0); n.scalar() {
			return n.text
		}
	}
	r.s.fail(pos, "the key of a map must be plain text")
	return r.restore(k.GetToken().Value)
}

// merge adds what a merge key (<<) brings: members that m does not have.
func (r *yamlReader) merge(m, from *node, seen map[string]Pos) {
	switch from.kind {
	case mapKind:
		for _, e := range from.entries {
			r.nodes++
			if _, has := seen[e.key]; !has && r.nodes <= maxNodes {
				seen[e.key] = e.pos
				m.entries = append(m.entries, e)
			}
		}
	case listKind:
		for _, item := range from.items {
			r.merge(m, item, seen)
		}
	case brokenKind:
	default:
		r.s.fail(from.pos, "a merge key (<<) takes a map or a list of maps, not %s", from.kind)
	}
}

// tagged turns the short form of a function into its long form.
func (r *yamlReader) tagged(t *ast.TagNode, depth int) *node {
	pos := r.pos(t.Start)
	value := r.node(t.Value, depth+1)
	tag := r.restore(t.Start.Value)
	if name, ok := longName(tag); ok {
		return &node{kind: mapKind, pos: pos, entries: []entry{{name, pos, value}}}
	}
	switch tag {
	case "!!str":
		if value.scalar() {
			return newString(value.pos, value.text)
		}
	case "!!int", "!!float", "!!bool", "!!map", "!!seq", "!!null", "!":
		return value
	}
	r.s.fail(pos, "unknown tag %s: not an intrinsic function of CloudFormation", tag)
	return newBroken(pos)
}
