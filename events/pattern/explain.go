package pattern

import (
	"fmt"
	"strings"
)

// An Explanation says for each key of a pattern why an event matched it or not. Its String method prints it for people.
type Explanation struct {
	Matched  bool
	Branches []Branch // one; with $or, one for each way to satisfy the pattern
}

// A Branch is a conjunction: it matches if all of its keys do, with values that are not in different elements of one array.
type Branch struct {
	Matched bool
	Keys    []KeyResult // in the order of their paths
	Reason  string      // why the branch did not match although each key did; else empty
}

// A KeyResult is what became of one key.
type KeyResult struct {
	Path    string   // dotted
	Matched bool     // on its own
	Wanted  string   // the list of the pattern, as written
	Found   []string // the first values of the event at this path, as written; at most 8
	More    int      // further values
	Reason  string
}

// mostFound bounds KeyResult.Found.
const mostFound = 8

// Explain matches event as [Pattern.Match] does, and says why the result is what it is. It is slower than Match.
func (p *Pattern) Explain(event []byte) (Explanation, error) {
	var x Explanation
	if p.program.paths == nil {
		return x, nil
	}
	s := p.program.scan()
	defer p.program.release(s)
	if err := s.read(event); err != nil {
		return x, err
	}
	for i := range p.program.alternatives {
		a := &p.program.alternatives[i]
		ok, err := s.holds(a)
		if err != nil {
			return Explanation{}, err
		}
		b := Branch{Matched: ok}
		all := true
		for k := range a.fields {
			key := s.explain(&a.fields[k], ok)
			all = all && key.Matched
			b.Keys = append(b.Keys, key)
		}
		if all && !ok {
			b.Reason = "each key matches, but only with values from different elements of one array"
		}
		x.Matched = x.Matched || ok
		x.Branches = append(x.Branches, b)
	}
	return x, nil
}

func (s *scan) explain(f *field, branch bool) KeyResult {
	key := KeyResult{Path: strings.Join(f.leaf.path, "."), Wanted: f.leaf.source}
	for v := s.lists[f.slot].first; v >= 0; v = s.values[v].next {
		at := &s.values[v]
		written := string(s.event[at.start:at.end])
		if test, ok := f.leaf.tests.which(at); ok && !key.Matched {
			key.Matched = true
			key.Reason = fmt.Sprintf("%s satisfies %s", written, test)
		} else if hint := f.leaf.tests.nearMiss(at); !ok && key.Reason == "" && hint != "" {
			key.Reason = written + " " + hint
		}
		if len(key.Found) < mostFound {
			key.Found = append(key.Found, written)
		} else {
			key.More++
		}
	}
	switch {
	case key.Matched:
	case len(key.Found) == 0 && f.leaf.absent:
		key.Matched, key.Reason = true, "the event has no value here, as exists:false asks"
	case len(key.Found) == 0:
		key.Reason = "the event has no value here (an object or an empty array is none)"
	case f.leaf.absent && branch:
		key.Matched, key.Reason = true, "exists:false holds in the element of an array that the other keys chose"
	case f.leaf.absent && f.leaf.values == 1:
		key.Reason = "the event has a value here, and exists:false asks for none"
	case key.Reason != "":
	case len(key.Found)+key.More == 1:
		key.Reason = key.Found[0] + " satisfies nothing in the list"
	default:
		key.Reason = fmt.Sprintf("none of %d values satisfies anything in the list", len(key.Found)+key.More)
	}
	return key
}

// which returns the text of the first test that v satisfies.
func (ts *tests) which(v *value) (source string, ok bool) {
	for i := range ts.list {
		if ts.list[i].holds(v) {
			return ts.list[i].source, true
		}
	}
	return "a string in the list", ts.hold(v)
}

// nearMiss explains the mistakes that are hard to see: the same text in another type, the same number in another spelling.
func (ts *tests) nearMiss(v *value) string {
	for i := range ts.list {
		t := &ts.list[i]
		switch number := t.op == opNumber || t.op == opExact && t.kind == kindNumber; {
		case number && v.kind == kindString && string(v.text) == t.text:
			return "is a string, and the list has a number"
		case t.op == opNumeric && v.kind == kindString:
			return "is a string, and numeric compares numbers only"
		case t.op == opExact && t.kind == kindString && v.kind != kindString && string(v.text) == t.text:
			return "is no string, and the list has a string"
		case number && v.kind == kindNumber && (&test{op: opNumber, low: numberOf(t.text)}).holds(v):
			return "is the number " + t.text + " in another spelling, and this dialect compares exact numbers by their text"
		}
	}
	return ""
}

func numberOf(text string) float64 { return (&value{text: []byte(text)}).num() }

// String prints one line for each key.
func (x Explanation) String() string {
	var b strings.Builder
	b.WriteString(verdict(x.Matched) + "\n")
	for i, branch := range x.Branches {
		indent := "  "
		if len(x.Branches) > 1 {
			fmt.Fprintf(&b, "  branch %d of %d: %s\n", i+1, len(x.Branches), verdict(branch.Matched))
			indent = "    "
		}
		for _, key := range branch.Keys {
			mark := "no "
			if key.Matched {
				mark = "yes"
			}
			fmt.Fprintf(&b, "%s%s  %s %s: %s\n", indent, mark, key.Path, key.Wanted, key.Reason)
		}
		if branch.Reason != "" {
			fmt.Fprintf(&b, "%s%s\n", indent, branch.Reason)
		}
	}
	return b.String()
}

func verdict(matched bool) string {
	if matched {
		return "match"
	}
	return "no match"
}
