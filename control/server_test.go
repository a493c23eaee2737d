package control

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
	"github.com/penstock/penstock/store"
)

// daemon is a plane with a real server, as a daemon joins them. stop ends both.
func daemon(t *testing.T, r *rig, q *memory.Queue) (stop func()) {
	r.o.Kinds = []sources.Kind{q.Kind()}
	r.openPlane()
	server := &penstock.Server{Kinds: r.o.Kinds, Log: r.o.Log}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { r.plane.Run(ctx, server) })
	wg.Go(func() {
		if err := server.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	return func() {
		cancel()
		wg.Wait()
		r.plane.Close()
	}
}

// Records are delivered while functions and mappings come, change and go, also
// over restarts; each is settled in the end, and none is given up.
func TestDeliversThroughChanges(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		q := &memory.Queue{MaxReceives: 3}
		stop := daemon(t, r, q)
		r.create("f", "0")
		m := r.mapping("f", "q", true)
		for i := range 40 {
			q.PutBodies(fmt.Sprint(i))
			time.Sleep(700 * time.Millisecond)
			text := fmt.Sprint(i)
			switch i % 8 {
			case 1, 5:
				r.plane.UpdateFunctionConfiguration(t.Context(), ConfigurationUpdate{Name: "f", Configuration: Configuration{Description: &text}})
			case 2:
				r.plane.UpdateMapping(t.Context(), m.Config.UUID, []byte(`{"Enabled":false}`))
			case 3:
				r.plane.UpdateMapping(t.Context(), m.Config.UUID, []byte(`{"Enabled":true,"BatchSize":3}`))
			case 4:
				if err := r.plane.DeleteFunction(t.Context(), "f", ""); err != nil {
					t.Error(err)
				}
				r.settle()
				r.create("f", text)
			case 6:
				stop()
				stop = daemon(t, r, q)
			}
		}
		time.Sleep(5 * time.Minute)
		stop()
		if n := len(q.Acked()); n != 40 || len(q.Dead()) != 0 {
			t.Errorf("%d settled, dead %v", n, q.Dead())
		}
	})
}

// Callers of the API and mappings share a function's slots: callers fail at
// once, and mappings leave the records where they are until there is room.
func TestSlotsAreShared(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		q := &memory.Queue{MaxReceives: 1, Visibility: 5 * time.Second}
		stop := daemon(t, r, q)
		defer func() { stop() }()
		f := declared("f", "1")
		f.Concurrency, f.Timeout = new(1), time.Minute
		if err := r.plane.Adopt(t.Context(), stackOf("/t.yaml", f)); err != nil {
			t.Fatal(err)
		}
		r.mapping("f", "q", true)
		r.settle()
		_, fn, err := r.plane.Resolve("f", "")
		if err != nil {
			t.Fatal(err)
		}
		_, release, err := fn.Target.(invoke.Reserver).Reserve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := r.invoke("f"); got != "throttled: Rate Exceeded: 1 of 1 invocations are running" {
			t.Error(got)
		}
		time.Sleep(time.Minute) // a receive that began when there was room has ended
		q.PutBodies("1")
		time.Sleep(9 * time.Second)
		if c := q.Counts(); c.Visible != 1 || c.Dead != 0 {
			t.Errorf("without room: %+v", c)
		}
		release()
		time.Sleep(30 * time.Second)
		if c := q.Counts(); c.Acked != 1 || c.Dead != 0 {
			t.Errorf("with room: %+v", c)
		}
	})
}

// What is defined and does nothing is cheap: memory of 10 000 functions and
// 10 000 disabled mappings, after a restart.
func TestMemoryOfManyDefinitions(t *testing.T) {
	const n = 10_000
	r := newRig(t)
	r.openPlane()
	for i := range n {
		name := fmt.Sprintf("function-%05d", i)
		f := r.plane.created(name, Deployed{Configuration: defaults(name).with(input(name, "about").Configuration), Code: Code{Zip: fmt.Sprintf("%064d", i), Sha256: fmt.Sprintf("%044d", i), Size: 1000}})
		f.State, f.LastUpdateStatus, f.StateReason, f.StateReasonCode = Active, Successful, "", ""
		cfg := queueMapping(name, fmt.Sprintf("queue-%d", i), false)
		cfg.UUID = invoke.NewID()
		m := &Mapping{Config: cfg, Life: Life{State: mapping.Disabled, LastModified: now()}}
		if err := r.plane.write(t.Context(), edit{key: functionKey(name), function: f}, edit{key: mappingKey(cfg.UUID), mapping: m}); err != nil {
			t.Fatal(err)
		}
	}
	r.plane = nil
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	r.start()
	r.settle()
	used := heap() - before
	t.Logf("%d bytes for each function with its mapping", used/n)
	if most := int64(5000); used/n > most {
		t.Errorf("%d bytes for each function with its mapping, more than %d", used/n, most)
	}
	if len(r.buildings()) != 0 {
		t.Errorf("%d builds", len(r.buildings()))
	}
}

func BenchmarkCreateMapping(b *testing.B) {
	r := &rig{}
	r.o = Options{Store: store.Memory(), Data: b.TempDir(), Build: r.build, Kinds: []sources.Kind{sqsKind()}}
	p, err := Open(b.Context(), r.o)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := p.CreateFunction(b.Context(), input("f", "x")); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := p.CreateMapping(b.Context(), queueMapping("f", fmt.Sprint("q", i), false)); err != nil {
			b.Fatal(err)
		}
	}
}
