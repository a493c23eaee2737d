package pattern_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/penstock/penstock/events/pattern"
)

// manyRules is a set of n rules of a kind.
func manyRules(t testing.TB, rule func(int) string, n int) *pattern.Set {
	t.Helper()
	var list []*pattern.Pattern
	for i := range n {
		list = append(list, compile(t, rule(i), pattern.Rule))
	}
	return pattern.NewSet(list...)
}

func TestSetFindsEachOfMany(t *testing.T) {
	for _, kind := range ruleSets {
		const n = 3000
		set := manyRules(t, kind.rule, n)
		if set.Len() != n {
			t.Errorf("%s: %d patterns, want %d", kind.name, set.Len(), n)
		}
		for i := range n {
			event := strings.ReplaceAll(string(objectCreated), "-9999", fmt.Sprint("-", i))
			want := []int{i}
			if got, err := set.Match([]byte(event), nil); err != nil || !slices.Equal(got, want) {
				t.Fatalf("%s: %v, %v, want %v", kind.name, got, err, want)
			}
		}
	}
}

// TestSetDoesNotScan counts the patterns that are tried for an event: of thousands only those few that the index cannot
// tell from one that matches.
func TestSetDoesNotScan(t *testing.T) {
	const n, most = 3000, 10
	for _, kind := range ruleSets {
		set := manyRules(t, kind.rule, n)
		for _, name := range []string{"-9999", "-1234"} { // no rule is for the first
			event := strings.ReplaceAll(string(objectCreated), "-9999", name)
			if tried, err := set.Tried([]byte(event)); err != nil || tried > most {
				t.Errorf("%s, %s: %d of %d patterns were tried, %v, want at most %d", kind.name, name, tried, n, err, most)
			}
		}
	}
	set := pattern.NewSet(compile(t, `{"source":["aws.s3"]}`, pattern.Rule), compile(t, `{"source":[{"exists":true}]}`, pattern.Rule))
	if tried, err := set.Tried(objectCreated); err != nil || tried != 2 {
		t.Errorf("%d patterns were tried, %v, want both that match", tried, err)
	}
}

func TestSetWithoutIndex(t *testing.T) {
	set := pattern.NewSet(
		compile(t, `{"a":[{"numeric":[">",1]}]}`, pattern.Rule),
		compile(t, `{"b":[{"exists":false}]}`, pattern.Rule),
		compile(t, `{"a":[{"anything-but":"x"}]}`, pattern.Rule),
		compile(t, `{"a":[5,{"exists":false}]}`, pattern.Rule),
		compile(t, `{"$or":[{"a":[5]},{"a":[{"wildcard":"*"}]},{"a":[{"numeric":["=",5]}]}]}`, pattern.Rule),
	)
	for event, want := range map[string][]int{
		`{"a":5.0}`:     {0, 1, 2, 3, 4},
		`{"a":"x"}`:     {1, 4},
		`{"b":1}`:       {3},
		`{"a":1,"b":1}`: {2},
	} {
		if got, err := set.Match([]byte(event), nil); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", event, got, err, want)
		}
	}
	if got, err := pattern.NewSet().Match([]byte(`{}`), nil); err != nil || len(got) != 0 {
		t.Errorf("empty set: %v, %v", got, err)
	}
}

// TestSetGivesAllOrNothing has one pattern that matches and one that gives up.
func TestSetGivesAllOrNothing(t *testing.T) {
	elements := strings.TrimSuffix(strings.Repeat(`{"x":0,"y":1},`, 5000), ",")
	event := []byte(`{"a":1,"d":[{"l":[` + elements + `],"m":[` + elements + `]}]}`)
	set := pattern.NewSet(
		compile(t, `{"a":[{"exists":true}]}`, pattern.Rule),
		compile(t, `{"d":{"l":{"x":[0]},"m":{"x":[0],"y":[{"exists":false}]}}}`, pattern.Rule),
	)
	ids, err := set.Match(event, []int{8, 3})
	var e *pattern.EventError
	if !errors.As(err, &e) || !slices.Equal(ids, []int{8, 3}) {
		t.Errorf("%v, %v", ids, err)
	}
}
