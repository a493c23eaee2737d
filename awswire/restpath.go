package awswire

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// A template is the path of an operation: literal parts and labels, one of which
// may be greedy, and one query parameter that tells operations apart.
type template struct {
	parts       []part
	literals    int
	greedy      bool
	name, value string // of the query parameter; empty: none
	err         error
}

type part struct {
	text   string // of a literal, or the label's name
	label  bool
	greedy bool
}

func templateOf(path string) template {
	path, query, _ := strings.Cut(path, "?")
	t := template{}
	t.name, t.value, _ = strings.Cut(query, "=")
	if !strings.HasPrefix(path, "/") {
		t.err = fmt.Errorf("the path %q does not begin with a slash", path)
	}
	for text := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		p := part{text: text}
		if inner, ok := strings.CutPrefix(text, "{"); ok {
			p.label = true
			p.text, p.greedy = strings.CutSuffix(strings.TrimSuffix(inner, "}"), "+")
		}
		if p.text == "" || strings.ContainsAny(p.text, "{}%") || p.greedy && t.greedy {
			t.err = fmt.Errorf("the path %q is no template", path)
		}
		if !p.label {
			t.literals++
		}
		t.greedy = t.greedy || p.greedy
		t.parts = append(t.parts, p)
	}
	return t
}

// check says whether every label has a member to go to.
func (t template) check(in *binding) error {
	for _, p := range t.parts {
		if p.label && !in.has("uri", p.text) {
			return errors.Join(t.err, fmt.Errorf("no member for {%s}", p.text))
		}
	}
	return t.err
}

// matches says whether the parts of a path, still escaped, fit, and whether the
// parameters have what the template demands.
func (t template) matches(parts []string, query url.Values) bool {
	more := len(parts) - len(t.parts)
	if more != 0 && !t.greedy || t.name != "" && query.Get(t.name) != t.value {
		return false
	}
	at := 0
	for _, p := range t.parts {
		switch {
		case p.greedy && more >= 0:
			at += more
		case at >= len(parts) || !p.label && !same(parts[at], p.text):
			return false
		}
		at++
	}
	return at == len(parts)
}

// same compares an escaped part with a literal.
func same(escaped, literal string) bool {
	if strings.IndexByte(escaped, '%') < 0 {
		return escaped == literal
	}
	text, err := url.PathUnescape(escaped)
	return err == nil && text == literal
}

// labels are the decoded values of the labels in a path that matches.
func (t template) labels(parts []string) map[string]string {
	values := map[string]string{}
	more, at := len(parts)-len(t.parts), 0
	for _, p := range t.parts {
		text := parts[at]
		if p.greedy {
			text = strings.Join(parts[at:at+more+1], "/")
			at += more
		}
		at++
		if p.label {
			value, err := url.PathUnescape(text)
			if err != nil { // net/url lets none through
				value = text
			}
			values[p.text] = value
		}
	}
	return values
}

// find returns the operation for a request and the labels of its path; nil if
// there is none. Of several the one with the most literal parts is meant, then
// the one that demands a parameter.
func (s *REST) find(method, path string, query url.Values) (*RESTOperation, map[string]string) {
	text, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil, nil
	}
	parts := strings.Split(text, "/")
	if n := len(parts) - 1; n > 0 && parts[n] == "" {
		parts = parts[:n]
	}
	var best *RESTOperation
	for i := range s.Operations {
		op := &s.Operations[i]
		if op.Method != method || len(op.template.parts) > len(parts) || !op.template.matches(parts, query) {
			continue
		}
		if best == nil || op.template.closer(best.template) {
			best = op
		}
	}
	if best == nil {
		return nil, nil
	}
	return best, best.template.labels(parts)
}

func (t template) closer(other template) bool {
	if t.literals != other.literals {
		return t.literals > other.literals
	}
	return t.name != "" && other.name == ""
}

// parameters reads the query of a URL, all of it or none.
func parameters(r *http.Request) (url.Values, error) {
	if r.URL.RawQuery == "" {
		return nil, nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, Malformed("The query of the URL cannot be read: " + shortened(err.Error()))
	}
	return query, nil
}
