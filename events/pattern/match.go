package pattern

import (
	"bytes"
	"math"
	"net/netip"
	"strconv"
)

// An op is what a test does with a value.
type op uint8

const (
	opExact   op = iota // same kind, same text
	opNumber            // number of the same value, or the same text
	opNumeric           // number between bounds
	opPrefix            // string operators from here on ...
	opSuffix
	opFold // ... equal, prefix and suffix ignoring case
	opPrefixFold
	opSuffixFold
	opWildcard
	opCIDR
	opExists // any leaf
	opNot    // none of not
)

// A test is one element of a leaf's list, compiled.
type test struct {
	op            op
	kind          kind    // opExact
	text          string  // the operand; folded for the operators that ignore case
	low, high     float64 // opNumeric; opNumber: low
	lowIn, highIn bool    // the bounds belong to the range
	glob          glob
	prefix        netip.Prefix
	not           tests
	source        string // as written, for Explain
}

// tests are alternatives: a value passes if any holds.
type tests struct {
	strings map[string]struct{} // exact strings, when they are many
	list    []test
}

// fewTests is the length up to which a list is tried one by one.
const fewTests = 8

// A value is one leaf of an event.
type value struct {
	text       []byte // strings: decoded; else as written
	start, end int32  // place in the event
	next       int32  // next value of the same slot, -1 at the end
	frame      int32  // innermost array element around it, -1 if none
	kind       kind
	parsed     bool    // number holds the number
	number     float64 // NaN if it has none
}

func (ts *tests) hold(v *value) bool {
	if ts.strings != nil && v.kind == kindString {
		if _, ok := ts.strings[string(v.text)]; ok {
			return true
		}
	}
	for i := range ts.list {
		if ts.list[i].holds(v) {
			return true
		}
	}
	return false
}

func (t *test) holds(v *value) bool {
	switch t.op {
	case opExists:
		return true
	case opNot:
		return !t.not.hold(v)
	case opExact:
		return v.kind == t.kind && string(v.text) == t.text
	case opNumber:
		return v.kind == kindNumber && (v.num() == t.low || string(v.text) == t.text)
	case opNumeric:
		return v.kind == kindNumber && t.between(v.num())
	}
	if v.kind != kindString {
		return false
	}
	switch t.op {
	case opPrefix:
		return len(v.text) >= len(t.text) && string(v.text[:len(t.text)]) == t.text
	case opSuffix:
		return len(v.text) >= len(t.text) && string(v.text[len(v.text)-len(t.text):]) == t.text
	case opFold:
		rest, ok := cutFolded(v.text, t.text)
		return ok && len(rest) == 0
	case opPrefixFold:
		_, ok := cutFolded(v.text, t.text)
		return ok
	case opSuffixFold:
		return hasFoldedSuffix(v.text, t.text)
	case opWildcard:
		return t.glob.matches(v.text)
	case opCIDR:
		return inNetwork(t.prefix, v.text)
	}
	return false
}

// between is false for NaN.
func (t *test) between(f float64) bool {
	return (f > t.low || t.lowIn && f == t.low) && (f < t.high || t.highIn && f == t.high)
}

// num is the value of a number; NaN, which equals nothing, if it is too large to be one.
func (v *value) num() float64 {
	if !v.parsed {
		v.parsed = true
		f, err := strconv.ParseFloat(string(v.text), 64)
		if err != nil {
			f = math.NaN()
		}
		v.number = f
	}
	return v.number
}

// longestAddress is the length of the longest text of an IP address.
const longestAddress = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")

func inNetwork(p netip.Prefix, text []byte) bool {
	if len(text) > longestAddress || bytes.IndexByte(text, '%') >= 0 {
		return false
	}
	addr, err := netip.ParseAddr(string(text))
	return err == nil && p.Contains(addr)
}
