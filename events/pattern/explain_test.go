package pattern_test

import (
	"strings"
	"testing"

	"github.com/penstock/penstock/events/pattern"
)

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		dialect        pattern.Dialect
		pattern, event string
		want           string
	}{
		{pattern.Rule, `{"a":["x",{"prefix":"y"}],"b":{"c":[1]}}`, `{"a":["n","yes"],"b":{"c":1.0}}`, `match
  yes  a ["x",{"prefix":"y"}]: "yes" satisfies {"prefix":"y"}
  yes  b.c [1]: 1.0 satisfies 1
`},
		{pattern.Mapping, `{"a":[300],"b":[5],"c":["7"],"d":[{"numeric":[">",1]}]}`, `{"a":300.0,"b":"5","c":7,"d":"2"}`, `no match
  no   a [300]: 300.0 is the number 300 in another spelling, and this dialect compares exact numbers by their text
  no   b [5]: "5" is a string, and the list has a number
  no   c ["7"]: 7 is no string, and the list has a string
  no   d [{"numeric":[">",1]}]: "2" is a string, and numeric compares numbers only
`},
		{pattern.Rule, `{"a":["x"],"b":["x"],"c":["x"],"d":[{"exists":false}],"e":[{"exists":false}]}`, `{"a":"y","b":["y",true],"c":{"x":1},"d":0}`, `no match
  no   a ["x"]: "y" satisfies nothing in the list
  no   b ["x"]: none of 2 values satisfies anything in the list
  no   c ["x"]: the event has no value here (an object or an empty array is none)
  no   d [{"exists":false}]: the event has a value here, and exists:false asks for none
  yes  e [{"exists":false}]: the event has no value here, as exists:false asks
`},
		{pattern.Rule, `{"l":{"x":[1],"y":[2]}}`, `{"l":[{"x":1},{"y":2}]}`, `no match
  yes  l.x [1]: 1 satisfies 1
  yes  l.y [2]: 2 satisfies 2
  each key matches, but only with values from different elements of one array
`},
		{pattern.Rule, `{"l":{"x":[1],"y":[{"exists":false}]}}`, `{"l":[{"x":1},{"y":2}]}`, `match
  yes  l.x [1]: 1 satisfies 1
  yes  l.y [{"exists":false}]: exists:false holds in the element of an array that the other keys chose
`},
		{pattern.Rule, `{"$or":[{"a":[1]},{"b":[2]}]}`, `{"b":2}`, `match
  branch 1 of 2: no match
    no   a [1]: the event has no value here (an object or an empty array is none)
  branch 2 of 2: match
    yes  b [2]: 2 satisfies 2
`},
	} {
		x, err := compile(t, c.pattern, c.dialect).Explain([]byte(c.event))
		if err != nil || x.String() != c.want {
			t.Errorf("%s with %s: %v\ngot:\n%swant:\n%s", c.pattern, c.event, err, x, c.want)
		}
	}
}

func TestExplainShowsFewValues(t *testing.T) {
	event := `{"a":["0"` + strings.Repeat(`,"1"`, 50) + `]}`
	x, err := compile(t, `{"a":["x"]}`, pattern.Rule).Explain([]byte(event))
	if err != nil {
		t.Fatal(err)
	}
	key := x.Branches[0].Keys[0]
	if len(key.Found) != 8 || key.Found[0] != `"0"` || key.More != 43 {
		t.Errorf("found %q and %d more", key.Found, key.More)
	}
}
