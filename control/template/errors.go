package template

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxErrors bounds what one reading reports; a template with more is not read
// to its end by anybody.
const maxErrors = 100

// An Error is one thing that is wrong with a template.
type Error struct {
	Pos     Pos
	Message string
	// Excerpt is the lines around Pos with a caret under the column; empty when
	// the error is not about a place in a file. Values of NoEcho parameters are
	// masked in it.
	Excerpt string
}

// Error gives "file:line:column: message" and the excerpt below it.
func (e *Error) Error() string {
	head := e.Message
	if at := e.Pos.String(); at != "" {
		head = at + ": " + head
	}
	if e.Excerpt == "" {
		return head
	}
	return head + "\n" + e.Excerpt
}

// Errors is everything that is wrong with a template, in the order of the file.
type Errors []*Error

// Error joins the errors, one paragraph each.
func (l Errors) Error() string {
	parts := make([]string, len(l))
	for i, e := range l {
		parts[i] = e.Error()
	}
	return strings.Join(parts, "\n")
}

// Unwrap returns the single errors.
func (l Errors) Unwrap() []error {
	out := make([]error, len(l))
	for i, e := range l {
		out[i] = e
	}
	return out
}

// A source is the text of a template and what went wrong while reading it.
type source struct {
	file   string
	lines  []string
	hidden map[int]bool // lines that show a NoEcho value
	errs   Errors
}

func newSource(file string, data []byte) *source {
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	return &source{file: file, lines: strings.Split(text, "\n"), hidden: map[int]bool{}}
}

// fail records an error. It keeps at most one per place and message.
func (s *source) fail(pos Pos, format string, args ...any) {
	e := &Error{Pos: pos, Message: fmt.Sprintf(format, args...)}
	for _, other := range s.errs {
		if other.Pos == e.Pos && other.Message == e.Message {
			return
		}
	}
	if len(s.errs) > maxErrors {
		return
	}
	if len(s.errs) == maxErrors {
		e = &Error{Pos: Pos{File: s.file}, Message: fmt.Sprintf("more than %d errors; the rest is not shown", maxErrors)}
	}
	s.errs = append(s.errs, e)
}

// result returns all errors in the order of the file, with excerpts; nil if
// there are none.
func (s *source) result() error {
	if len(s.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(s.errs, func(a, b *Error) int {
		if (a.Pos.Line == 0) != (b.Pos.Line == 0) {
			return b.Pos.Line - a.Pos.Line // what has no place comes last
		}
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Column - b.Pos.Column
	})
	for _, e := range s.errs {
		e.Excerpt = s.excerpt(e.Pos)
	}
	return s.errs
}

// excerpt prints the line of pos with two before it, and a caret under its
// column.
func (s *source) excerpt(pos Pos) string {
	if pos.Line < 1 || pos.Line > len(s.lines) {
		return ""
	}
	var b strings.Builder
	for n := max(1, pos.Line-2); n <= pos.Line; n++ {
		fmt.Fprintf(&b, "%5d | %s\n", n, s.visible(n))
	}
	line := []rune(s.lines[pos.Line-1])
	pad := make([]rune, 0, pos.Column)
	for i := range min(max(pos.Column-1, 0), min(len(line), maxExcerpt)) {
		if line[i] == '\t' {
			pad = append(pad, '\t')
		} else {
			pad = append(pad, ' ')
		}
	}
	b.WriteString("      | " + string(pad) + "^")
	return b.String()
}

const maxExcerpt = 160

// visible is a line as it may be shown: cut, printable, masked.
func (s *source) visible(n int) string {
	line := s.lines[n-1]
	if s.hidden[n] {
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		if key, _, ok := strings.Cut(line, ":"); ok && !strings.ContainsAny(key, `,[{`) {
			return key + ": ****"
		}
		return line[:indent] + "****"
	}
	if utf8.RuneCountInString(line) > maxExcerpt {
		line = string([]rune(line)[:maxExcerpt]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, line)
}
