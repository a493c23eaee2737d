package main

import (
	"context"
	"fmt"
	"time"

	"github.com/penstock/penstock/events/pattern"
)

// patternEvent is an EventBridge event of an S3 object, with made-up values;
// about 600 bytes.
var patternEvent = []byte(`{"version":"0","id":"3b1f8a52-7c0e-4f4d-8f6a-5d9c7e21bbbb","detail-type":"Object Created","source":"aws.s3",` +
	`"account":"111122223333","time":"2031-04-05T06:07:08Z","region":"eu-west-1","resources":["arn:aws:s3:::reports-9999"],` +
	`"detail":{"version":"0","bucket":{"name":"reports-9999"},"object":{"key":"monthly/2031/branch-9999/summary.csv","size":48213,` +
	`"etag":"0cc175b9c0f1b6a831c399e269772661","version-id":"kU3w7","sequencer":"0062E99A88DC407460"},"request-id":"C3D13FE58DE4C810",` +
	`"requester":"444455556666","source-ip-address":"192.0.2.17","reason":"PutObject"},"comment":"made for measuring"}`)

// patternSet is a set of n rules; one of them matches patternEvent.
func patternSet(n int) (*pattern.Set, error) {
	var list []*pattern.Pattern
	for i := range n {
		text := fmt.Sprintf(`{"source":["aws.s3"],"detail-type":["Object Created"],"detail":{"bucket":{"name":["reports-%d"]},"object":{"key":[{"prefix":"monthly/"}]}}}`, 9999-i)
		p, err := pattern.Compile(text, pattern.Rule)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return pattern.NewSet(list...), nil
}

// patterns matches an event against a set of 1 and one of 10 000: microseconds
// an event.
func patterns(ctx context.Context, _ *lab) (figures []figure, err error) {
	for _, c := range []struct {
		n    int
		what string
		most float64
	}{
		{1, "event against 1 pattern", 1.5},
		{10_000, "event against 10 000 patterns", 5},
	} {
		set, err := patternSet(c.n)
		if err != nil {
			return nil, err
		}
		var took []float64
		for range pairCount {
			d, err := matching(set, 20_000)
			if err != nil {
				return nil, err
			}
			took = append(took, float64(d.Nanoseconds())/1000)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		figures = append(figures, figure{what: c.what, unit: "µs", ours: median(took), most: c.most})
	}
	return figures, nil
}

// matching is the time of one of n matches.
func matching(set *pattern.Set, n int) (time.Duration, error) {
	var ids []int
	began := time.Now()
	for range n {
		var err error
		if ids, err = set.Match(patternEvent, ids[:0]); err != nil || len(ids) != 1 {
			return 0, fmt.Errorf("%d patterns match, must be 1: %w", len(ids), err)
		}
	}
	return time.Since(began) / time.Duration(n), nil
}
