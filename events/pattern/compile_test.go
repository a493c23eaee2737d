package pattern_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/penstock/penstock/events/pattern"
)

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		text   string
		at     int // offset
		path   string
		reason string // part of it
	}{
		// recorded on AWS
		{`null`, 0, "", "JSON object"},
		{`simple string`, 0, "", "no JSON value"},
		{`single-string`, 0, "", "no JSON value"},
		{`{"eventSource":"aws:sqs"}`, 15, "eventSource", "list of values"},
		{`{"eventSource":[]}`, 15, "eventSource", "empty array"},
		{`[{"eventName": ["INSERT"=123}]`, 24, "", "',' or ']'"},
		{`{"body":"plain-string"}`, 8, "body", "list of values"},
		// JSON
		{``, 0, "", "ends"},
		{`{"a":["x"]`, 10, "", "',' or '}'"},
		{`{"a":["x"],}`, 11, "", "key"},
		{`{"a":["x"],}"b":[1]}`, 11, "", "key"},
		{`{"a" ["x"]}`, 5, "", "':'"},
		{`{"a":["x"]} {}`, 12, "", "after the end"},
		{`{"a":["x` + "\n" + `"]}`, 8, "", "control character"},
		{`{"a":["\x"]}`, 7, "", "escape"},
		{`{"a":["\u12g4"]}`, 7, "", "escape"},
		{`{"a":[01]}`, 7, "", "',' or ']'"},
		{`{"a":[1.]}`, 8, "", "number"},
		{`{"a":[-]}`, 7, "", "number"},
		{`{"a":[nul]}`, 6, "", "no JSON value"},
		{`{"a":["x]}`, 10, "", "inside a string"},
		// structure
		{`[]`, 0, "", "JSON object"},
		{`"x"`, 0, "", "JSON object"},
		{`{}`, 0, "", "empty object"},
		{`{"a":{}}`, 5, "a", "empty object"},
		{`{"a":{"b":5}}`, 10, "a.b", "list of values"},
		{`{"a":null}`, 5, "a", "list of values"},
		{`{"a":["x",["y"]]}`, 10, "a[1]", "another list"},
		{`{"a":[{}]}`, 6, "a[0]", "operator is expected"},
		{`{"a":[{"prefix":"x","suffix":"y"}]}`, 6, "a[0]", "only one operator"},
		{`{"a":[{"Prefix":"x"}]}`, 6, "a[0].Prefix", "unrecognized operator"},
		{`{"a":[{"date":"x"}]}`, 6, "a[0].date", "unrecognized operator"},
		// operators
		{`{"a":[{"prefix":1}]}`, 16, "a[0].prefix", "string"},
		{`{"a":[{"prefix":["x"]}]}`, 16, "a[0].prefix", "string"},
		{`{"a":[{"suffix":null}]}`, 16, "a[0].suffix", "string"},
		{`{"a":[{"prefix":{"prefix":"x"}}]}`, 16, "a[0].prefix", "equals-ignore-case"},
		{`{"a":[{"suffix":{"equals-ignore-case":1}}]}`, 16, "a[0].suffix", "equals-ignore-case"},
		{`{"a":[{"equals-ignore-case":["x"]}]}`, 28, "a[0].equals-ignore-case", "string"},
		{`{"a":[{"exists":"true"}]}`, 16, "a[0].exists", "true or false"},
		{`{"a":[{"exists":null}]}`, 16, "a[0].exists", "true or false"},
		{`{"a":[{"cidr":"10.0.0.0"}]}`, 14, "a[0].cidr", "block of addresses"},
		{`{"a":[{"cidr":"10.0.0.0/33"}]}`, 14, "a[0].cidr", "block of addresses"},
		{`{"a":[{"cidr":"10.0.256.0/8"}]}`, 14, "a[0].cidr", "block of addresses"},
		{`{"a":[{"cidr":"xxxx:db8::/32"}]}`, 14, "a[0].cidr", "block of addresses"},
		{`{"a":[{"cidr":8}]}`, 14, "a[0].cidr", "string"},
		{`{"a":[{"wildcard":5}]}`, 18, "a[0].wildcard", "string"},
		{`{"a":[{"wildcard":"a**b"}]}`, 18, "a[0].wildcard", "consecutive"},
		{`{"a":[{"wildcard":"a\\b"}]}`, 18, "a[0].wildcard", "backslash"},
		{`{"a":[{"wildcard":"a\\"}]}`, 18, "a[0].wildcard", "backslash"},
		{`{"a":[{"wildcard":"*:*:*:*:*:queue/*"}]}`, 18, "a[0].wildcard", "too complex"},
		{`{"a":[{"anything-but":null}]}`, 22, "a[0].anything-but", "strings, numbers"},
		{`{"a":[{"anything-but":[]}]}`, 22, "a[0].anything-but", "empty list"},
		{`{"a":[{"anything-but":["x",1]}]}`, 27, "a[0].anything-but", "not both"},
		{`{"a":[{"anything-but":[true]}]}`, 23, "a[0].anything-but", "strings, numbers"},
		{`{"a":[{"anything-but":{"prefix":""}}]}`, 32, "a[0].anything-but.prefix", "empty prefix"},
		{`{"a":[{"anything-but":{"suffix":["x",""]}}]}`, 37, "a[0].anything-but.suffix", "empty suffix"},
		{`{"a":[{"anything-but":{"prefix":3}}]}`, 32, "a[0].anything-but.prefix", "string"},
		{`{"a":[{"anything-but":{"prefix":{"equals-ignore-case":"x"}}}]}`, 32, "a[0].anything-but.prefix", "string"},
		{`{"a":[{"anything-but":{"cidr":"10.0.0.0/8"}}]}`, 30, "a[0].anything-but.cidr", "not \"cidr\""},
		{`{"a":[{"anything-but":{"prefix":"x","suffix":"y"}}]}`, 22, "a[0].anything-but", "only one operator"},
		{`{"a":[{"numeric":5}]}`, 17, "a[0].numeric", "numeric takes"},
		{`{"a":[{"numeric":[]}]}`, 17, "a[0].numeric", "numeric takes"},
		{`{"a":[{"numeric":[">"]}]}`, 17, "a[0].numeric", "numeric takes"},
		{`{"a":[{"numeric":[">","5"]}]}`, 22, "a[0].numeric", "with a number"},
		{`{"a":[{"numeric":["!=",5]}]}`, 18, "a[0].numeric", "compares by"},
		{`{"a":[{"numeric":[5,">"]}]}`, 20, "a[0].numeric", "with a number"},
		{`{"a":[{"numeric":["=",5,"<",6]}]}`, 18, "a[0].numeric", "first comparison"},
		{`{"a":[{"numeric":["<",9,">",5]}]}`, 18, "a[0].numeric", "first comparison"},
		{`{"a":[{"numeric":[">",5,">",6]}]}`, 24, "a[0].numeric", "second comparison"},
		{`{"a":[{"numeric":[">",5,"<",5]}]}`, 17, "a[0].numeric", "less than"},
		{`{"a":[{"numeric":[">",1e999]}]}`, 22, "a[0].numeric", "too large"},
		// $or
		{`{"$or":[{"a":[1]}]}`, 7, "$or", "at least two"},
		{`{"d":{"$or":{"a":[1]}}}`, 12, "d.$or", "at least two"},
		{`{"$or":[{"a":[1]},[2]]}`, 18, "$or", "objects"},
		{`{"$or":[{"a":[1]},{}]}`, 18, "", "empty object"},
		{`{"$or":[{"a":[1]},{"prefix":["x"]}]}`, 19, "", "operator"},
	} {
		for _, d := range []pattern.Dialect{pattern.Mapping, pattern.Rule} {
			_, err := pattern.Compile(c.text, d)
			var e *pattern.Error
			if !errors.As(err, &e) {
				t.Errorf("%s: %v, want an Error", c.text, err)
				continue
			}
			if e.Offset != c.at || e.Path != c.path || !strings.Contains(e.Reason, c.reason) {
				t.Errorf("%s:\n got %d %q %s\nwant %d %q %s", c.text, e.Offset, e.Path, e.Reason, c.at, c.path, c.reason)
			}
		}
	}
}

func TestErrorNamesThePlace(t *testing.T) {
	_, err := pattern.Compile("{\n  \"detail\": {\n    \"state\": [\"on\", {\"prefix\": 5}]\n  }\n}", pattern.Rule)
	const want = `event pattern: line 3 column 32 (offset 47) at "detail.state[1].prefix": prefix takes a string`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestStrict(t *testing.T) {
	for _, c := range []struct {
		dialect pattern.Dialect
		text    string
	}{
		{pattern.Mapping, `{"a":[{"suffix":"x"}]}`},
		{pattern.Mapping, `{"a":[{"equals-ignore-case":"x"}]}`},
		{pattern.Mapping, `{"a":[{"wildcard":"x"}]}`},
		{pattern.Mapping, `{"a":[{"prefix":{"equals-ignore-case":"x"}}]}`},
		{pattern.Mapping, `{"a":[{"anything-but":{"prefix":"x"}}]}`},
		{pattern.Mapping, `{"$or":[{"a":[1]},{"b":[1]}]}`},
		{pattern.Policy, `{"a":[{"wildcard":"x"}]}`},
		{pattern.PolicyBody, `{"a":[{"numeric":["<",2e9]}]}`},
		{pattern.Rule, `{"a":[{"numeric":["<",-6e9]}]}`},
	} {
		compile(t, c.text, c.dialect)
		_, err := pattern.Compile(c.text, c.dialect.Strict())
		if e := (*pattern.Error)(nil); !errors.As(err, &e) {
			t.Errorf("%s accepts %s", c.dialect.Strict(), c.text)
		}
	}
	for _, text := range []string{`{"a":["x",1,null,{"prefix":"x"},{"numeric":[">",1e12]},{"exists":true},{"cidr":"::/0"},{"anything-but":["x"]}]}`} {
		compile(t, text, pattern.Mapping.Strict())
	}
}

func TestPolicyLimits(t *testing.T) {
	list := func(n int) string { return strings.TrimSuffix(strings.Repeat(`"x",`, n), ",") }
	for _, c := range []struct {
		dialect pattern.Dialect
		text    string
		reason  string // empty: accepted
	}{
		{pattern.Policy, `{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1]}`, ""},
		{pattern.Policy, `{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}`, "at most five"},
		{pattern.Policy, `{"a":{"b":[1]}}`, "cannot nest"},
		{pattern.Policy, `{"a.b.c":[` + list(150) + `]}`, ""},
		{pattern.Policy, `{"a":[` + list(15) + `],"b":[` + list(10) + `]}`, ""},
		{pattern.Policy, `{"a":[` + list(151) + `]}`, "150"},
		{pattern.PolicyBody, `{"a":{"b":[1]}}`, ""},
		{pattern.PolicyBody, `{"a":{"b":[` + list(75) + `]}}`, ""},
		{pattern.PolicyBody, `{"a":{"b":[` + list(76) + `]}}`, "150"},
	} {
		_, err := pattern.Compile(c.text, c.dialect)
		if err == nil && c.reason != "" || err != nil && (c.reason == "" || !strings.Contains(err.Error(), c.reason)) {
			t.Errorf("%s %.60s: %v, want %q", c.dialect, c.text, err, c.reason)
		}
	}
}

func TestLimits(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + `[1]` + strings.Repeat(`}`, n) }
	var levels, many strings.Builder
	for i := range 11 {
		fmt.Fprintf(&levels, `"k%d":{"$or":[{"a":[1]},{"b":[1]}]},`, i)
		if i < 5 {
			fmt.Fprintf(&many, `"k%d":{"$or":[{"a":[1]},{"b":[1]}]},`, i)
		}
	}
	for i := range 320 {
		fmt.Fprintf(&many, `"%x":[1],`, i)
	}
	for name, c := range map[string]struct{ text, reason string }{
		"longest":         {`{"a":["` + strings.Repeat("x", 4096-10) + `"]}`, ""},
		"too long":        {`{"a":["` + strings.Repeat("x", 4096-9) + `"]}`, "longer"},
		"deepest":         {deep(99), ""},
		"too deep":        {deep(100), "deeply"},
		"unclosed arrays": {`{"a":` + strings.Repeat("[", 4000), "deeply"},
		"alternatives":    {`{` + levels.String() + `"z":[1]}`, "1000 alternatives"},
		"fields":          {`{` + many.String() + `"z":[1]}`, "too many keys"},
	} {
		_, err := pattern.Compile(c.text, pattern.Rule)
		if err == nil && c.reason != "" || err != nil && (c.reason == "" || !strings.Contains(err.Error(), c.reason)) {
			t.Errorf("%s: %v, want %q", name, err, c.reason)
		}
	}
	if _, err := pattern.Compile(`{"a":[1]}`, 0); err == nil || !strings.Contains(err.Error(), "unknown dialect") {
		t.Errorf("zero dialect: %v", err)
	}
}

func TestMalformedEvents(t *testing.T) {
	p := compile(t, `{"a":{"b":["x"]}}`, pattern.Rule)
	nested := func(n int) string { return `{"z":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	for _, c := range []struct {
		event  string
		at     int
		reason string
	}{
		{``, 0, "JSON object"},
		{`"plain"`, 0, "JSON object"},
		{`[{}]`, 0, "JSON object"},
		{`{"a":{"b":"x"}`, 14, "ends"},
		{`{"a":{"b":"x"}}}`, 15, "after the end"},
		{`{"z":[1,}`, 8, "no JSON value"},
		{`{"z":{"y":1;"x":2}}`, 11, "',' or '}'"},
		{`{"z":"` + "\t" + `"}`, 6, "control"},
		{`{"z":"0123456789` + "\x1f" + `0123456789"}`, 16, "control"},
		{`{'a':1}`, 1, "key"},
		{`{"z":nan}`, 5, "no JSON value"},
		{nested(1000), 1004, "deeply"},
	} {
		_, err := p.Match([]byte(c.event))
		var e *pattern.EventError
		if !errors.As(err, &e) || e.Offset != c.at || !strings.Contains(e.Reason, c.reason) {
			t.Errorf("%.40s: %v, want offset %d, %s", c.event, err, c.at, c.reason)
		}
		if _, err := p.Explain([]byte(c.event)); err == nil {
			t.Errorf("%.40s was explained", c.event)
		}
		if ids, err := pattern.NewSet(p).Match([]byte(c.event), []int{3}); err == nil || len(ids) != 1 {
			t.Errorf("%.40s in a set: %v, %v", c.event, ids, err)
		}
	}
	if _, err := p.Match([]byte(nested(999))); err != nil {
		t.Errorf("999 arrays: %v", err)
	}
}

// TestHostileEvents checks that no event takes the matcher far longer than its size: it matches, or it is refused.
func TestHostileEvents(t *testing.T) {
	many := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, format, i%2, 1-i%2)
		}
		return b.String()
	}
	const n = 8000
	for name, c := range map[string]struct {
		pattern, event string
		refused        bool
	}{
		"no element has both":           {`{"l":{"x":[1],"y":[1]}}`, `{"l":[` + many(`{"x":%d,"y":%d}`, n) + `]}`, false},
		"two lists, one fails":          {`{"d":{"l":{"x":[0,1],"y":[0,1]},"m":{"x":[1],"y":[1]}}}`, `{"d":{"l":[` + many(`{"x":%d,"y":%d}`, n) + `],"m":[` + many(`{"x":%d,"y":%d}`, n) + `]}}`, false},
		"absent in no element":          {`{"l":{"x":[0,1],"y":[{"exists":false}]}}`, `{"l":[` + many(`{"x":%d,"y":%d}`, n) + `]}`, false},
		"equal values":                  {`{"l":{"x":[0,1],"y":[5]}}`, `{"l":[{"x":[` + many(`%d,%d`, n) + `]},{"y":5}]}`, false},
		"wildcards":                     {`{"s":[{"wildcard":"*a*a*a*a*b"}]}`, `{"s":"` + strings.Repeat("a", 200_000) + `"}`, false},
		"lists in an element, twice":    {`{"d":{"l":{"x":[0,1]},"m":{"x":[0,1]},"n":{"x":[1],"y":[1]}}}`, `{"d":[{"l":[` + many(`{"x":%d,"y":%d}`, n) + `],"m":[` + many(`{"x":%d,"y":%d}`, n) + `],"n":[` + many(`{"x":%d,"y":%d}`, n) + `]}]}`, false},
		"absent in no pair of elements": {`{"d":{"l":{"x":[0,1]},"m":{"x":[0,1],"y":[{"exists":false}]}}}`, `{"d":[{"l":[` + many(`{"x":%d,"y":%d}`, n) + `],"m":[` + many(`{"x":%d,"y":%d}`, n) + `]}]}`, true},
	} {
		p := compile(t, c.pattern, pattern.Rule)
		// Without bounds some of these would take hours: the test would not end.
		ok, err := p.Match([]byte(c.event))
		if ok || (err != nil) != c.refused {
			t.Errorf("%s: %t, %v", name, ok, err)
		}
	}
}

func TestKey(t *testing.T) {
	for _, c := range []struct {
		text string
		want pattern.KeyForm
	}{
		{`{"body":["x"]}`, pattern.Values},
		{`{"body":[{"prefix":"x"}],"a":{"b":[1]}}`, pattern.Values},
		{`{"body":{"city":["x"]}}`, pattern.Object},
		{`{"body.city":["x"]}`, pattern.Object},
		{`{"a":{"body":["x"]}}`, pattern.None},
		{`{"bodyx":["x"]}`, pattern.None},
		{`{"$or":[{"body":["x"]},{"body":{"city":["x"]}}]}`, pattern.Values | pattern.Object},
	} {
		if got := compile(t, c.text, pattern.Mapping).Key("body"); got != c.want {
			t.Errorf("Key of body in %s is %d, want %d", c.text, got, c.want)
		}
	}
}
