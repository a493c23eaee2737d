package pattern_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/penstock/penstock/events/pattern"
)

// A row says whether a pattern matches events.
type row struct {
	pattern string
	yes, no []string
}

func check(t *testing.T, rows []row, dialects ...pattern.Dialect) {
	t.Helper()
	for _, d := range dialects {
		for _, r := range rows {
			p := compile(t, r.pattern, d)
			set := pattern.NewSet(p)
			for i, event := range append(append([]string(nil), r.yes...), r.no...) {
				want := i < len(r.yes)
				got, err := p.Match([]byte(event))
				if err != nil || got != want {
					t.Errorf("%s %s with event %s: %t, %v, want %t", d, r.pattern, event, got, err, want)
				}
				ids, err := set.Match([]byte(event), nil)
				if err != nil || len(ids) == 1 != want {
					t.Errorf("set of %s %s with event %s: %v, %v, want match: %t", d, r.pattern, event, ids, err, want)
				}
			}
		}
	}
}

func TestOperators(t *testing.T) {
	check(t, []row{
		// exact values
		{`{"a":["x"]}`, []string{`{"a":"x"}`, `{"a":"\u0078"}`, `{"b":{"a":"y"},"a":"x"}`}, []string{`{"a":"X"}`, `{"a":"xx"}`, `{"a":["y"]}`, `{"b":"x"}`, `{}`, `{"a":{"x":"x"}}`}},
		{`{"a":["x",5]}`, []string{`{"a":5}`, `{"a":"x"}`, `{"a":[4,5]}`}, []string{`{"a":"5"}`, `{"a":-5}`, `{"a":50}`}},
		{`{"a":[true]}`, []string{`{"a":true}`}, []string{`{"a":"true"}`, `{"a":false}`, `{"a":1}`}},
		{`{"a":[null]}`, []string{`{"a":null}`}, []string{`{"a":"null"}`, `{}`, `{"a":[]}`, `{"a":""}`}},
		{`{"a":[""]}`, []string{`{"a":""}`}, []string{`{"a":" "}`, `{"a":null}`, `{"a":[]}`}},
		{`{"a":["\"q\\\n€😀"]}`, []string{`{"a":"\"q\\\n€😀"}`, `{"a":"\u0022q\u005c\u000a\u20ac\ud83d\uDE00"}`}, []string{`{"a":"\"q\\n€😀"}`}},
		// prefix, suffix, case
		{`{"a":[{"prefix":"eu-"}]}`, []string{`{"a":"eu-"}`, `{"a":"eu-west-1"}`}, []string{`{"a":"EU-west"}`, `{"a":"e"}`, `{"a":3}`, `{"a":null}`, `{}`}},
		{`{"a":[{"suffix":".png"}]}`, []string{`{"a":".png"}`, `{"a":"x.png"}`}, []string{`{"a":".PNG"}`, `{"a":"png"}`, `{"a":".png "}`}},
		{`{"a":[{"prefix":""}]}`, []string{`{"a":""}`, `{"a":"x"}`}, []string{`{"a":1}`, `{}`}},
		{`{"a":[{"equals-ignore-case":"ali Ä"}]}`, []string{`{"a":"ALI ä"}`, `{"a":"ali Ä"}`}, []string{`{"a":"ali a"}`, `{"a":"ali Äx"}`, `{"a":"ali "}`}},
		{`{"a":[{"equals-ignore-case":"\u212Aſ"}]}`, []string{`{"a":"ks"}`, `{"a":"\u212aS"}`}, []string{`{"a":"k"}`}},
		{`{"a":[{"prefix":{"equals-ignore-case":"EU-é"}}]}`, []string{`{"a":"eu-É1"}`}, []string{`{"a":"eu-e"}`, `{"a":"eu-"}`, `{"a":1}`}},
		{`{"a":[{"suffix":{"equals-ignore-case":".Png"}}]}`, []string{`{"a":"X.pNG"}`}, []string{`{"a":".png2"}`, `{"a":"png"}`}},
		// anything-but
		{`{"a":[{"anything-but":"x"}]}`, []string{`{"a":"y"}`, `{"a":1}`, `{"a":null}`, `{"a":["x","y"]}`}, []string{`{"a":"x"}`, `{"a":["x","x"]}`, `{}`, `{"a":[]}`, `{"a":{"b":"y"}}`}},
		{`{"a":[{"anything-but":["x","y"]}]}`, []string{`{"a":"z"}`}, []string{`{"a":"x"}`, `{"a":"y"}`}},
		{`{"a":[{"anything-but":7}]}`, []string{`{"a":"7"}`, `{"a":8}`}, []string{`{"a":7}`}},
		{`{"a":[{"anything-but":[7,8]}]}`, []string{`{"a":"7"}`, `{"a":9}`}, []string{`{"a":7}`, `{"a":8}`}},
		{`{"a":[{"anything-but":{"prefix":"x"}}]}`, []string{`{"a":"y"}`, `{"a":1}`}, []string{`{"a":"xy"}`}},
		{`{"a":[{"anything-but":{"prefix":["x","y"]}}]}`, []string{`{"a":"z"}`}, []string{`{"a":"xy"}`, `{"a":"yy"}`}},
		{`{"a":[{"anything-but":{"suffix":"x"}}]}`, []string{`{"a":"xy"}`}, []string{`{"a":"yx"}`}},
		{`{"a":[{"anything-but":{"suffix":["x","y"]}}]}`, []string{`{"a":"xz"}`}, []string{`{"a":"yx"}`, `{"a":"y"}`}},
		{`{"a":[{"anything-but":{"equals-ignore-case":"x"}}]}`, []string{`{"a":"xx"}`, `{"a":null}`}, []string{`{"a":"X"}`}},
		{`{"a":[{"anything-but":{"equals-ignore-case":["x","y"]}}]}`, []string{`{"a":"z"}`}, []string{`{"a":"X"}`, `{"a":"Y"}`}},
		{`{"a":[{"anything-but":{"wildcard":"*/x/*"}}]}`, []string{`{"a":"/x"}`}, []string{`{"a":"a/x/b"}`}},
		{`{"a":[{"anything-but":{"wildcard":["*a","b*"]}}]}`, []string{`{"a":"ab"}`}, []string{`{"a":"xa"}`, `{"a":"bx"}`}},
		// numeric
		{`{"a":[{"numeric":["=",3.018e2]}]}`, []string{`{"a":301.8}`, `{"a":3018e-1}`}, []string{`{"a":301.80001}`, `{"a":"301.8"}`}},
		{`{"a":[{"numeric":[">",0,"<=",5]}]}`, []string{`{"a":0.1}`, `{"a":5}`}, []string{`{"a":0}`, `{"a":-0}`, `{"a":5.1}`, `{"a":null}`}},
		{`{"a":[{"numeric":[">=",-1.5,"<",2]}]}`, []string{`{"a":-1.5}`, `{"a":1.99}`}, []string{`{"a":2}`, `{"a":-1.6}`}},
		{`{"a":[{"numeric":["<",10]}]}`, []string{`{"a":9}`, `{"a":-1e300}`}, []string{`{"a":10}`, `{"a":"9"}`, `{"a":1e999}`}},
		{`{"a":[{"numeric":[">",100]}]}`, []string{`{"a":1700000000000}`}, []string{`{"a":100}`}},
		// exists
		{`{"a":[{"exists":true}]}`, []string{`{"a":null}`, `{"a":""}`, `{"a":[0]}`}, []string{`{}`, `{"a":{}}`, `{"a":{"b":1}}`, `{"a":[]}`}},
		{`{"a":[{"exists":false}]}`, []string{`{}`, `{"a":{"b":1}}`, `{"a":[]}`, `{"a":[{"b":1}]}`}, []string{`{"a":null}`, `{"a":[1]}`}},
		{`{"a":["x",{"exists":false}]}`, []string{`{}`, `{"a":"x"}`}, []string{`{"a":"y"}`}},
		// cidr
		{`{"a":[{"cidr":"10.1.2.0/24"}]}`, []string{`{"a":"10.1.2.0"}`, `{"a":"10.1.2.255"}`}, []string{`{"a":"10.1.3.0"}`, `{"a":"10.1.2"}`, `{"a":"10.1.2.3/24"}`, `{"a":"::1"}`, `{"a":10}`}},
		{`{"a":[{"cidr":"10.1.2.77/24"}]}`, []string{`{"a":"10.1.2.1"}`}, []string{`{"a":"10.1.3.77"}`}},
		{`{"a":[{"cidr":"2001:db8::/32"}]}`, []string{`{"a":"2001:db8::7"}`, `{"a":"2001:0DB8:0000::1"}`}, []string{`{"a":"2001:db9::7"}`, `{"a":"10.0.0.1"}`, `{"a":"fe80::1%eth0"}`}},
		// wildcard
		{`{"a":[{"wildcard":"dir/*.png"}]}`, []string{`{"a":"dir/.png"}`, `{"a":"dir/a/b.png"}`}, []string{`{"a":"dir/a.png2"}`, `{"a":"dir.png"}`}},
		{`{"a":[{"wildcard":"*ab*ab*"}]}`, []string{`{"a":"abab"}`, `{"a":"xabyabz"}`}, []string{`{"a":"aba"}`, `{"a":"ab"}`}},
		{`{"a":[{"wildcard":"ab*ba"}]}`, []string{`{"a":"abba"}`, `{"a":"abxba"}`}, []string{`{"a":"aba"}`}},
		{`{"a":[{"wildcard":"x\\*y\\\\*"}]}`, []string{`{"a":"x*y\\"}`, `{"a":"x*y\\z"}`}, []string{`{"a":"xzy\\"}`, `{"a":"x*y"}`}},
		{`{"a":[{"wildcard":"*"}]}`, []string{`{"a":""}`, `{"a":"x"}`}, []string{`{"a":1}`, `{}`}},
		{`{"a":[{"wildcard":""}]}`, []string{`{"a":""}`}, []string{`{"a":"x"}`}},
	}, pattern.Mapping, pattern.Rule)
}

func TestStructure(t *testing.T) {
	check(t, []row{
		{`{"a":["x"],"b":["y"]}`, []string{`{"b":"y","c":0,"a":"x"}`, `{"\u0061":"\u0078","\u0062":"\u0079","c":"\u007a"}`}, []string{`{"a":"x"}`, `{"a":"x","b":"x"}`}},
		{`{"a":{"b":{"c":["x"]}}}`, []string{`{"a":{"b":{"c":"x"}}}`, `{"a":{"b":[{"c":["z","x"]}]}}`}, []string{`{"a":{"b":"x"}}`, `{"c":"x"}`}},
		// keys with dots join
		{`{"a.b":["x"]}`, []string{`{"a":{"b":"x"}}`, `{"a.b":"x"}`}, []string{`{"a":"x"}`, `{"b":"x"}`, `{"a":{".b":"x"}}`}},
		{`{"a":{"b.c":["x"]}}`, []string{`{"a.b":{"c":"x"}}`, `{"a.b.c":"x"}`}, []string{`{"a.c":"x"}`}},
		// the last of equal keys wins, in patterns
		{`{"a":["x"],"a":["y"]}`, []string{`{"a":"y"}`}, []string{`{"a":"x"}`}},
		{`{"a":{"b":["x"]},"a":{"c":["y"]}}`, []string{`{"a":{"c":"y"}}`}, []string{`{"a":{"b":"x"}}`}},
		{`{"a.b":["x"],"a":{"b":["y"]}}`, []string{`{"a":{"b":"y"}}`}, []string{`{"a":{"b":"x"}}`}},
		{`{"a":[{"prefix":"x","prefix":"y"}]}`, []string{`{"a":"y"}`}, []string{`{"a":"x"}`}},
		// an event shows all of them
		{`{"a":["x"]}`, []string{`{"a":"x","a":"y"}`, `{"a":"y","a":"x"}`}, nil},
		// $or
		{`{"$or":[{"a":["x"]},{"b":["y"]}]}`, []string{`{"a":"x"}`, `{"b":"y"}`, `{"a":"x","b":"z"}`}, []string{`{}`, `{"a":"y"}`}},
		{`{"c":[1],"$or":[{"a":["x"]},{"b":["y"]}]}`, []string{`{"a":"x","c":1}`}, []string{`{"a":"x"}`, `{"c":1}`}},
		{`{"d":{"$or":[{"a":["x"]},{"b":["y"],"$or":[{"c":[1]},{"c":[2]}]}]}}`, []string{`{"d":{"a":"x"}}`, `{"d":{"b":"y","c":2}}`}, []string{`{"a":"x"}`, `{"d":{"b":"y"}}`, `{"d":{"b":"y","c":3}}`}},
		{`{"$or":[{"a":[1]},{"a":[2]}],"d":{"$or":[{"b":[1]},{"b":[2]}]}}`, []string{`{"a":1,"d":{"b":2}}`, `{"a":2,"d":{"b":1}}`}, []string{`{"a":1,"d":{"b":3}}`, `{"a":1}`}},
		{`{"$or":[{"a":["x"]},{"b":[{"exists":false}]}]}`, []string{`{"a":"x","b":1}`, `{}`}, []string{`{"b":1}`}},
		{`{"a":["x"],"$or":[{"a":["y"]},{"b":["z"]}]}`, []string{`{"a":"y"}`, `{"a":"x","b":"z"}`}, []string{`{"a":"x"}`}},
		// white space, deep arrays
		{" \n{ \"a\" :\t[ \"x\" ] } ", []string{" \r\n{ \"b\" : [ ] , \"a\" : [ [ ] , [ \"x\" ] ] } \n"}, nil},
	}, pattern.Mapping, pattern.Rule)
}

func TestArrayConsistency(t *testing.T) {
	check(t, []row{
		{`{"a":{"x":[1],"y":[2]}}`,
			[]string{`{"a":[{"x":1,"y":2}]}`, `{"a":[{"x":1,"y":1},{"x":2,"y":2},{"y":2,"x":1}]}`, `{"a":[{"x":[0,1],"y":[2,3]}]}`},
			[]string{`{"a":[{"x":1},{"y":2}]}`, `{"a":[{"x":1,"y":1},{"x":2,"y":2}]}`, `{"a":[[{"x":1}],[{"y":2}]]}`}},
		// values of different arrays, and beside an array, combine
		{`{"a":{"x":[1]},"b":{"y":[2]}}`, []string{`{"a":[{"x":0},{"x":1}],"b":[{"y":2},{"y":0}]}`}, []string{`{"a":[{"x":1}],"b":[{"y":1}]}`}},
		{`{"a":{"n":[7],"l":{"x":[1],"y":[2]}}}`, []string{`{"a":{"n":7,"l":[{"x":0},{"x":1,"y":2}]}}`}, []string{`{"a":{"n":7,"l":[{"y":2},{"x":1}]}}`}},
		// two levels: the outer elements must agree as well
		{`{"a":{"n":[7],"l":{"x":[1],"y":[2]}}}`,
			[]string{`{"a":[{"n":6},{"n":7,"l":[{"x":1,"y":1},{"x":1,"y":2}]}]}`},
			[]string{`{"a":[{"n":7,"l":[{"x":1},{"y":2}]},{"n":6,"l":[{"x":1,"y":2}]}]}`}},
		// two arrays in an element
		{`{"a":{"l":{"x":[1]},"m":{"y":[2]}}}`, []string{`{"a":[{"l":[{"x":0},{"x":1}],"m":[{"y":2}]}]}`}, []string{`{"a":[{"l":[{"x":1}]},{"m":[{"y":2}]}]}`}},
		// exists:false is asked of the element that the keys before it chose
		{`{"a":{"x":[1],"y":[{"exists":false}]}}`, []string{`{"a":[{"x":1},{"x":2,"y":2}]}`}, []string{`{"a":[{"x":1,"y":2},{"x":2}]}`}},
		{`{"a":{"x":[{"exists":false}]}}`, []string{`{"a":[{"y":1}]}`}, []string{`{"a":[{"y":1},{"x":1}]}`}},
	}, pattern.Mapping, pattern.Rule)
}

func TestNumbersByDialect(t *testing.T) {
	byText := row{`{"a":[300]}`, []string{`{"a":300}`}, []string{`{"a":300.0}`, `{"a":3.0e2}`, `{"a":3e2}`}}
	check(t, []row{byText}, pattern.Mapping, pattern.Mapping.Strict())
	byValue := row{byText.pattern, append(byText.yes, byText.no...), []string{`{"a":301}`}}
	check(t, []row{byValue}, pattern.Rule, pattern.Policy, pattern.PolicyBody)

	check(t, []row{{`{"a":[{"anything-but":300}]}`, []string{`{"a":300.0}`}, []string{`{"a":300}`}}}, pattern.Mapping)
	check(t, []row{{`{"a":[{"anything-but":300}]}`, []string{`{"a":301}`}, []string{`{"a":300.0}`}}}, pattern.Rule)
	// too large for a float: equal by text alone
	check(t, []row{{`{"a":[1e999]}`, []string{`{"a":1e999}`}, []string{`{"a":1e998}`, `{"a":10e998}`}}}, pattern.Mapping, pattern.Rule)
}

// TestMappingFormats states the documented cases of SQS, Kinesis and DynamoDB filters as the views that they are matched against.
func TestMappingFormats(t *testing.T) {
	const absent = `{"dynamodb":{"NewImage":{"presentKey":[{"exists":false}]}}}`
	check(t, []row{
		// SQS; what a body of the wrong form does beyond this, Key tells: see TestKey
		{`{"body":["hello"]}`, []string{`{"body":"hello"}`}, []string{`{"body":"hullo"}`, `{"body":{"hello":"hello"}}`}},
		{`{"body":{"city":["Bern"]}}`, []string{`{"body":{"city":"Bern","n":1}}`}, []string{`{"body":"Bern"}`, `{"body":5}`, `{"body":{"city":"Basel"}}`}},
		{`{"attributes":{"MessageGroupId":["g"]}}`, []string{`{"body":"anything","attributes":{"MessageGroupId":"g"}}`}, []string{`{"body":"anything"}`}},
		{`{"body":{"a":["x"],"b":["y"]}}`, []string{`{"body":{"a":"x","b":"y"}}`}, []string{`{"body":{"a":"x"}}`}},
		{`{"body":{"a":["x","y"]}}`, []string{`{"body":{"a":"y"}}`}, []string{`{"body":{"a":"z"}}`}},
		{`{"body":{"a":[{"exists":true}]}}`, []string{`{"body":{"a":null}}`}, []string{`{"body":{"b":1}}`}},
		{`{"body":{"a":[{"numeric":[">",100]}]}}`, []string{`{"body":{"a":101}}`}, []string{`{"body":{"a":100}}`}},
		{`{"body":{"a":[{"numeric":["<",100]}]}}`, []string{`{"body":{"a":99}}`}, []string{`{"body":{"a":100}}`}},
		{`{"body":{"a":[{"numeric":[">=",100,"<",200]}]}}`, []string{`{"body":{"a":100}}`}, []string{`{"body":{"a":200}}`}},
		{`{"body":{"a":[{"prefix":"us-"}]}}`, []string{`{"body":{"a":"us-x"}}`}, []string{`{"body":{"a":"eu-x"}}`}},
		// Kinesis: data is lifted out of kinesis and decoded
		{`{"data":{"t":["a"]}}`, []string{`{"data":{"t":"a"},"partitionKey":"p"}`}, []string{`{"data":{"t":"b"}}`, `{"data":"t"}`}},
		{`{"partitionKey":["p"]}`, []string{`{"data":"no JSON","partitionKey":"p"}`}, []string{`{"data":{},"partitionKey":"q"}`}},
		// DynamoDB
		{`{"eventName":["INSERT"]}`, []string{`{"eventName":"INSERT"}`}, []string{`{"eventName":"MODIFY"}`}},
		{`{"eventName":["INSERT","MODIFY"]}`, []string{`{"eventName":"INSERT"}`, `{"eventName":"MODIFY"}`}, []string{`{"eventName":"REMOVE"}`}},
		{`{"dynamodb":{"NewImage":{"presentKey":{"S":["v"]}}}}`, []string{`{"dynamodb":{"NewImage":{"presentKey":{"S":"v"}}}}`}, []string{`{"dynamodb":{"NewImage":{"other":{"S":"v"}}}}`}},
		{`{"dynamodb":{"NewImage":{"presentKey":["v"]}}}`, nil, []string{`{"dynamodb":{"NewImage":{"presentKey":{"S":"v"}}}}`}},
		{`{"dynamodb":{"NewImage":{"presentKey":{"S":[{"exists":true}]}}}}`, []string{`{"dynamodb":{"NewImage":{"presentKey":{"S":"v"}}}}`}, []string{`{"dynamodb":{"NewImage":{}}}`, `{"dynamodb":{"NewImage":{"presentKey":{"N":"1"}}}}`}},
		{absent, []string{`{"dynamodb":{"NewImage":{"other":{"S":"v"}}}}`, `{"dynamodb":{"NewImage":{"presentKey":{"S":"v"}}}}`}, nil},
		{`{"dynamodb":{"NewImage":{"n":{"N":[{"numeric":[">",100]},{"anything-but":"101"}]}}}}`, []string{`{"dynamodb":{"NewImage":{"n":{"N":"42"}}}}`}, []string{`{"dynamodb":{"NewImage":{"n":{"N":"101"}}}}`}},
		{`{"dynamodb":{"NewImage":{"p":{"S":[{"prefix":"us-1"}]}}}}`, []string{`{"dynamodb":{"NewImage":{"p":{"S":"us-1-other"}}}}`}, []string{`{"dynamodb":{"NewImage":{"p":{"S":"other"}}}}`}},
		{`{"dynamodb":{"ApproximateCreationDateTime":[{"numeric":[">",0]}]}}`, []string{`{"dynamodb":{"ApproximateCreationDateTime":1931234567.0}}`}, []string{`{"dynamodb":{"ApproximateCreationDateTime":"1931234567"}}`}},
	}, pattern.Mapping)
}

func TestManyKeysAndValues(t *testing.T) {
	var keys, values, event []string
	for i := range 30 {
		keys = append(keys, fmt.Sprintf(`"key-%d":[{"anything-but":"x"}]`, i))
		values = append(values, fmt.Sprintf(`"value-%d"`, i))
		event = append(event, fmt.Sprintf(`"key-%d":%d`, i, i))
	}
	all := `{` + strings.Join(event, ",") + `}`
	check(t, []row{
		{`{` + strings.Join(keys, ",") + `}`, []string{all}, []string{strings.Replace(all, `"key-17":17,`, "", 1), strings.Replace(all, `:17,`, `:"x",`, 1)}},
		{`{"a":[` + strings.Join(values, ",") + `,17,{"prefix":"p"}]}`, []string{`{"a":"value-29"}`, `{"a":17}`, `{"a":"pp"}`}, []string{`{"a":"value-30"}`, `{"a":18}`}},
		{`{"a":[{"anything-but":[` + strings.Join(values, ",") + `]}]}`, []string{`{"a":"value-30"}`}, []string{`{"a":"value-29"}`}},
	}, pattern.Rule)
}

func TestConcurrentUse(t *testing.T) {
	var list []*pattern.Pattern
	for i := range 200 {
		list = append(list, compile(t, ruleSets[i%len(ruleSets)].rule(9900+i), pattern.Rule))
	}
	set := pattern.NewSet(list...)
	want, err := set.Match(objectCreated, nil)
	if err != nil || len(want) != 1 {
		t.Fatal(want, err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 500 {
				got, err := set.Match(objectCreated, nil)
				ok, err2 := list[want[0]].Match(objectCreated)
				if err != nil || err2 != nil || !ok || len(got) != 1 || got[0] != want[0] {
					t.Error(got, err, ok, err2)
				}
				if _, err := set.Match([]byte(`{"detail":{"bucket":`), nil); err == nil {
					t.Error("half an event was matched")
				}
			}
		})
	}
	all.Wait()
}
