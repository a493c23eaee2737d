package pattern_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/penstock/penstock/events/pattern"
)

// A gen writes random patterns and events over few keys and values, so that they meet often.
type gen struct{ *rand.Rand }

func newGen(seed uint64) gen { return gen{rand.New(rand.NewPCG(seed, 0))} }

func (g gen) of(choices ...string) string { return choices[g.IntN(len(choices))] }

func (g gen) key() string { return g.of("a", "a", "a", "b", "b", "c", "a.b", "a-b") }
func (g gen) text() string {
	return g.of("", "x", "xy", "X", "yx", "xyx", "ß", "K", "k", "10.0.0.7", "2001:db8::1", "x*y", `x\\y`, `\u0078`, "1")
}
func (g gen) number() string { return g.of("0", "1", "-1", "1.0", "1e0", "2", "2.5", "-0") }

func (g gen) scalar() string {
	switch g.IntN(5) {
	case 0:
		return g.number()
	case 1:
		return g.of("true", "false", "null")
	}
	return `"` + g.text() + `"`
}

func (g gen) list(n int, f func() string) string {
	var all []string
	for range 1 + g.IntN(n) {
		all = append(all, f())
	}
	return "[" + strings.Join(all, ",") + "]"
}

func (g gen) str() string { return `"` + g.of("x", "X", "xy", "y", "ß", "k", "1") + `"` }

func (g gen) glob() string {
	return `"` + g.of("*", "x*", "*x", "x*x", "*y*", `x\\*y`, "", "*x*y*", "ß*") + `"`
}

func (g gen) test() string {
	switch g.IntN(16) {
	case 0:
		return `{"prefix":` + g.str() + `}`
	case 1:
		return `{"suffix":` + g.str() + `}`
	case 2:
		return `{"equals-ignore-case":` + g.str() + `}`
	case 3:
		return fmt.Sprintf(`{%q:{"equals-ignore-case":%s}}`, g.of("prefix", "suffix"), g.str())
	case 4:
		return `{"wildcard":` + g.glob() + `}`
	case 5:
		return `{"cidr":"` + g.of("10.0.0.0/24", "10.0.0.7/32", "2001:db8::/32", "0.0.0.0/0") + `"}`
	case 6:
		return `{"numeric":[` + g.of(`"=",1`, `">",0`, `"<=",1`, `">=",1,"<",2.5`, `">",-1,"<=",2`) + `]}`
	case 7:
		return `{"exists":` + g.of("true", "false") + `}`
	case 8:
		return `{"anything-but":` + g.of(g.str(), g.number(), g.list(3, g.str), g.list(3, g.number), g.list(12, g.str)) + `}`
	case 9:
		return fmt.Sprintf(`{"anything-but":{%q:%s}}`, g.of("prefix", "suffix", "equals-ignore-case"), g.of(g.str(), g.list(2, g.str)))
	case 10:
		return `{"anything-but":{"wildcard":` + g.of(g.glob(), g.list(2, g.glob)) + `}}`
	}
	return g.scalar()
}

func (g gen) pattern(depth int) string {
	var members []string
	for range 1 + g.IntN(2) {
		switch {
		case g.IntN(8) == 0:
			branch := func() string { return g.pattern(depth - 1) }
			members = append(members, `"$or":[`+branch()+","+branch()+`]`)
		case depth > 0 && g.IntN(3) == 0:
			members = append(members, fmt.Sprintf("%q:%s", g.key(), g.pattern(depth-1)))
		default:
			members = append(members, fmt.Sprintf("%q:%s", g.key(), g.list(g.of3(), g.test)))
		}
	}
	return "{" + strings.Join(members, ", ") + "}"
}

// of3 is mostly small, and sometimes enough for a list that is packed.
func (g gen) of3() int {
	if g.IntN(10) == 0 {
		return 20
	}
	return 3
}

func (g gen) object(depth int) string {
	var members []string
	for range 1 + g.IntN(6) {
		members = append(members, fmt.Sprintf("%q : %s", g.key(), g.value(depth)))
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func (g gen) value(depth int) string {
	switch n := g.IntN(10); {
	case depth > 0 && n < 3:
		return g.object(depth - 1)
	case depth > 0 && n < 6:
		if g.IntN(4) == 0 {
			return "[]"
		}
		return g.list(4, func() string { return g.value(depth - 1) })
	}
	return g.scalar()
}

var dialects = []pattern.Dialect{pattern.Mapping, pattern.Rule}

// agreeWithNaive compiles and matches text, and reports the result if the text is a pattern.
func agreeWithNaive(t *testing.T, text, event string, d pattern.Dialect) (matched, valid bool) {
	t.Helper()
	p, err := pattern.Compile(text, d)
	if err != nil {
		return false, false
	}
	got, err := p.Match([]byte(event))
	if err != nil {
		t.Fatalf("%s pattern %s\nevent %s\n%v", d, text, event, err)
	}
	if want := naiveMatch(text, event, d == pattern.Mapping); got != want {
		t.Fatalf("%s pattern %s\nevent %s\nmatched %t, the naive matcher says %t", d, text, event, got, want)
	}
	x, err := p.Explain([]byte(event))
	if err != nil || x.Matched != got {
		t.Fatalf("%s pattern %s\nevent %s\nmatched %t, but explained as\n%v%v", d, text, event, got, x, err)
	}
	for _, b := range x.Branches {
		for _, key := range b.Keys {
			if b.Matched && !key.Matched || key.Reason == "" {
				t.Fatalf("%s pattern %s\nevent %s\nbad explanation of %s:\n%v", d, text, event, key.Path, x)
			}
		}
	}
	return got, true
}

func TestAgainstNaive(t *testing.T) {
	var matched, valid int
	const cases = 4_000
	for seed := range uint64(cases) {
		g := newGen(seed)
		m, v := agreeWithNaive(t, g.pattern(2), g.object(4), dialects[seed%2])
		if m {
			matched++
		}
		if v {
			valid++
		}
	}
	t.Logf("of %d patterns %d were valid and %d matched", cases, valid, matched)
	if valid < cases*9/10 || matched < cases/10 || matched > cases*9/10 {
		t.Errorf("of %d patterns %d were valid and %d matched: the generator tests too little", cases, valid, matched)
	}
}

func FuzzAgainstNaive(f *testing.F) {
	f.Add(`{"a":[{"prefix":"x"}]}`, `{"a":"xy"}`, true)
	f.Add(`{"a":{"b":[1],"c":[{"exists":false}]}}`, `{"a":[{"b":1,"c":2},{"b":1.0}]}`, false)
	f.Add(`{"$or":[{"a.b":["x"]},{"c":[{"wildcard":"*x\\**"}]}]}`, `{"c":["\u0078*","y"]}`, true)
	f.Fuzz(func(t *testing.T, text, event string, rule bool) {
		d := pattern.Mapping
		if rule {
			d = pattern.Rule
		}
		// The decoder of the naive matcher replaces malformed UTF-8, and it cannot stand deep nesting or network forms of v6 in v4.
		if !isObject(event) || len(event) > 500 || len(text) > 500 || strings.ToValidUTF8(event+text, "") != event+text ||
			strings.Contains(strings.ToLower(text+event), `\ud`) || strings.Contains(text, "cidr") {
			return
		}
		agreeWithNaive(t, text, event, d)
	})
}

func isObject(event string) bool {
	return json.Valid([]byte(event)) && strings.HasPrefix(strings.TrimLeft(event, " \t\r\n"), "{")
}

// TestSetAgreesWithPatterns checks that a set finds exactly the patterns that match on their own.
func TestSetAgreesWithPatterns(t *testing.T) {
	found := 0
	for seed := range uint64(250) {
		g := newGen(seed)
		var list []*pattern.Pattern
		for len(list) < 1+int(seed%40) {
			if p, err := pattern.Compile(g.pattern(2), dialects[g.IntN(2)]); err == nil {
				list = append(list, p)
			}
		}
		set := pattern.NewSet(list...)
		for range 5 {
			event := g.object(4)
			want := []int{-7}
			for i, p := range list {
				if ok, err := p.Match([]byte(event)); err != nil {
					t.Fatal(err)
				} else if ok {
					want = append(want, i)
				}
			}
			got, err := set.Match([]byte(event), []int{-7})
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("seed %d: set found %v, %v, patterns alone %v\nevent %s\npatterns %v", seed, got, err, want, event, list)
			}
			found += len(got) - 1
		}
	}
	if found < 1500 {
		t.Errorf("only %d matches: the generator tests too little", found)
	}
}

// FuzzEvent checks that exactly the JSON objects are events, whatever the pattern asks of them.
func FuzzEvent(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1}`, `{"a":[{"b":"\ud83d\ude00"},[1.5e-7]]}`, `{"a":tru}`, `[1]`, `{"a":1,}`, `{"a":"` + "\x01" + `"}`, `{"a":01}`, `{"a":-}`, `{} x`, `{"a" 1}`, ``} {
		f.Add([]byte(seed))
	}
	p := compile(f, `{"a":[1],"b":{"c":["x"]}}`, pattern.Rule)
	f.Fuzz(func(t *testing.T, event []byte) {
		_, err := p.Match(event)
		want := isObject(string(event))
		if bad := (*pattern.EventError)(nil); errors.As(err, &bad) {
			if bad.Offset < 0 || bad.Offset > len(event) || bad.Reason == "" {
				t.Fatalf("%q: offset %d, reason %q", event, bad.Offset, bad.Reason)
			}
			if bad.Reason == "nested too deeply" {
				return
			}
		}
		if (err == nil) != want {
			t.Fatalf("%q: %v, but encoding/json says it is an object: %t", event, err, want)
		}
	})
}

// FuzzCompile checks that whatever is compiled is JSON, and that errors name a place.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`{"a":[1]}`, `{"a":[{"numeric":[">",1,"<",2]}]}`, `{"$or":[{"a":[null]},{"b.c":[{"anything-but":["x"]}]}]}`,
		`null`, `simple string`, `{"a":[{"wildcard":"a\\"}]}`, "{\n\"a\":[{\"cidr\":\"10.0.0.0/8\"}]}"} {
		f.Add(seed, uint8(1))
	}
	f.Fuzz(func(t *testing.T, text string, dialect uint8) {
		p, err := pattern.Compile(text, pattern.Dialect(dialect))
		if err == nil {
			if !isObject(text) || p.String() != text {
				t.Fatalf("%q was compiled", text)
			}
			if _, err := p.Match([]byte(`{"a":[{"b":"x"}]}`)); err != nil {
				t.Fatal(err)
			}
			return
		}
		var e *pattern.Error
		if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(text) || e.Reason == "" {
			t.Fatalf("%q: %#v", text, err)
		}
		if lines := strings.Split(text, "\n"); e.Line > len(lines) || e.Column > len(lines[e.Line-1])+1 || e.Column < 1 {
			t.Fatalf("%q: %#v", text, e)
		}
	})
}

// TestArraysAgainstNaive is TestAgainstNaive with many keys below arrays of objects, and values that nearly fit.
func TestArraysAgainstNaive(t *testing.T) {
	matched := 0
	const cases = 4_000
	for seed := range uint64(cases) {
		g := newGen(seed)
		var want func(depth int) string
		want = func(depth int) string {
			var members []string
			for _, key := range []string{"a", "b", "c"}[:2+g.IntN(2)] {
				switch {
				case depth > 0 && g.IntN(2) == 0:
					members = append(members, fmt.Sprintf("%q:%s", key, want(depth-1)))
				case g.IntN(4) > 0:
					members = append(members, fmt.Sprintf("%q:[%s]", key, g.of("0", "1", "0,1", `{"exists":false}`, `1,{"exists":false}`)))
				}
			}
			return "{" + strings.Join(append(members, `"d":[0,1,{"exists":false}]`), ",") + "}"
		}
		var have func(depth int) string
		have = func(depth int) string {
			switch n := g.IntN(7); {
			case depth > 0 && n < 3:
				return g.list(3, func() string { return have(depth - 1) })
			case depth > 0 && n < 6:
				return fmt.Sprintf(`{"a":%s,"b":%s,"c":%s,"d":%s}`, have(depth-1), have(depth-1), have(depth-1), g.of("0", "1"))
			}
			return g.of("0", "1", "[0,1]")
		}
		event := fmt.Sprintf(`{"a":%s,"b":%s}`, have(4), have(3))
		if m, v := agreeWithNaive(t, want(2), event, pattern.Rule); m {
			matched++
		} else if !v {
			t.Fatalf("invalid pattern %s", want(2))
		}
	}
	t.Logf("%d of %d matched", matched, cases)
	if matched < cases/20 || matched > cases*19/20 {
		t.Errorf("%d of %d matched: the generator tests too little", matched, cases)
	}
}
