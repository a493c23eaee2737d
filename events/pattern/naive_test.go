package pattern_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// This file is a second implementation of the language, slow and plain, that knows nothing of the first: it decodes
// everything and tries everything. It assumes that the pattern is valid.

type pair struct {
	key   string
	value any
}

type object []pair // all members, in order

func decode(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return decodeNext(d)
}

func decodeNext(d *json.Decoder) any {
	t, err := d.Token()
	if err != nil {
		panic(err)
	}
	switch t {
	case json.Delim('{'):
		o := object{}
		for d.More() {
			key, _ := d.Token()
			o = append(o, pair{key.(string), decodeNext(d)})
		}
		d.Token()
		return o
	case json.Delim('['):
		a := []any{}
		for d.More() {
			a = append(a, decodeNext(d))
		}
		d.Token()
		return a
	}
	return t
}

// naiveLeaf is a scalar of an event with the elements of arrays around it.
type naiveLeaf struct {
	path    string
	value   any
	members map[int]int // array → element
}

type flattener struct {
	arrays int
	leaves []naiveLeaf
}

func (f *flattener) flatten(path string, v any, members map[int]int) {
	switch v := v.(type) {
	case object:
		for _, m := range v {
			f.flatten(path+"."+m.key, m.value, members)
		}
	case []any:
		id := f.arrays
		f.arrays++
		for i, item := range v {
			inside := members
			if _, scalar := item.(object); scalar || isArray(item) {
				inside = maps.Clone(members)
				inside[id] = i
			}
			f.flatten(path, item, inside)
		}
	default:
		f.leaves = append(f.leaves, naiveLeaf{path, v, members})
	}
}

func isArray(v any) bool { _, ok := v.([]any); return ok }

// expand returns the conjunctions of a pattern, as maps from path to list.
func expand(path string, o object, all []map[string][]any) []map[string][]any {
	for i, m := range o {
		if slices.ContainsFunc(o[i+1:], func(later pair) bool { return later.key == m.key }) {
			continue
		}
		if m.key == "$or" {
			var more []map[string][]any
			for _, branch := range m.value.([]any) {
				var copies []map[string][]any
				for _, c := range all {
					copies = append(copies, maps.Clone(c))
				}
				more = append(more, expand(path, branch.(object), copies)...)
			}
			all = more
			continue
		}
		switch v := m.value.(type) {
		case object:
			all = expand(path+"."+m.key, v, all)
		case []any:
			for _, c := range all {
				c[path+"."+m.key] = v
			}
		}
	}
	return all
}

func naiveMatch(patternText, event string, numbersText bool) bool {
	f := flattener{}
	f.flatten("", decode(event), map[int]int{})
	for _, c := range expand("", decode(patternText).(object), []map[string][]any{{}}) {
		names := slices.SortedFunc(maps.Keys(c), func(a, b string) int {
			return slices.Compare(strings.Split(a, "."), strings.Split(b, "."))
		})
		if naiveTry(c, names, f.leaves, map[int]int{}, numbersText) {
			return true
		}
	}
	return false
}

func naiveTry(c map[string][]any, names []string, leaves []naiveLeaf, chosen map[int]int, numbersText bool) bool {
	if len(names) == 0 {
		return true
	}
	absent := slices.ContainsFunc(c[names[0]], func(w any) bool {
		o, ok := w.(object)
		return ok && o[len(o)-1].key == "exists" && o[len(o)-1].value == false
	})
	for _, l := range leaves {
		if l.path != names[0] || !agree(l.members, chosen) {
			continue
		}
		absent = false
		both := maps.Clone(chosen)
		maps.Copy(both, l.members)
		if slices.ContainsFunc(c[names[0]], func(w any) bool { return naiveValue(w, l.value, numbersText) }) &&
			naiveTry(c, names[1:], leaves, both, numbersText) {
			return true
		}
	}
	return absent && naiveTry(c, names[1:], leaves, chosen, numbersText)
}

func agree(a, b map[int]int) bool {
	for array, i := range a {
		if j, ok := b[array]; ok && i != j {
			return false
		}
	}
	return true
}

// naiveValue reports whether v satisfies one element of a list.
func naiveValue(want, v any, numbersText bool) bool {
	o, ok := want.(object)
	if !ok {
		return naiveEqual(want, v, numbersText)
	}
	op, operand := o[len(o)-1].key, o[len(o)-1].value
	if op == "exists" {
		return operand == true
	}
	if op == "anything-but" {
		inner := ""
		if e, ok := operand.(object); ok {
			inner, operand = e[len(e)-1].key, e[len(e)-1].value
		}
		list, ok := operand.([]any)
		if !ok {
			list = []any{operand}
		}
		return !slices.ContainsFunc(list, func(x any) bool {
			if inner != "" {
				x = object{{inner, x}}
			}
			return naiveValue(x, v, numbersText)
		})
	}
	if op == "numeric" {
		return naiveNumeric(operand.([]any), v)
	}
	s, ok := v.(string)
	if !ok {
		return false
	}
	fold := func(x string) bool { return false }
	if e, ok := operand.(object); ok {
		operand = e[len(e)-1].value
		fold = func(x string) bool { return strings.EqualFold(x, operand.(string)) }
	}
	t := operand.(string)
	switch op {
	case "prefix":
		return strings.HasPrefix(s, t) && operand == o[len(o)-1].value || slices.ContainsFunc(cuts(s), func(i int) bool { return fold(s[:i]) })
	case "suffix":
		return strings.HasSuffix(s, t) && operand == o[len(o)-1].value || slices.ContainsFunc(cuts(s), func(i int) bool { return fold(s[i:]) })
	case "equals-ignore-case":
		return strings.EqualFold(s, t)
	case "wildcard":
		return naiveWildcard(t).MatchString(s)
	case "cidr":
		_, network, _ := net.ParseCIDR(t)
		ip := net.ParseIP(s)
		return ip != nil && (ip.To4() == nil || !strings.Contains(s, ":")) && network.Contains(ip)
	}
	panic(fmt.Sprint("unknown operator ", op))
}

// cuts are the places between characters of s.
func cuts(s string) (at []int) {
	for i := range s {
		at = append(at, i)
	}
	return append(at, len(s))
}

func naiveWildcard(t string) *regexp.Regexp {
	var re strings.Builder
	re.WriteString(`(?s)\A`)
	for i := 0; i < len(t); i++ {
		switch t[i] {
		case '*':
			re.WriteString(`.*`)
		case '\\':
			i++
			fallthrough
		default:
			_, n := utf8.DecodeRuneInString(t[i:])
			re.WriteString(regexp.QuoteMeta(t[i : i+n]))
			i += n - 1
		}
	}
	re.WriteString(`\z`)
	return regexp.MustCompile(re.String())
}

func naiveEqual(want, v any, numbersText bool) bool {
	a, isNumber := want.(json.Number)
	b, both := v.(json.Number)
	if !isNumber || !both || numbersText {
		return want == v
	}
	return a == b || float(a) == float(b)
}

func float(n json.Number) float64 {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

func naiveNumeric(list []any, v any) bool {
	n, ok := v.(json.Number)
	if !ok {
		return false
	}
	for i := 0; i < len(list); i += 2 {
		f, bound := float(n), float(list[i+1].(json.Number))
		if !map[string]bool{"=": f == bound, "<": f < bound, "<=": f <= bound, ">": f > bound, ">=": f >= bound}[list[i].(string)] {
			return false
		}
	}
	return true
}
