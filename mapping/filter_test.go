package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/events/pattern"
	"github.com/penstock/penstock/sources"
)

var (
	sqsLimits   = sources.Limits{FilterKey: "body", FilterView: events.SQSView, Mismatch: true}
	mqLimits    = sources.Limits{FilterKey: "data"}
	plainLimits = sources.Limits{}
)

func criteria(patterns ...string) *FilterCriteria {
	c := &FilterCriteria{}
	for _, p := range patterns {
		c.Filters = append(c.Filters, FilterPattern{Pattern: p})
	}
	return c
}

// message is an SQS record with the body given, as its source renders it.
func message(body string) sources.Record {
	name := "hidden"
	return sources.Record{ID: "m-1", Body: events.AppendSQS(nil, &events.SQSMessage{
		MessageID: "m-1", Body: body,
		Attributes:        map[string]string{"SenderId": "me"},
		MessageAttributes: map[string]events.SQSMessageAttribute{"body": {DataType: "String", StringValue: &name}},
	})}
}

func TestFilterSQS(t *testing.T) {
	tests := []struct {
		name    string
		filters *FilterCriteria
		body    string
		want    bool
	}{
		{"no criteria", nil, "x", true},
		{"no filters", criteria(), "x", true},

		{"text, values", criteria(`{"body":["hello"]}`), `hello`, true},
		{"text, other values", criteria(`{"body":["hello"]}`), `hullo`, false},
		{"text, prefix", criteria(`{"body":[{"prefix":"he"}]}`), `hello`, true},
		{"text with escapes, values", criteria(`{"body":["a\"b\\\n"]}`), "a\"b\\\n", true},
		{"text, object", criteria(`{"body":{"a":["x"]}}`), `hello`, false},
		{"text, object that asks for absence", criteria(`{"body":{"a":[{"exists":false}]}}`), `hello`, false},
		{"JSON, values", criteria(`{"body":["{}"]}`), `{}`, false},
		{"JSON, object", criteria(`{"body":{"a":["x"]}}`), `{"a":"x"}`, true},
		{"JSON with space, object", criteria(`{"body":{"a":["x"]}}`), " \n{ \"a\" : \"x\" } ", true},
		{"JSON, other object", criteria(`{"body":{"a":["x"]}}`), `{"a":"y"}`, false},
		{"JSON, nested", criteria(`{"body":{"a":{"b":[{"numeric":[">",1]}]}}}`), `{"a":{"b":2}}`, true},
		{"JSON with escapes, object", criteria(`{"body":{"a\"é":["\\ \n😀"]}}`), `{"a\"\u00e9":"\\ \n\ud83d\ude00"}`, true},
		{"JSON list, object", criteria(`{"body":{"a":["x"]}}`), `[{"a":"y"},{"a":"x"}]`, true},
		{"JSON number, object", criteria(`{"body":{"a":[{"exists":false}]}}`), `5`, false},
		{"JSON number, values", criteria(`{"body":["5"]}`), `5`, false},
		{"JSON string, values", criteria(`{"body":["x"]}`), `"x"`, false},
		{"nearly JSON, object", criteria(`{"body":{"a":["x"]}}`), `{"a":"x"`, false},
		{"two JSON texts, object", criteria(`{"body":{"a":["x"]}}`), `{"a":"x"}{"a":"x"}`, false},
		{"nearly JSON, values", criteria(`{"body":["{\"a\""]}`), `{"a"`, true},
		{"a body that would break out", criteria(`{"messageId":["evil"]}`), `{},"messageId":"evil"`, false},
		{"empty, object", criteria(`{"body":{"a":["x"]}}`), ``, false},
		{"empty, values", criteria(`{"body":[""]}`), ``, true},

		{"other keys alone, text", criteria(`{"attributes":{"SenderId":["me"]}}`), `hello`, true},
		{"other keys alone, JSON", criteria(`{"attributes":{"SenderId":["me"]}}`), `{}`, true},
		{"other keys do not match", criteria(`{"attributes":{"SenderId":["you"]}}`), `{}`, false},
		{"what AWS adds after filtering", criteria(`{"eventSource":["aws:sqs"]}`), `{}`, false},
		{"a body that names it", criteria(`{"body":{"eventSource":["aws:sqs"]}}`), `{"x":1,"eventSource":"aws:sqs"}`, true},
		{"its absence", criteria(`{"eventSource":[{"exists":false}],"awsRegion":[{"exists":false}],"eventSourceARN":[{"exists":false}]}`), `{}`, true},
		{"both match", criteria(`{"attributes":{"SenderId":["me"]},"body":{"a":["x"]}}`), `{"a":"x"}`, true},
		{"only the body matches", criteria(`{"attributes":{"SenderId":["you"]},"body":{"a":["x"]}}`), `{"a":"x"}`, false},

		{"second filter", criteria(`{"body":["x"]}`, `{"body":{"a":["x"]}}`), `{"a":"x"}`, true},
		{"no filter", criteria(`{"body":["x"]}`, `{"body":{"a":["x"]}}`), `{"a":"y"}`, false},
		{"$or of both forms, text", criteria(`{"$or":[{"body":["x"]},{"body":{"a":["x"]}}]}`), `x`, true},
		{"$or of both forms, JSON", criteria(`{"$or":[{"body":["x"]},{"body":{"a":["x"]}}]}`), `{"a":"x"}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := NewFilter(tt.filters, sqsLimits)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time with a used buffer
				if got, err := f.Match(message(tt.body)); err != nil || got != tt.want {
					t.Errorf("Match(%q) = %v, %v, want %v", tt.body, got, err, tt.want)
				}
			}
		})
	}
}

// Where formats differ, Kafka and MQ leave out the payload's part.
func TestFilterLenient(t *testing.T) {
	record := func(data string) sources.Record {
		body, _ := json.Marshal(map[string]any{"data": data, "topic": "t"})
		return sources.Record{Body: body}
	}
	tests := []struct {
		name, pattern, data string
		want                bool
	}{
		{"formats agree", `{"data":{"a":["x"]}}`, `{"a":"x"}`, true},
		{"formats agree, no match", `{"data":{"a":["x"]}}`, `{"a":"y"}`, false},
		{"text against object, nothing else", `{"data":{"a":["x"]}}`, `x`, true},
		{"text against object, rest matches", `{"data":{"a":["x"]},"topic":["t"]}`, `x`, true},
		{"text against object, rest does not", `{"data":{"a":["x"]},"topic":["u"]}`, `x`, false},
		{"JSON against values, rest does not", `{"data":["x"],"topic":["u"]}`, `{}`, false},
		{"JSON against values, rest matches", `{"data":["x"],"topic":["t"]}`, `{}`, true},
		{"dotted key", `{"data.a":["x"],"topic":["u"]}`, `x`, false},
		{"or: a branch is left empty", `{"$or":[{"data":{"a":["x"]}},{"topic":["u"]}]}`, `x`, true},
		{"or: branches are left", `{"$or":[{"data":{"a":["x"]},"topic":["v"]},{"topic":["u"]}]}`, `x`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := NewFilter(criteria(tt.pattern), mqLimits)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := f.Match(record(tt.data)); err != nil || got != tt.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestFilterView(t *testing.T) {
	f, err := NewFilter(criteria(`{"seen":["view"]}`), plainLimits)
	if err != nil {
		t.Fatal(err)
	}
	r := sources.Record{Body: json.RawMessage(`{"seen":"body"}`)}
	if ok, _ := f.Match(r); ok {
		t.Error("matched the body")
	}
	r.View = func() json.RawMessage { return json.RawMessage(`{"seen":"view"}`) }
	if ok, _ := f.Match(r); !ok {
		t.Error("did not match the view")
	}
	if ok, err := (*Filter)(nil).Match(r); !ok || err != nil {
		t.Error("no filter must pass everything")
	}
}

// A payload that is not a string is matched as it is.
func TestFilterPayloadNoString(t *testing.T) {
	f, _ := NewFilter(criteria(`{"body":{"a":["x"]}}`), sqsLimits)
	for body, want := range map[string]bool{`{"body":{"a":"x"}}`: true, `{"body":null}`: false, `{"other":1}`: false, `{}`: false, `{"bodyguard":"{}","nobody":1,"body":"{\"a\":\"x\"}"}`: true, ` { "x" : [ "}" , {} ] , "body" : "{\"a\":\"x\"}" } `: true} {
		if got, err := f.Match(sources.Record{Body: json.RawMessage(body)}); err != nil || got != want {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
}

// Views of other encoders may escape what ours does not.
func TestUnquoted(t *testing.T) {
	for _, quoted := range []string{``, `plain`, `\"\\\/\b\f\n\r\t`, `\u00e9\u20AC`, `a\ud83d\ude00b`, `\ud83d`, `\ude00\ud83d`, `\ud83dx`, `\ud83d\n`, `\ud83d\u0041`, `é😀`} {
		var want string
		if err := json.Unmarshal([]byte(`"`+quoted+`"`), &want); err != nil {
			t.Fatal(err)
		}
		if got := string(appendUnquoted(nil, []byte(quoted))); got != want {
			t.Errorf("%s: got %q, want %q", quoted, got, want)
		}
	}
	for _, broken := range []string{`\`, `\u`, `\u12`, `\uzzzz`, `\x`, `\ud83d\u`} {
		appendUnquoted(nil, []byte(broken)) // must not fail
	}
}

func TestFilterErrors(t *testing.T) {
	for _, text := range []string{`null`, `simple string`, `"x"`, `{"eventSource":"aws:sqs"}`, `{"eventSource":[]}`, `[{"eventName": ["INSERT"=123}]`, `{}`, ``, `{"body":"plain-string"}`} {
		_, err := NewFilter(criteria(`{"body":["x"]}`, text), sqsLimits)
		var p *pattern.Error
		if !errors.As(err, &p) || !strings.Contains(err.Error(), "filter 2") {
			t.Errorf("%s: %v", text, err)
		}
	}
	f, _ := NewFilter(criteria(`{"body":{"a":["x"]}}`), sqsLimits)
	for _, body := range []string{``, `[]`, `"x"`, `{`, `{"`, `{"body`, `{"body"`, `{"body":`, `{"body":"`, `{"body":"\`, `{"a":[`, `{"a":1`, `{"a":1,`, `{"a"}`, `{1}`} {
		if ok, err := f.Match(sources.Record{ID: "r-1", Body: json.RawMessage(body)}); ok || err == nil || !strings.Contains(err.Error(), "r-1") {
			t.Errorf("%s: %v, %v", body, ok, err)
		}
	}
}

// FuzzFilterBody: a message whose body is JSON with a member matches by it, and
// splicing agrees with encoding/json about what is JSON.
func FuzzFilterBody(f *testing.F) {
	for _, seed := range []string{`{"a":"x"}`, `x`, `"\ud800"`, `{"a":"\ud83d\ude00\\"}`, "\x00\u2028", `[{"a":"x"}]`, `5`} {
		f.Add(seed)
	}
	filter, err := NewFilter(criteria(`{"body":{"a":["x"]}}`), sqsLimits)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := message(body)
		var buffer []byte
		p, err := open(r.Body, "body", &buffer)
		if err != nil {
			t.Fatal(err)
		}
		var back struct{ Body string }
		if err := json.Unmarshal(r.Body, &back); err != nil {
			t.Fatal(err)
		}
		valid := json.Valid([]byte(back.Body))
		if valid != (p.format != plain) {
			t.Fatalf("format %d of %q", p.format, body)
		}
		if p.format == structured && !json.Valid(p.spliced) {
			t.Fatalf("spliced %s", p.spliced)
		}
		var object map[string]json.RawMessage
		got, err := filter.Match(r)
		if json.Unmarshal([]byte(back.Body), &object) == nil && string(object["a"]) == `"x"` && err == nil && !got {
			t.Fatalf("%q does not match", body)
		}
	})
}

func BenchmarkFilter(b *testing.B) {
	r := message(`{"kind":"order","pad":"` + strings.Repeat(`x`, 900) + `","price":7}`)
	f, err := NewFilter(criteria(`{"body":{"kind":["order"],"price":[{"numeric":[">",5]}]}}`), sqsLimits)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := f.Match(r); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func ExampleFilter() {
	filter, err := NewFilter(&FilterCriteria{Filters: []FilterPattern{
		{Pattern: `{"body": {"price": [{"numeric": [">", 10]}]}}`},
	}}, sources.Limits{FilterKey: "body", Mismatch: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, body := range []string{`{"body":"{\"price\": 12}"}`, `{"body":"{\"price\": 3}"}`, `{"body":"no price"}`} {
		ok, err := filter.Match(sources.Record{Body: json.RawMessage(body)})
		fmt.Println(ok, err)
	}
	// Output:
	// true <nil>
	// false <nil>
	// false <nil>
}
