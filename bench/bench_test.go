package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

// BenchmarkPipeline carries messages of 1 KB from a queue in memory through a
// whole server.
func BenchmarkPipeline(b *testing.B) {
	n := max(pipelineBatch, b.N/pipelineBatch*pipelineBatch)
	took, err := carry(b.Context(), n)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(n), "ns/message")
}

// BenchmarkRenderAndJoin is what BenchmarkPipeline cannot do without.
func BenchmarkRenderAndJoin(b *testing.B) {
	n := max(pipelineBatch, b.N/pipelineBatch*pipelineBatch)
	b.ReportMetric(float64(renderAndJoin(n).Nanoseconds())/float64(n), "ns/message")
}

// BenchmarkPatterns matches one event against 1 pattern and against 10 000.
func BenchmarkPatterns(b *testing.B) {
	for name, n := range map[string]int{"1": 1, "10000": 10_000} {
		set, err := patternSet(n)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			if _, err := matching(set, b.N); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func TestFigures(t *testing.T) {
	list := []pair{
		{raw: []float64{100}, ours: []float64{50}},
		{raw: []float64{100}, ours: []float64{90}},
		{raw: []float64{10}, ours: []float64{8}},
	}
	f := compare(list, 0)
	if f.ours != 50 || f.raw != 100 || f.ratio != 0.8 {
		t.Errorf("%+v: want the medians 50 and 100, and 0.8 of the ratios", f)
	}
	for _, c := range []struct {
		f     figure
		holds bool
		ends  string
	}{
		{figure{ours: 8, raw: 10, ratio: 0.8, least: 0.8}, true, "yes"},
		{figure{ours: 79, raw: 100, ratio: 0.79, least: 0.8}, false, "NO"},
		{figure{ours: 12, raw: 10, ratio: 1.2, most: 1.2}, true, "yes"},
		{figure{ours: 13, raw: 10, ratio: 1.3, most: 1.2}, false, "NO"},
		{figure{ours: 151, most: 150}, false, "NO"},
		{figure{ours: 149, most: 150}, true, "yes"},
		{figure{ours: 1, raw: 2, ratio: 0.5}, true, "-"},
	} {
		line := strings.TrimSpace(c.f.String())
		if c.f.holds() != c.holds || !strings.HasSuffix(line, c.ends) {
			t.Errorf("%q, holds %v: want %v", line, c.f.holds(), c.holds)
		}
	}
}

func TestPairsInterleave(t *testing.T) {
	var order []string
	side := func(name string) sample {
		return func(context.Context) ([]float64, error) {
			order = append(order, name)
			return []float64{float64(len(order))}, nil
		}
	}
	const rounds = 2
	list, err := pairs(t.Context(), rounds, side("raw"), side("ours"))
	if err != nil || len(list) != pairCount || list[0].raw[0] != (5+7)/2 || list[0].ours[0] != (6+8)/2 {
		t.Errorf("%v, %v: want %d pairs behind the first", list, err, pairCount)
	}
	if got, want := strings.Join(order, " "), strings.TrimSpace(strings.Repeat("raw ours ", rounds*(pairCount+1))); got != want {
		t.Errorf("order %q, want %q", got, want)
	}
}

func TestBothSidesRender(t *testing.T) {
	if took, err := carry(t.Context(), 5*pipelineBatch); err != nil || took <= 0 {
		t.Errorf("%v, %v", took, err)
	}
	if _, err := patternSet(3); err != nil {
		t.Error(err)
	}
	if n := len(hostedEvent); n != 200 {
		t.Errorf("the event of hosted functions has %d bytes, must have 200", n)
	}
	if n := len(patternEvent); n < 550 || n > 650 {
		t.Errorf("the event for patterns has %d bytes, must have about 600", n)
	}
}

func TestArguments(t *testing.T) {
	for _, args := range [][]string{{"nothing"}, {"-gate", "pattern"}, {"-fast"}} {
		var out bytes.Buffer
		if err := run(t.Context(), args, &out); err == nil || errors.Is(err, errBounds) || out.Len() > 0 {
			t.Errorf("%q: error %v, output %q: must be refused before anything is measured", args, err, out.String())
		}
	}
}
