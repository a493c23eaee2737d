package pattern_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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

// TestSetDoesNotScan compares the time of a small and a large set: the index makes them nearly alike, trying every pattern
// would make the large one some hundred times slower.
func TestSetDoesNotScan(t *testing.T) {
	fastest := func(set *pattern.Set) time.Duration {
		best := time.Hour
		for range 50 {
			began := time.Now()
			for range 20 {
				if ids, err := set.Match(objectCreated, nil); err != nil || len(ids) != 0 {
					t.Fatal(ids, err)
				}
			}
			best = min(best, time.Since(began))
		}
		return best
	}
	for _, kind := range ruleSets {
		small, large := fastest(manyRules(t, kind.rule, 10)), fastest(manyRules(t, kind.rule, 9000))
		if large > 20*small {
			t.Errorf("%s: 10 patterns take %v, 9000 take %v", kind.name, small, large)
		}
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
