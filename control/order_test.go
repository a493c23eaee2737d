package control

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/store"
)

// Settled is to be believed: what it waited for is done when it returns.
func TestSettledMeansDone(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		settled := func(runs int) {
			t.Helper()
			if err := r.plane.Settled(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := r.server.runs(); len(got) != runs {
				t.Errorf("runs %v, want %d", got, runs)
			}
		}
		r.server.during = func([]mapping.Config) { time.Sleep(time.Millisecond) }
		r.start()
		r.create("f", "one")
		r.mapping("f", "q", true)
		settled(1)
		r.stop()
		r.server.mu.Lock()
		r.server.mappings = nil
		r.server.mu.Unlock()
		r.start()
		settled(1)
		r.plane.DeleteFunction(t.Context(), "f", "")
		settled(0)
		r.create("f", "two")
		settled(1)
	})
}

// A mapping that is changed while the server takes it keeps the change.
func TestChangedWhileTheServerTakesIt(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.create("f", "one")
		r.settle()
		r.server.during = func(list []mapping.Config) {
			for _, cfg := range list {
				m, _ := r.plane.GetMapping(cfg.UUID)
				if err := r.plane.Tag(t.Context(), r.plane.MappingARN(m), map[string]string{"k": "v"}); err != nil {
					t.Error(err)
				}
			}
		}
		m := r.mapping("f", "q", true)
		r.settle()
		if got, _ := r.plane.GetMapping(m.Config.UUID); got.State != mapping.Enabled || got.Config.Tags["k"] != "v" {
			t.Errorf("%+v", got)
		}
	})
}

// A slow store takes its time, and tells what it is about to do.
type slow struct {
	store.Store
	before func(store.Txn)
}

func (s slow) Commit(ctx context.Context, t store.Txn) (store.Committed, error) {
	if s.before != nil {
		s.before(t)
	}
	time.Sleep(time.Millisecond)
	return s.Store.Commit(ctx, t)
}

// A mapping is stopped before it is gone, and a function is Active when it runs.
func TestRecordsFollowWhatRuns(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		deleted, enabled := 0, 0
		r.o.Store = slow{r.o.Store.(store.Store), func(txn store.Txn) {
			for _, d := range txn.Delete {
				if uuid, ok := strings.CutPrefix(d.Key, mappingPrefix); ok {
					deleted++
					if slices.Contains(r.server.runs(), uuid) {
						t.Errorf("mapping %s is gone and runs", uuid)
					}
				}
			}
			for _, put := range txn.Put {
				e, _ := decode(store.Pair{Key: put.Key, Value: put.Value})
				if e.mapping != nil && e.mapping.State == mapping.Enabled {
					enabled++
					if !slices.Contains(r.server.runs(), e.mapping.Config.UUID) {
						t.Errorf("mapping %s is Enabled and does not run", e.mapping.Config.UUID)
					}
				}
			}
		}}
		r.start()
		r.create("f", "one")
		m := r.mapping("f", "q", true)
		r.settle()
		r.plane.DeleteMapping(t.Context(), m.Config.UUID)
		r.settle()
		if deleted != 1 || enabled != 1 {
			t.Errorf("%d deleted, %d enabled", deleted, enabled)
		}
	})
}

// After a crash at any moment, what had been recorded by then can be opened and
// comes to rest: nothing stays on its way.
func TestEveryMomentCanBeOpened(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var log []store.Txn
		var mu sync.Mutex
		r.o.Store = slow{r.o.Store.(store.Store), func(txn store.Txn) {
			mu.Lock()
			defer mu.Unlock()
			txn.Check = nil
			log = append(log, txn)
		}}
		r.start()
		r.create("f", "one")
		m := r.mapping("f", "q", true)
		r.settle()
		two := "two"
		r.plane.UpdateFunctionConfiguration(t.Context(), ConfigurationUpdate{Name: "f", Configuration: Configuration{Description: &two}})
		r.plane.UpdateMapping(t.Context(), m.Config.UUID, []byte(`{"Enabled":false}`))
		r.settle()
		r.plane.Adopt(t.Context(), stackOf("/t.yaml", declared("t", "1"), joined("m", "t", "qt")))
		r.settle()
		r.plane.Adopt(t.Context(), stackOf("/t.yaml"))
		r.plane.DeleteMapping(t.Context(), m.Config.UUID)
		r.settle()
		r.plane.DeleteFunction(t.Context(), "f", "")
		r.settle()
		r.stop()
		if len(log) < 12 {
			t.Errorf("only %d commits", len(log))
		}
		for n := range len(log) + 1 {
			kept := store.Memory()
			for _, txn := range log[:n] {
				if _, err := kept.Commit(t.Context(), txn); err != nil {
					t.Fatal(err)
				}
			}
			r.o.Store = kept
			r.start()
			r.settle()
			for _, uuid := range r.server.runs() {
				if got, err := r.plane.GetMapping(uuid); err != nil || got.State != mapping.Enabled {
					t.Errorf("after %d commits: %+v %v", n, got, err)
				}
			}
			r.stop()
		}
	})
}
