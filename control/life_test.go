package control

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
)

func TestFunctionLife(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.slow["f"] = make(chan struct{})
		r.start()
		created := r.create("f", "one")
		if created.State != Pending || created.StateReasonCode != "Creating" || created.LastUpdateStatus != "" {
			t.Fatalf("created %+v", created)
		}
		if got := r.invoke("f"); got != "ResourceConflictException: The operation cannot be performed at this time. The function is currently in the following state: Pending" {
			t.Error(got)
		}
		close(r.slow["f"])
		r.settle()
		active := r.get("f")
		if active.State != Active || active.StateReason != "" || active.LastUpdateStatus != Successful || active.RevisionID == created.RevisionID {
			t.Fatalf("active %+v", active)
		}
		if got := r.invoke("f"); got != `"f/one"` {
			t.Error(got)
		}

		// An update: the old code runs until the new is built.
		r.mu.Lock()
		r.slow["f"] = make(chan struct{})
		r.mu.Unlock()
		two := "two"
		updated, err := r.plane.UpdateFunctionConfiguration(t.Context(), ConfigurationUpdate{Name: "f", Configuration: Configuration{Description: &two}})
		if err != nil {
			t.Fatal(err)
		}
		if updated.State != Active || updated.LastUpdateStatus != InProgress || updated.LastUpdateStatusReason != creatingReason || *updated.Description != "two" {
			t.Errorf("updated %+v", updated)
		}
		synctest.Wait()
		if got := r.invoke("f"); got != `"f/one"` {
			t.Error("during an update: ", got)
		}
		close(r.slow["f"])
		r.settle()
		if f := r.get("f"); f.LastUpdateStatus != Successful || f.LastUpdateStatusReason != "" || f.Serving != nil {
			t.Errorf("after the update %+v", f)
		}
		if got := r.invoke("f"); got != `"f/two"` {
			t.Error(got)
		}
		if !slices.Equal(r.closings(), []string{"f/one"}) {
			t.Errorf("closed %v", r.closings())
		}

		// One that fails: what ran goes on, also after a restart.
		r.fail["f"] = &BuildError{"InvalidRuntime", errors.New("no interpreter")}
		three := "three"
		if _, err := r.plane.UpdateFunctionConfiguration(t.Context(), ConfigurationUpdate{Name: "f", Configuration: Configuration{Description: &three}}); err != nil {
			t.Fatal(err)
		}
		r.settle()
		f := r.get("f")
		if f.State != Active || f.LastUpdateStatus != Failed || f.LastUpdateStatusReason != "no interpreter" || f.LastUpdateStatusReasonCode != "InvalidRuntime" || *f.Description != "three" {
			t.Errorf("after a failed update %+v", f)
		}
		if got := r.invoke("f"); got != `"f/two"` {
			t.Error(got)
		}
		delete(r.fail, "f")
		r.restart()
		if got := r.invoke("f"); got != `"f/two"` {
			t.Error("after the restart: ", got)
		}
		if err := r.plane.DeleteFunction(t.Context(), "f", ""); err != nil {
			t.Fatal(err)
		}
		r.settle()
		if got := r.invoke("f"); got != "ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST" {
			t.Error(got)
		}
		if n := r.open["f/two"]; n != 0 {
			t.Errorf("%d builds left open", n)
		}
	})
}

// A running invocation ends on the code it began on, which is closed then.
func TestUpdateDrains(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		in := input("f", "one")
		in.Timeout = 60
		if _, err := r.plane.CreateFunction(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		r.settle()
		_, f, err := r.plane.Resolve("f", "")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan string, 1)
		go func() {
			out, err := f.Target.Invoke(context.Background(), invoke.Request{Event: []byte(`"sleep"`)})
			done <- string(out.Payload) + fmtError(err)
		}()
		synctest.Wait()
		two := "two"
		if _, err := r.plane.UpdateFunctionConfiguration(t.Context(), ConfigurationUpdate{Name: "f", Configuration: Configuration{Description: &two}}); err != nil {
			t.Fatal(err)
		}
		r.settle()
		if got := r.invoke("f"); got != `"f/two"` || len(r.closings()) > 0 {
			t.Errorf("%s, closed %v", got, r.closings())
		}
		if got := <-done; got != `"f/one"` {
			t.Error(got)
		}
		synctest.Wait()
		if !slices.Equal(r.closings(), []string{"f/one"}) {
			t.Errorf("closed %v", r.closings())
		}
	})
}

func fmtError(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestFunctionFails(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.fail["f"] = errors.New("runtime cobol is not here")
		r.start()
		r.create("f", "one")
		r.settle()
		f := r.get("f")
		if f.State != Failed || f.StateReason != "runtime cobol is not here" || f.StateReasonCode != "FunctionError" || f.LastUpdateStatus != Failed {
			t.Errorf("%+v", f)
		}
		if got := r.invoke("f"); !strings.HasSuffix(got, "in the following state: Failed") {
			t.Error(got)
		}
		delete(r.fail, "f")
		r.restart() // what was missing is there now
		r.settle()
		if got := r.invoke("f"); got != `"f/one"` {
			t.Error(got)
		}
	})
}

// Functions that were Active are built when they are used, or when a mapping
// needs them.
func TestRestartIsLazy(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.create("mapped", "a")
		r.create("called", "b")
		r.create("idle", "c")
		m := r.mapping("mapped", "q", true)
		r.mapping("idle", "q", false)
		r.settle()
		r.stop()
		r.built = nil
		r.start()
		r.settle()
		if !slices.Equal(r.buildings(), []string{"mapped"}) || !slices.Equal(r.server.runs(), []string{m.Config.UUID}) {
			t.Errorf("built %v, runs %v", r.buildings(), r.server.runs())
		}
		if got := r.invoke("called"); got != `"called/b"` {
			t.Error(got)
		}
		if !slices.Equal(r.buildings(), []string{"mapped", "called"}) {
			t.Errorf("built %v", r.buildings())
		}
	})
}

// A function that ran before and cannot be built is not given up: its mapping
// waits and says why, callers are told, and it is tried again.
func TestRestartCannotBuild(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.create("f", "one")
		m := r.mapping("f", "q", true)
		r.settle()
		r.stop()
		r.fail["f"] = errors.New("disk is gone")
		r.start()
		time.Sleep(time.Second)
		if got := r.invoke("f"); got != "disk is gone" {
			t.Error(got)
		}
		if got, _ := r.plane.GetMapping(m.Config.UUID); got.State != mapping.Enabled || got.Trouble != "disk is gone" || len(r.server.runs()) > 0 {
			t.Errorf("%+v runs %v", got, r.server.runs())
		}
		if f := r.get("f"); f.State != Active {
			t.Errorf("%+v", f)
		}
		r.mu.Lock()
		delete(r.fail, "f")
		r.mu.Unlock()
		time.Sleep(retryBuild + time.Second)
		if got, _ := r.plane.GetMapping(m.Config.UUID); got.Trouble != "" || len(r.server.runs()) != 1 {
			t.Errorf("%+v runs %v", got, r.server.runs())
		}
	})
}

func TestMappingLife(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.create("f", "one")
		r.settle()
		state := func(uuid string) mapping.State {
			m, err := r.plane.GetMapping(uuid)
			if err != nil {
				return mapping.Gone
			}
			return m.State
		}
		off := r.mapping("f", "off", false)
		on := r.mapping("f", "on", true)
		if off.State != mapping.Disabled || on.State != mapping.Creating {
			t.Errorf("created %s and %s", off.State, on.State)
		}
		if _, err := r.plane.DeleteMapping(t.Context(), on.Config.UUID); refusal(t, err) != "ResourceInUseException: Cannot delete the event source mapping because it is in use." {
			t.Error(err)
		}
		r.settle()
		if got := r.server.runs(); !slices.Equal(got, []string{on.Config.UUID}) || state(on.Config.UUID) != mapping.Enabled {
			t.Errorf("runs %v, %s", got, state(on.Config.UUID))
		}
		for _, step := range []struct {
			uuid, body string
			passing    mapping.State
			settled    mapping.State
			runs       int
		}{
			{off.Config.UUID, `{"Enabled":true}`, mapping.Enabling, mapping.Enabled, 2},
			{off.Config.UUID, `{"BatchSize":5}`, mapping.Updating, mapping.Enabled, 2},
			{off.Config.UUID, `{"Enabled":false}`, mapping.Disabling, mapping.Disabled, 1},
			{off.Config.UUID, `{"BatchSize":7}`, mapping.Updating, mapping.Disabled, 1},
		} {
			m, _, err := r.plane.UpdateMapping(t.Context(), step.uuid, []byte(step.body))
			if err != nil || m.State != step.passing {
				t.Errorf("%s: %s, %v", step.body, m.State, err)
			}
			r.settle()
			if s := state(step.uuid); s != step.settled || len(r.server.runs()) != step.runs {
				t.Errorf("%s: %s, runs %v", step.body, s, r.server.runs())
			}
		}
		m, err := r.plane.DeleteMapping(t.Context(), on.Config.UUID)
		if err != nil || m.State != mapping.Deleting {
			t.Errorf("%s %v", m.State, err)
		}
		r.settle()
		if s := state(on.Config.UUID); s != mapping.Gone || len(r.server.runs()) != 0 {
			t.Errorf("%s, runs %v", s, r.server.runs())
		}
		if d := r.plane.Describe(off); d.FunctionArn != "arn:aws:lambda:us-east-1:000000000000:function:f" || d.BatchSize != 10 || d.StateTransitionReason != "USER_INITIATED" {
			t.Errorf("%+v", d)
		}
	})
}

// Deleting a function leaves its mappings, which run again with its successor.
func TestMappingOutlivesFunction(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.create("f", "one")
		m := r.mapping("f", "q", true)
		r.settle()
		if err := r.plane.DeleteFunction(t.Context(), "f", ""); err != nil {
			t.Fatal(err)
		}
		r.settle()
		got, err := r.plane.GetMapping(m.Config.UUID)
		if err != nil || got.State != mapping.Enabled || !strings.Contains(got.Trouble, "Function not found") || len(r.server.runs()) != 0 {
			t.Errorf("%+v %v runs %v", got, err, r.server.runs())
		}
		r.create("f", "two")
		r.settle()
		if got, _ := r.plane.GetMapping(m.Config.UUID); got.Trouble != "" || len(r.server.runs()) != 1 {
			t.Errorf("%+v runs %v", got, r.server.runs())
		}
	})
}

// The server is kept at it: one that does not run yet, and a mapping that it
// refuses.
func TestServerRefuses(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.server.stopped = true
		r.server.refuses["arn:aws:sqs:us-east-1:000000000000:bad"] = true
		r.start()
		r.create("f", "one")
		good := r.mapping("f", "good", true)
		bad := r.mapping("f", "bad", true)
		time.Sleep(5 * time.Second)
		if m, _ := r.plane.GetMapping(good.Config.UUID); m.State != mapping.Creating {
			t.Errorf("%s before the server runs", m.State)
		}
		r.server.mu.Lock()
		r.server.stopped = false
		r.server.mu.Unlock()
		r.settle()
		m, _ := r.plane.GetMapping(bad.Config.UUID)
		if got := r.server.runs(); !slices.Equal(got, []string{good.Config.UUID}) || !strings.HasSuffix(m.Trouble, "refused") {
			t.Errorf("runs %v, %+v", got, m)
		}
		r.server.mu.Lock()
		clear(r.server.refuses)
		r.server.mu.Unlock()
		time.Sleep(time.Minute)
		if m, _ := r.plane.GetMapping(bad.Config.UUID); len(r.server.runs()) != 2 || m.Trouble != "" {
			t.Errorf("runs %v, %+v", r.server.runs(), m)
		}
	})
}
