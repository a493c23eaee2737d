package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/penstock/penstock/store"
)

// While the leader is in its commit, those who come gather; the next leader is
// one of them and takes all along. Who gives up before that wrote nothing.
func TestGrouping(t *testing.T) {
	s, _ := fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	begun, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := s.do(t.Context(), &write{apply: func(*committer) error { close(begun); <-release; return nil }})
		if err != nil {
			t.Error(err)
		}
	})
	<-begun
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() {
			mine := t.Context()
			condition := store.Any
			switch {
			case i%5 == 0:
				mine = ctx
			case i%5 == 1:
				condition = 99
			}
			_, errs[i] = store.Set(mine, s, fmt.Sprint(i), nil, condition)
		})
	}
	waiting := func(n int) {
		for {
			s.committer.mu.Lock()
			have := len(s.waiting)
			s.committer.mu.Unlock()
			if have == n {
				return
			}
		}
	}
	waiting(20)
	cancel()
	waiting(16)
	before := s.Stats()
	close(release)
	wg.Wait()
	after := s.Stats()
	for i, err := range errs {
		want := []error{context.Canceled, store.ErrConflict, nil, nil, nil}[i%5]
		if !errors.Is(err, want) {
			t.Errorf("write %d: error %v, want %v", i, err, want)
		}
		if _, err := s.Get(t.Context(), fmt.Sprint(i)); (err == nil) != (want == nil) {
			t.Errorf("write %d: read back with %v", i, err)
		}
	}
	if groups := after.Groups - before.Groups; groups != 2 || after.Writes != 17 || after.Refused != 4 || after.Sizes[4] != 1 || after.Sizes[0] != 1 {
		t.Errorf("%d groups, stats %+v: want the blocker and one group of 16", groups, after)
	}
}

// A group has its limits, and nobody is left behind.
func TestGroupsAreLimited(t *testing.T) {
	s, _ := fresh(t)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if _, err := store.Set(t.Context(), s, fmt.Sprint(i), make([]byte, 2<<20), store.Any); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if stats := s.Stats(); stats.Writes != 40 || stats.Groups < 5 {
		t.Errorf("stats %+v: 80 MB want at least 5 groups of 16 MB", stats)
	}
}

// Close waits for who has begun; who comes later is refused.
func TestCloseFinishesCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := fresh(t)
		begun, release := make(chan struct{}), make(chan struct{})
		results := make(chan error, 3)
		go func() {
			results <- s.do(t.Context(), &write{apply: func(*committer) error { close(begun); <-release; return nil }})
		}()
		<-begun
		go func() { results <- set(s, "k", "v") }()
		synctest.Wait()
		go func() { results <- s.Close() }()
		synctest.Wait()
		if err := set(s, "late", "v"); !errors.Is(err, store.ErrClosed) {
			t.Errorf("error %v, want ErrClosed", err)
		}
		close(release)
		for range 3 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
	})
}
