package main

import (
	"slices"
	"testing"

	"github.com/penstock/penstock/penstocktest"
)

// Three visibility timeouts pass in no time.
func TestPoisonIsRetriedAlone(t *testing.T) {
	got := penstocktest.SQS(t, penstocktest.Mapping{Partial: true, MaxReceives: 3}, handle,
		`{"order":1}`, `{"order":2,"note":"poison"}`, `{"order":3}`)

	if want := []int{3, 1, 1}; !slices.Equal(got.Sizes(), want) {
		t.Errorf("batches of %v, want %v: only the failed message is retried", got.Sizes(), want)
	}
	if want := []string{`{"order":2,"note":"poison"}`}; !slices.Equal(got.Dead, want) {
		t.Errorf("dead letters %q, want %q", got.Dead, want)
	}
}
