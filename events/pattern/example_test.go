package pattern_test

import (
	"fmt"

	"github.com/penstock/penstock/events/pattern"
)

func ExampleCompile() {
	p, err := pattern.Compile(`{"body": {"city": [{"prefix": "Be"}], "visitors": [{"numeric": [">", 100]}]}}`, pattern.Mapping)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, event := range []string{
		`{"messageId": "1", "body": {"city": "Bern", "visitors": 101}}`,
		`{"messageId": "2", "body": {"city": "Basel", "visitors": 101}}`,
	} {
		fmt.Println(p.Match([]byte(event)))
	}
	// Output:
	// true <nil>
	// false <nil>
}

func ExampleError() {
	_, err := pattern.Compile(`{"source": "orders"}`, pattern.Rule)
	fmt.Println(err)
	// Output:
	// event pattern: line 1 column 12 (offset 11) at "source": a key takes a list of values or an object: write [...] around the value
}

func ExampleDialect_Strict() {
	_, err := pattern.Compile(`{"body": {"file": [{"suffix": ".png"}]}}`, pattern.Mapping.Strict())
	fmt.Println(err)
	// Output:
	// event pattern: line 1 column 31 (offset 30) at "body.file[0].suffix": suffix is not supported in a strict mapping filter
}

func ExampleSet() {
	var patterns []*pattern.Pattern
	for _, text := range []string{
		`{"source": ["orders"]}`,
		`{"source": ["orders"], "detail": {"total": [{"numeric": [">=", 1000]}]}}`,
		`{"source": ["billing"]}`,
	} {
		p, err := pattern.Compile(text, pattern.Rule)
		if err != nil {
			fmt.Println(err)
			return
		}
		patterns = append(patterns, p)
	}
	set := pattern.NewSet(patterns...)
	fmt.Println(set.Match([]byte(`{"source": "orders", "detail": {"total": 1200}}`), nil))
	// Output:
	// [0 1] <nil>
}

func ExamplePattern_Key() {
	p, err := pattern.Compile(`{"body": {"city": ["Bern"]}}`, pattern.Mapping)
	if err != nil {
		fmt.Println(err)
		return
	}
	// A message whose body is a plain string cannot satisfy this pattern.
	fmt.Println(p.Key("body") == pattern.Object, p.Key("attributes") == pattern.None)
	// Output:
	// true true
}

func ExamplePattern_Explain() {
	p, err := pattern.Compile(`{"detail": {"state": ["running"], "cpu": [{"numeric": [">", 90]}]}}`, pattern.Rule)
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := p.Explain([]byte(`{"detail": {"state": "running", "cpu": 12.5}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(x)
	// Output:
	// no match
	//   no   detail.cpu [{"numeric": [">", 90]}]: 12.5 satisfies nothing in the list
	//   yes  detail.state ["running"]: "running" satisfies "running"
}
