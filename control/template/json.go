package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sort"
	"unicode/utf8"
)

// A jsonReader turns tokens of the standard library's decoder into nodes.
type jsonReader struct {
	s     *source
	data  []byte
	lines []int // offset of each line's first byte
	dec   *json.Decoder
}

func parseJSON(s *source, data []byte) *node {
	r := &jsonReader{s: s, data: data, lines: []int{0}, dec: json.NewDecoder(bytes.NewReader(data))}
	for i, c := range data {
		if c == '\n' {
			r.lines = append(r.lines, i+1)
		}
	}
	r.dec.UseNumber()
	n, err := r.value(0)
	if err == nil {
		pos := r.next()
		if _, err = r.dec.Token(); err == io.EOF {
			return n
		}
		if err == nil {
			s.fail(pos, "malformed JSON: there is more after the end of the template")
			return nil
		}
	}
	r.report(err)
	return nil
}

var errReported = errors.New("reported")

func (r *jsonReader) report(err error) {
	if err == errReported {
		return
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		r.s.fail(r.pos(int(syntax.Offset)-1), "malformed JSON: %v", err)
		return
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		r.s.fail(r.pos(len(r.data)), "malformed JSON: the text ends too early")
		return
	}
	r.s.fail(r.next(), "malformed JSON: %v", err)
}

// pos translates a byte offset into a place.
func (r *jsonReader) pos(offset int) Pos {
	offset = min(max(offset, 0), len(r.data))
	line := sort.SearchInts(r.lines, offset+1)
	return Pos{r.s.file, line, utf8.RuneCount(r.data[r.lines[line-1]:offset]) + 1}
}

// next is the place of the token that comes next.
func (r *jsonReader) next() Pos {
	i := int(r.dec.InputOffset())
	for i < len(r.data) && bytes.IndexByte([]byte(" \t\r\n,:"), r.data[i]) >= 0 {
		i++
	}
	return r.pos(i)
}

func (r *jsonReader) value(depth int) (*node, error) {
	n := &node{pos: r.next()}
	if depth > maxDepth {
		r.s.fail(n.pos, "the template is nested more than %d levels deep", maxDepth)
		return nil, errReported
	}
	token, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			n.kind = listKind
			return n, r.list(n, depth)
		}
		n.kind = mapKind
		return n, r.object(n, depth)
	case bool:
		return newBool(n.pos, t), nil
	case json.Number:
		n.kind, n.text = numberKind, t.String()
	case string:
		n.kind, n.text = stringKind, t
	}
	return n, nil
}

func (r *jsonReader) list(n *node, depth int) error {
	for r.dec.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	_, err := r.dec.Token()
	return err
}

func (r *jsonReader) object(n *node, depth int) error {
	seen := map[string]Pos{}
	for r.dec.More() {
		pos := r.next()
		token, err := r.dec.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		if first, dup := seen[key]; dup {
			r.s.duplicate(key, pos, first)
			continue
		}
		seen[key] = pos
		n.entries = append(n.entries, entry{key, pos, value})
	}
	_, err := r.dec.Token()
	return err
}
