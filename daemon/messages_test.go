package daemon

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock/penstock/control/template"
)

func TestParseMessages(t *testing.T) {
	tests := []struct {
		name, text string
		want       []message
	}{
		{"one", `{"to":"orders","body":"x","group":"g","dedup":"d","delay":5,"times":2,"expect":"dead"}`,
			[]message{{To: "orders", Body: json.RawMessage(`"x"`), Group: "g", Dedup: "d", Delay: seconds(5 * time.Second), Times: 2, Expect: "dead"}}},
		{"a list", ` [{"body":{"n":1}},{"body":null}] `, []message{{Body: json.RawMessage(`{"n":1}`)}, {Body: json.RawMessage(`null`)}}},
		{"a delay in words", `{"body":"x","delay":"1m30s"}`, []message{{Body: json.RawMessage(`"x"`), Delay: seconds(90 * time.Second)}}},
		{"attributes", `{"body":"x","attributes":{"s":"text","n":-1.5,"b":{"type":"Binary","value":"AAE="},"c":{"type":"Number.int","value":"7"}}}`,
			[]message{{Body: json.RawMessage(`"x"`), Attributes: map[string]attribute{
				"s": {Type: "String", Value: "text"}, "n": {Type: "Number", Value: "-1.5"},
				"b": {Type: "Binary", Value: "AAE=", Binary: []byte{0, 1}}, "c": {Type: "Number.int", Value: "7"},
			}}}},
		{"an object without a body", `{"order": 1}`, []message{{Body: json.RawMessage(`"{\"order\": 1}"`)}}},
		{"a list of something else", `[1, 2]`, []message{{Body: json.RawMessage(`"[1, 2]"`)}}},
		{"an empty list", `[]`, []message{{Body: json.RawMessage(`"[]"`)}}},
		{"no JSON", "hello\nworld\n", []message{{Body: json.RawMessage(`"hello\nworld"`)}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseMessages([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(message{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusedMessages(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "the file is empty",
		`{"body":"x","expct":"dead"}`:          `unknown field "expct"`,
		`{"body":"x","expect":"gone"}`:         `expect "gone": must be delivered, filtered or dead`,
		`{"body":"x","times":-1}`:              "times -1: must be 0 to 10000",
		`{"body":"x","times":10001}`:           "times 10001",
		`{"body":"x","delay":true}`:            "delay true: must be seconds or a duration",
		`{"body":"x","delay":-1}`:              "delay -1s: must be 0 to 15 minutes, in whole seconds",
		`{"body":"x","delay":"1.5s"}`:          "delay 1.5s: must be",
		`{"body":"x","delay":901}`:             "delay 15m1s: must be",
		`{"body":"x","delay":99999999999999}`:  "delay 99999999999999: must be",
		`[{"body":"x"},{"to":"y"}]`:            "entry 2: body is missing",
		`[{"body":"x"},7]`:                     "entry 2:",
		`[{"to":"y"},{"body":"x"}]`:            "entry 1: body is missing",
		`[{"body":"x"},{"bodyy":"y"}]`:         `entry 2: body is missing: json: unknown field "bodyy"`,
		`{"body":"x","attributes":{"a":true}}`: "must be a string, a number or",
		`{"body":"x","attributes":{"a":{"type":"Binary","value":"no base64"}}}`: "base64",
		`{"body":"x","attributes":{"a":{"kind":"String"}}}`:                     `unknown field "kind"`,
	} {
		got, err := parseMessages([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q (got %v)", text, err, want, got)
		}
	}
}

func FuzzParseMessages(f *testing.F) {
	for _, seed := range []string{"", "x", `{"body":"x"}`, `[{"body":{"a":[1]},"delay":"5s"}]`, `[{"body":1},{}]`, `{"body":"x","attributes":{"a":{"type":"Binary","value":"AA=="}}}`, "\xff", `{"body":"\ud800"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		messages, err := parseMessages(text)
		if err != nil {
			return
		}
		if len(messages) == 0 {
			t.Error("neither a message nor an error")
		}
		for _, m := range messages {
			if _, err := m.input(); err != nil {
				t.Errorf("%s: %v", m.Body, err)
			}
			if m.Times < 0 || m.Times > maxTimes {
				t.Errorf("%d times", m.Times)
			}
		}
	})
}

func TestInput(t *testing.T) {
	messages, err := parseMessages([]byte(`{"to":"q","body":{"a": [1, 2]},"group":"g","dedup":"d","delay":7,"attributes":{"b":{"type":"Binary","value":"AAE="},"s":""}}`))
	if err != nil {
		t.Fatal(err)
	}
	in, err := messages[0].input()
	if err != nil {
		t.Fatal(err)
	}
	if in.QueueURL != "q" || in.Body != `{"a":[1,2]}` || *in.GroupID != "g" || *in.DeduplicationID != "d" || *in.DelaySeconds != 7 {
		t.Errorf("%+v", in)
	}
	b, s := in.Attributes["b"], in.Attributes["s"]
	if string(b.BinaryValue) != "\x00\x01" || b.StringValue != nil || *s.StringValue != "" || s.BinaryValue != nil {
		t.Errorf("attributes %+v", in.Attributes)
	}
}

func TestQueueFor(t *testing.T) {
	stack := parsed(t, "", "", "")
	for to, want := range map[string]string{"": "jobs", "jobs": "jobs", "Jobs": "jobs", "dead": "dead", "Dead": "dead"} {
		if got, err := queueFor(message{To: to}, stack); got != want || err != nil {
			t.Errorf("to %q: %q, %v, want %q", to, got, err, want)
		}
	}
	_, err := queueFor(message{To: "nope", from: "a.json"}, stack)
	if err == nil || err.Error() != `a.json: to "nope": the template has no such queue; it has dead, jobs` {
		t.Error(err)
	}
	two := parsed(t, "", "", "}}\n        More: {Type: SQS, Properties: {Queue: !GetAtt Dead.Arn")
	if _, err = queueFor(message{from: "a.json"}, two); err == nil || !strings.Contains(err.Error(), `with "to": mappings read dead, jobs`) {
		t.Error(err)
	}
	none := *stack
	none.Mappings = nil
	if _, err = queueFor(message{from: "a.json"}, &none); err == nil || !strings.Contains(err.Error(), "no mapping of the template reads a queue") {
		t.Error(err)
	}
	none.Queues = nil
	if _, err = queueFor(message{To: "x", from: "a.json"}, &none); err == nil || !strings.Contains(err.Error(), "the template has no queues") {
		t.Error(err)
	}
}

// A message whose body is misspelled is no body, but an object that has a
// member "to" of another meaning is.
func TestMisspelledMessages(t *testing.T) {
	one := parsed(t, "", "", "")
	two := parsed(t, "", "", "}}\n        More: {Type: SQS, Properties: {Queue: !GetAtt Dead.Arn")
	const unknown = `body is missing: json: unknown field "bodyy"`
	for _, test := range []struct {
		text     string
		one, two string // errors; empty: it is a body
	}{
		{`{"to":"jobs","bodyy":"x"}`, unknown, unknown},
		{`{"to":"Jobs","bodyy":"x"}`, unknown, unknown},
		{`[{"to":"jobs","bodyy":"x"}]`, unknown, unknown},
		{`{"to":"jobs"}`, "body is missing", "body is missing"},
		{`{"to":"somebody","bodyy":"x"}`, "", unknown},
		{`{"to":["jobs"],"bodyy":"x"}`, "", "mappings read dead, jobs"},
		{`{"order":1}`, "", "mappings read dead, jobs"},
	} {
		path := written(t, "a.json", test.text)
		for stack, want := range map[*template.Stack]string{one: test.one, two: test.two} {
			messages, err := readAllMessages("", []string{path}, stack)
			switch {
			case want == "" && (err != nil || len(messages) != 1 || messages[0].To != "jobs"):
				t.Errorf("%s: %v, %v, want a body for jobs", test.text, messages, err)
			case want != "" && (err == nil || !strings.HasPrefix(err.Error(), "a.json: ") || !strings.HasSuffix(err.Error(), want)):
				t.Errorf("%s: error %v, want %q", test.text, err, want)
			}
		}
	}
}

func TestReadAllMessages(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"2.json": "second", "1.json": `[{"body":"a"},{"to":"dead","body":"b"}]`, "3.txt": "not read"} {
		path := filepath.Join(dir, "events", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stack := parsed(t, "", "", "")
	told := func(files ...string) string {
		messages, err := readAllMessages(dir, files, stack)
		if err != nil {
			return err.Error()
		}
		var words []string
		for _, m := range messages {
			words = append(words, m.from+" "+m.To+" "+string(m.Body))
		}
		return strings.Join(words, ", ")
	}
	if got, want := told(), `1.json #1 jobs "a", 1.json #2 dead "b", 2.json jobs "second"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := told(filepath.Join(dir, "events", "3.txt")), `3.txt jobs "not read"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := told("nowhere.json"); !strings.Contains(got, "nowhere.json") {
		t.Error(got)
	}
	if err := os.WriteFile(filepath.Join(dir, "events", "3.txt"), make([]byte, maxEventFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := told(filepath.Join(dir, "events", "3.txt")); !strings.Contains(got, "larger than") {
		t.Error(got)
	}
}
