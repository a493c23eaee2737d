//go:build !race

package pattern_test

import (
	"testing"

	"github.com/penstock/penstock/events/pattern"
)

// TestNoAllocations is not for the race detector, under which sync.Pool forgets at random.
func TestNoAllocations(t *testing.T) {
	p := compile(t, `{"source":[{"prefix":{"equals-ignore-case":"AWS"}}],"detail":{"object":{"size":[{"numeric":[">",1]}],"key":[{"wildcard":"*.png"}]}}}`, pattern.Rule)
	set := pattern.NewSet(p, p)
	ids := make([]int, 0, 2)
	if n := testing.AllocsPerRun(100, func() {
		ok, err := p.Match(objectCreated)
		found, err2 := set.Match(objectCreated, ids)
		if !ok || err != nil || len(found) != 2 || err2 != nil {
			t.Fatal(ok, err, found, err2)
		}
	}); n > 1 {
		t.Errorf("%.1f allocations for each event", n)
	}
}
