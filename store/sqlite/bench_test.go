package sqlite_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/penstock/penstock/store"
	"github.com/penstock/penstock/store/sqlite"
)

// BenchmarkCommit puts entries of 1 KB, each with a commit of its own, as the
// asynchronous backlog does. Writes are grouped: with 64 writers the rate is
// to be at least 20 times that of one (BenchmarkGrouping).
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "store"))
			b.ResetTimer()
			commits(b, s, writers, func(done int64) bool { return done <= int64(b.N) })
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
			stats := s.Stats()
			b.ReportMetric(float64(stats.Writes)/float64(stats.Groups), "commits/sync")
		})
	}
}

// BenchmarkGrouping measures one writer and 64 in turns, so that a disk that is
// slower for a while is so for both.
func BenchmarkGrouping(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "store"))
	var total [2]int64
	turn := func(writers int) int64 {
		var n atomic.Int64
		until := time.Now().Add(100 * time.Millisecond)
		commits(b, s, writers, func(int64) bool { n.Add(1); return time.Now().Before(until) })
		return n.Load()
	}
	turns := 0
	for b.Loop() {
		for range 5 {
			total[0] += turn(1)
			total[1] += turn(64)
			turns++
		}
	}
	b.ReportMetric(float64(total[0])/float64(turns)*10, "alone/s")
	b.ReportMetric(float64(total[1])/float64(turns)*10, "64-writers/s")
	b.ReportMetric(float64(total[1])/float64(total[0]), "ratio")
}

func commits(b *testing.B, s *sqlite.Store, writers int, more func(done int64) bool) {
	var wg sync.WaitGroup
	var done atomic.Int64
	payload := make([]byte, 1024)
	for range writers {
		wg.Go(func() {
			for more(done.Add(1)) {
				if _, err := s.Commit(b.Context(), store.Txn{Queue: []store.Item{{Queue: "arn:aws:lambda:us-east-1:000000000000:function:bench", Payload: payload}}}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkOpen opens a file that is there, and closes it.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "store")
	if err := open(b, path).Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := sqlite.Open(path, sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
