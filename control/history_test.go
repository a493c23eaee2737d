package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/store"
)

// A flaky store fails some commits: before they are written, or after.
type flaky struct {
	store.Store
	mu     sync.Mutex
	random *rand.Rand
	rate   float64
}

var errDisk = errors.New("disk trouble")

func (f *flaky) Commit(ctx context.Context, t store.Txn) (store.Committed, error) {
	f.mu.Lock()
	fail, after := f.random.Float64() < f.rate, f.random.IntN(2) == 0
	f.mu.Unlock()
	if fail && !after {
		return store.Committed{}, errDisk
	}
	done, err := f.Store.Commit(ctx, t)
	if fail {
		return store.Committed{}, errors.Join(err, errDisk)
	}
	return done, err
}

// A model is what was acknowledged.
type model struct {
	functions map[string]string // description
	mappings  map[string]mapping.Config
}

// Random histories of one client against a model, with crashes and a store that
// fails: what was acknowledged is there, what was refused is not, what failed is
// either; in the end everything runs that should.
func TestHistories(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) { history(t, r, seed) })
		})
	}
}

func history(t *testing.T, r *rig, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	disk := &flaky{Store: r.o.Store.(store.Store), random: rand.New(rand.NewPCG(seed, 2))}
	if seed%3 == 0 {
		disk.rate = 0.1
	}
	r.o.Store = disk
	if seed%2 == 1 {
		r.delay = 2 * time.Second
	}
	m := model{map[string]string{}, map[string]mapping.Config{}}
	r.start()
	for step := range 150 {
		name := fmt.Sprintf("f%d", random.IntN(4))
		text := fmt.Sprintf("v%d", step)
		switch random.IntN(11) {
		case 0, 1:
			_, err := r.plane.CreateFunction(t.Context(), input(name, text))
			m.function(t, r, name, err, m.functions[name] == "", text)
		case 2:
			_, err := r.plane.UpdateFunctionConfiguration(t.Context(), ConfigurationUpdate{Name: name, Configuration: Configuration{Description: &text}})
			m.function(t, r, name, err, m.functions[name] != "", text)
		case 3:
			// The description stays, and the code is another.
			_, err := r.plane.UpdateFunctionCode(t.Context(), CodeUpdate{Name: name, Code: CodeSource{ZipFile: archive("app.py", text)}})
			m.function(t, r, name, err, m.functions[name] != "", m.functions[name])
		case 4:
			err := r.plane.DeleteFunction(t.Context(), name, "")
			m.function(t, r, name, err, m.functions[name] != "", "")
		case 5, 6:
			cfg := queueMapping(name, fmt.Sprintf("q%d", random.IntN(3)), random.IntN(2) == 0)
			if made, err := r.plane.CreateMapping(t.Context(), cfg); err == nil {
				m.mappings[made.Config.UUID] = made.Config
			} else {
				m.reread(r) // a failed write may have made one
			}
		case 7:
			if uuid := pick(random, m.mappings); uuid != "" {
				size := 1 + random.IntN(10)
				changed, _, err := r.plane.UpdateMapping(t.Context(), uuid, fmt.Appendf(nil, `{"BatchSize":%d,"Enabled":%v}`, size, random.IntN(2) == 0))
				if err == nil {
					m.mappings[uuid] = changed.Config
				} else {
					m.reread(r)
				}
			}
		case 8:
			if uuid := pick(random, m.mappings); uuid != "" {
				if _, err := r.plane.DeleteMapping(t.Context(), uuid); err == nil {
					delete(m.mappings, uuid)
				} else {
					m.reread(r)
				}
			}
		case 9:
			r.restart()
		case 10:
			time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
			synctest.Wait()
		}
		m.compare(t, r, step)
	}
	disk.mu.Lock()
	disk.rate = 0
	disk.mu.Unlock()
	time.Sleep(time.Minute)
	r.settle()
	m.compare(t, r, -1)
	m.running(t, r)
	r.restart()
	r.settle()
	m.compare(t, r, -2)
	m.running(t, r)
}

func pick(random *rand.Rand, m map[string]mapping.Config) string {
	keys := sortedKeys(m)
	if len(keys) == 0 {
		return ""
	}
	return keys[random.IntN(len(keys))]
}

// function takes the outcome of an operation into the model. could says whether
// it could succeed at all.
func (m model) function(t *testing.T, r *rig, name string, err error, could bool, text string) {
	t.Helper()
	switch {
	case err == nil && !could:
		t.Fatalf("function %s: succeeded, and should not", name)
	case err != nil && !errors.Is(err, invoke.ErrRefused):
		m.reread(r)
		return
	case err != nil:
		return
	}
	if text == "" {
		delete(m.functions, name)
	} else {
		m.functions[name] = text
	}
}

// reread takes over what a failed write may have left: from the store, since
// that is what counts.
func (m model) reread(r *rig) {
	disk := r.o.Store.(*flaky).Store
	clear(m.functions)
	clear(m.mappings)
	for _, prefix := range []string{functionPrefix, mappingPrefix} {
		pairs, _ := disk.List(context.Background(), prefix, "", store.MaxPage)
		for _, pair := range pairs {
			switch e, err := decode(pair); {
			case err != nil:
				r.t.Fatal(err)
			case e.function != nil:
				m.functions[e.function.Name] = *e.function.Description
			case e.mapping.State != mapping.Deleting:
				m.mappings[e.mapping.Config.UUID] = e.mapping.Config
			}
		}
	}
}

// compare asks the store, which is what a crash leaves.
func (m model) compare(t *testing.T, r *rig, step int) {
	t.Helper()
	have := model{map[string]string{}, map[string]mapping.Config{}}
	have.reread(r)
	if !maps.Equal(have.functions, m.functions) {
		t.Fatalf("step %d: functions %v, want %v", step, have.functions, m.functions)
	}
	if !slices.Equal(sortedKeys(have.mappings), sortedKeys(m.mappings)) {
		t.Fatalf("step %d: mappings %v, want %v", step, sortedKeys(have.mappings), sortedKeys(m.mappings))
	}
	for uuid, cfg := range m.mappings {
		if !sameConfig(have.mappings[uuid], cfg) {
			t.Fatalf("step %d: mapping %s is %+v, want %+v", step, uuid, have.mappings[uuid], cfg)
		}
	}
}

// running says whether everything does what the model wants.
func (m model) running(t *testing.T, r *rig) {
	t.Helper()
	for name, text := range m.functions {
		if got := r.invoke(name); got != `"`+name+"/"+text+`"` {
			t.Errorf("function %s answers %s, want %s: %+v", name, got, text, r.get(name))
		}
	}
	synctest.Wait()
	var want []string
	for _, uuid := range sortedKeys(m.mappings) {
		cfg := m.mappings[uuid]
		if m.functions[cfg.FunctionName] != "" && cfg.On() {
			want = append(want, uuid)
		}
		got, err := r.plane.GetMapping(uuid)
		if err != nil || got.State.Passing() || !sameConfig(got.Config, cfg) {
			t.Errorf("mapping %s: %+v %v", uuid, got, err)
		}
	}
	if got := r.server.runs(); !slices.Equal(got, want) {
		t.Errorf("runs %v, want %v", got, want)
	}
	r.mu.Lock()
	open := map[string]int{}
	for id, n := range r.open {
		if n != 0 {
			open[id] = n
		}
	}
	r.mu.Unlock()
	for name, text := range m.functions {
		delete(open, name+"/"+text)
	}
	if len(open) > 0 {
		t.Errorf("left open: %v", open)
	}
	entries, _ := os.ReadDir(r.plane.codeFolder())
	used := r.plane.used()
	if len(entries) != 2*len(used) {
		t.Errorf("%d entries in the code folder, %d archives in use", len(entries), len(used))
	}
}

// Clients and templates at once: no race, no deadlock, every function has the
// code it says it has.
func TestManyClients(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.delay = 10 * time.Millisecond
		r.start()
		var wg sync.WaitGroup
		for client := range 8 {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(uint64(client), 3))
				for step := range 60 {
					name := fmt.Sprintf("f%d", random.IntN(3))
					text := fmt.Sprintf("%d-%d", client, step)
					switch random.IntN(7) {
					case 0, 1:
						r.plane.CreateFunction(t.Context(), input(name, text))
					case 2:
						r.plane.UpdateFunctionConfiguration(t.Context(), ConfigurationUpdate{Name: name, Configuration: Configuration{Description: &text}})
					case 3:
						r.plane.DeleteFunction(t.Context(), name, "")
					case 4:
						r.plane.CreateMapping(t.Context(), queueMapping(name, fmt.Sprintf("q%d", random.IntN(2)), true))
					case 5:
						if list, _, _ := r.plane.ListMappings("", "", "", 0); len(list) > 0 {
							r.plane.DeleteMapping(t.Context(), list[0].Config.UUID)
						}
					case 6:
						r.plane.Adopt(t.Context(), stackOf("/t.yaml", declared(fmt.Sprintf("t%d", random.IntN(2)), text), joined("m", "f0", "qt")))
					}
					r.invoke(name)
					time.Sleep(time.Duration(random.IntN(5)) * time.Millisecond)
				}
			})
		}
		wg.Wait()
		r.settle()
		list, _, _ := r.plane.ListFunctions("", 0)
		for _, f := range list {
			if got := r.invoke(f.Name); got != `"`+f.Name+"/"+*f.Description+`"` {
				t.Errorf("%s answers %s, is %s", f.Name, got, *f.Description)
			}
		}
		all, _, _ := r.plane.ListMappings("", "", "", 0)
		seen := map[string]bool{}
		for _, m := range all {
			if key := m.Config.FunctionName + m.Config.EventSourceArn; seen[key] {
				t.Errorf("two mappings of %s", key)
			} else {
				seen[key] = true
			}
		}
	})
}

// Two clients that create the same at once: one wins.
func TestCreateOnce(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.o.Store = slow{Store: r.o.Store.(store.Store)}
		r.start()
		var wg sync.WaitGroup
		var mu sync.Mutex
		functions, mappings := 0, 0
		r.create("target", "x")
		for range 16 {
			wg.Go(func() {
				_, err := r.plane.CreateFunction(t.Context(), input("f", "x"))
				_, err2 := r.plane.CreateMapping(t.Context(), queueMapping("target", "q", true))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					functions++
				}
				if err2 == nil {
					mappings++
				}
			})
		}
		wg.Wait()
		if functions != 1 || mappings != 1 {
			t.Errorf("%d functions, %d mappings", functions, mappings)
		}
	})
}
