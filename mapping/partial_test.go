package mapping

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/sources"
)

func records(ids ...string) []sources.Record {
	var list []sources.Record
	for _, id := range ids {
		list = append(list, sources.Record{ID: id, Body: json.RawMessage(`{}`)})
	}
	return list
}

func TestFailures(t *testing.T) {
	batch := records("a", "b", "c")
	tests := []struct {
		name, payload string
		failed        []int
		valid         bool
	}{
		{"no payload", ``, nil, true},
		{"white space", " \n", nil, true},
		{"empty string", `""`, nil, true},
		{"null", `null`, nil, true},
		{"empty list", `[]`, nil, true},
		{"empty list with space", `[ ]`, nil, true},
		{"empty object", `{}`, nil, true},
		{"empty failures", `{"batchItemFailures":[]}`, nil, true},
		{"null failures", `{"batchItemFailures":null}`, nil, true},
		{"no such member", `{"statusCode":200}`, nil, true},
		{"another spelling of the member", `{"BatchItemFailures":[{"itemIdentifier":"a"}]}`, nil, true},
		{"one", `{"batchItemFailures":[{"itemIdentifier":"b"}]}`, []int{1}, true},
		{"in the batch's order", ` {"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"a"}]} `, []int{0, 2}, true},
		{"twice", `{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}`, []int{1}, true},
		{"more members", `{"x":1,"batchItemFailures":[{"itemIdentifier":"a","why":{}}]}`, []int{0}, true},
		{"all", `{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"},{"itemIdentifier":"c"}]}`, []int{0, 1, 2}, true},

		{"foreign identifier", `{"batchItemFailures":[{"itemIdentifier":"z"}]}`, nil, false},
		{"number", `{"batchItemFailures":[{"itemIdentifier":123}]}`, nil, false},
		{"half valid", `{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"z"}]}`, nil, false},
		{"empty identifier", `{"batchItemFailures":[{"itemIdentifier":""}]}`, nil, false},
		{"null identifier", `{"batchItemFailures":[{"itemIdentifier":null}]}`, nil, false},
		{"missing identifier", `{"batchItemFailures":[{"foo":"notvalid"}]}`, nil, false},
		{"missing identifier, null member", `{"batchItemFailures":[{"foo":null}]}`, nil, false},
		{"another spelling of the identifier", `{"batchItemFailures":[{"ItemIdentifier":"a"}]}`, nil, false},
		{"null item", `{"batchItemFailures":[null]}`, nil, false},
		{"string item", `{"batchItemFailures":["a"]}`, nil, false},
		{"failures are no list", `{"batchItemFailures":{"itemIdentifier":"a"}}`, nil, false},
		{"failures are a string", `{"batchItemFailures":""}`, nil, false},
		{"not JSON", `done`, nil, false},
		{"cut off", `{"batchItemFailures":[`, nil, false},
		{"trailing text", `{} {}`, nil, false},
		{"string", `"a"`, nil, false},
		{"number", `7`, nil, false},
		{"boolean", `true`, nil, false},
		{"list", `[{"itemIdentifier":"a"}]`, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			failed, valid := Failures(json.RawMessage(tt.payload), batch, events.Shape{})
			if !slices.Equal(failed, tt.failed) || valid != tt.valid {
				t.Errorf("Failures(%s) = %v, %v, want %v, %v", tt.payload, failed, valid, tt.failed, tt.valid)
			}
		})
	}
}

func TestFailuresOfShape(t *testing.T) {
	shape := events.Shape{ID: func(item json.RawMessage) (string, bool) {
		var at struct{ Offset *int }
		if json.Unmarshal(item, &at) != nil || at.Offset == nil {
			return "", false
		}
		return string(rune('a' + *at.Offset)), true
	}}
	got, ok := Failures(json.RawMessage(`{"batchItemFailures":[{"itemIdentifier":{"offset":1}}]}`), records("a", "b"), shape)
	if !ok || !slices.Equal(got, []int{1}) {
		t.Errorf("got %v, %v: the shape reads identifiers", got, ok)
	}
}

// A record that came twice has one identifier.
func TestFailuresOfTwins(t *testing.T) {
	got, ok := Failures(json.RawMessage(`{"batchItemFailures":[{"itemIdentifier":"a"}]}`), records("a", "b", "a"), events.Shape{})
	if !ok || !slices.Equal(got, []int{0, 2}) {
		t.Errorf("got %v, %v, want both", got, ok)
	}
}

func FuzzFailures(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"batchItemFailures":[{"itemIdentifier":"a"}]}`, `{"batchItemFailures":[{}]}`, `[`, `"`} {
		f.Add(seed)
	}
	batch := records("a", "b")
	f.Fuzz(func(t *testing.T, payload string) {
		failed, ok := Failures(json.RawMessage(payload), batch, events.Shape{})
		if !ok && failed != nil {
			t.Errorf("not valid, yet %v", failed)
		}
		if !slices.IsSorted(failed) || len(failed) > 0 && (failed[0] < 0 || failed[len(failed)-1] > 1) {
			t.Errorf("indices %v", failed)
		}
		if ok && len(payload) > 2 && payload != "null" && !json.Valid([]byte(payload)) && len(failed) > 0 {
			t.Errorf("text that is not JSON reports %v", failed)
		}
	})
}
