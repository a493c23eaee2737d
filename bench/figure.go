package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/pprof"
	"slices"
)

// A figure is a line of the table.
type figure struct {
	what, unit string
	ours, raw  float64 // raw is zero where there is nothing to compare with
	ratio      float64
	// least and most bound the ratio, or ours where there is no raw. Zero: no
	// bound.
	least, most float64
}

const heading = "figure                                      ours          raw    ratio  bound      ok\n"

// judged is what the bounds are about.
func (f figure) judged() float64 {
	if f.raw != 0 {
		return f.ratio
	}
	return f.ours
}

func (f figure) holds() bool {
	return (f.least == 0 || f.judged() >= f.least) && (f.most == 0 || f.judged() <= f.most)
}

// String is the line, with its end.
func (f figure) String() string {
	raw, ratio, bound, ok := "-", "-", "-", "-"
	if f.raw != 0 {
		raw, ratio = short(f.raw), fmt.Sprintf("%.2f", f.ratio)
	}
	switch {
	case f.least != 0:
		bound = ">= " + short(f.least)
	case f.most != 0:
		bound = "<= " + short(f.most)
	}
	if bound != "-" {
		ok = "yes"
		if !f.holds() {
			ok = "NO"
		}
	}
	return fmt.Sprintf("%-36s %11s  %11s  %7s  %-9s  %s\n", f.what+", "+f.unit, short(f.ours), raw, ratio, bound, ok)
}

// short prints three digits or all before the point.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// A sample does the work once and returns what it measured.
type sample func(context.Context) ([]float64, error)

// A pair is the same work done by the raw loop and by penstock right after.
type pair struct{ raw, ours []float64 }

// pairCount is how many pairs a ratio is the median of.
const pairCount = 5

// pairs does the work in turns: raw, ours, raw, ours ... Each side of a pair is
// the mean of so many rounds, which bring its two sides closer together in time
// than they would be if each was one long piece of work: what else the machine
// does then meets both. A first pair, in which connections open and caches fill,
// does not count.
func pairs(ctx context.Context, rounds int, raw, ours sample) (list []pair, err error) {
	for i := range pairCount + 1 {
		var p pair
		for range rounds {
			theirs, err := tagged(ctx, "raw", raw)
			if err != nil {
				return nil, err
			}
			mine, err := tagged(ctx, "ours", ours)
			if err != nil {
				return nil, err
			}
			p.raw, p.ours = add(p.raw, theirs, rounds), add(p.ours, mine, rounds)
		}
		if i > 0 {
			list = append(list, p)
		}
	}
	return list, nil
}

// add adds a round's share to the means.
func add(means, round []float64, rounds int) []float64 {
	if means == nil {
		means = make([]float64, len(round))
	}
	for i, v := range round {
		means[i] += v / float64(rounds)
	}
	return means
}

// tagged runs a side, whose name its samples of a CPU profile have.
func tagged(ctx context.Context, side string, s sample) (values []float64, err error) {
	runtime.GC()
	pprof.Do(ctx, pprof.Labels("side", side), func(ctx context.Context) { values, err = s(ctx) })
	if err != nil {
		err = fmt.Errorf("%s: %w", side, err)
	}
	return values, err
}

// compare makes a figure of the i-th value: medians of both sides, and the
// median of the pairs' ratios.
func compare(list []pair, i int) (f figure) {
	var ours, raw, ratios []float64
	for _, p := range list {
		ours, raw, ratios = append(ours, p.ours[i]), append(raw, p.raw[i]), append(ratios, p.ours[i]/p.raw[i])
	}
	return figure{ours: median(ours), raw: median(raw), ratio: median(ratios)}
}

// median of at least one value. The list is sorted by it.
func median(list []float64) float64 {
	slices.Sort(list)
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}
