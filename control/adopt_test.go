package control

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/mapping"
)

func stackOf(file string, parts ...any) *template.Stack {
	st := &template.Stack{Name: "s", File: file}
	for _, p := range parts {
		switch p := p.(type) {
		case template.Function:
			st.Functions = append(st.Functions, p)
		case template.Mapping:
			st.Mappings = append(st.Mappings, p)
		}
	}
	return st
}

func declared(name, text string) template.Function {
	return template.Function{
		LogicalID: "L" + name, Name: name, Handler: "index.handler", Runtime: "python3.12", Timeout: 7 * time.Second,
		Description: text, Code: template.Code{Inline: "# " + text, File: "index.py"},
	}
}

func joined(id, function, queue string) template.Mapping {
	return template.Mapping{LogicalID: "L" + id, UUID: id, Config: queueMapping(function, queue, true)}
}

func TestAdopt(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		adopt := func(st *template.Stack) {
			t.Helper()
			if err := r.plane.Adopt(t.Context(), st); err != nil {
				t.Fatal(err)
			}
			r.settle()
		}
		r.create("mine", "api")
		r.settle()
		adopt(stackOf("/t.yaml", declared("a", "1"), declared("b", "1"), joined("m1", "a", "qa"), joined("m2", "mine", "qm")))
		if got := r.server.runs(); !slices.Equal(got, []string{"m1", "m2"}) {
			t.Errorf("runs %v", got)
		}
		a := r.get("a")
		if a.State != Active || a.Timeout != 7 || a.Owner != (Owner{"/t.yaml", "La"}) || r.invoke("a") != `"a/1"` {
			t.Errorf("%+v", a)
		}

		// The same again, also after a restart, disturbs nothing.
		built := len(r.buildings())
		m1, _ := r.plane.GetMapping("m1")
		adopt(stackOf("/t.yaml", declared("a", "1"), declared("b", "1"), joined("m1", "a", "qa"), joined("m2", "mine", "qm")))
		if again, _ := r.plane.GetMapping("m1"); r.get("a").RevisionID != a.RevisionID || again.LastModified != m1.LastModified || len(r.buildings()) != built {
			t.Errorf("built %v", r.buildings())
		}
		r.restart()
		adopt(stackOf("/t.yaml", declared("a", "1"), declared("b", "1"), joined("m1", "a", "qa"), joined("m2", "mine", "qm")))
		if again, _ := r.plane.GetMapping("m1"); r.get("a").RevisionID != a.RevisionID || again.LastModified != m1.LastModified {
			t.Error("a restart changed records")
		}

		// What the template owns the API does not change; the rest it does.
		owned := "The function a is declared by the template /t.yaml (La). Change it there."
		_, err := r.plane.UpdateFunctionCode(t.Context(), CodeUpdate{Name: "a", Code: CodeSource{ZipFile: archive("x", "y")}})
		_, err2 := r.plane.UpdateFunctionConfiguration(t.Context(), ConfigurationUpdate{Name: "a"})
		for _, err := range []error{err, err2, r.plane.DeleteFunction(t.Context(), "a", ""), r.plane.Tag(t.Context(), fn+"a", map[string]string{"k": "v"}), r.plane.Untag(t.Context(), fn+"a", []string{"k"})} {
			if got := refusal(t, err); got != "ResourceConflictException: "+owned {
				t.Error(got)
			}
		}
		_, _, err = r.plane.UpdateMapping(t.Context(), "m1", []byte(`{"BatchSize":3}`))
		_, err2 = r.plane.DeleteMapping(t.Context(), "m1")
		for _, err := range []error{err, err2} {
			if got := refusal(t, err); got != "ResourceConflictException: The event source mapping m1 is declared by the template /t.yaml (Lm1). Change it there." {
				t.Error(got)
			}
		}
		own := r.mapping("a", "own", true)

		// Changes, and what is not declared any more goes. a is renamed, and its
		// source goes to a mapping with another name.
		adopt(stackOf("/t.yaml", declared("b", "2"), joined("m3", "b", "qa"), joined("m2", "b", "qm")))
		if _, err := r.plane.GetFunction("a", ""); err == nil || r.invoke("b") != `"b/2"` {
			t.Errorf("%v %s", err, r.invoke("b"))
		}
		if got := r.server.runs(); !slices.Equal(got, []string{"m2", "m3"}) {
			t.Errorf("runs %v", got)
		}
		if m, err := r.plane.GetMapping(own.Config.UUID); err != nil || m.State != mapping.Enabled || !strings.Contains(m.Trouble, "Function not found") {
			t.Errorf("what the API created: %+v %v", m, err)
		}
		if got := r.get("mine"); got.Owner != (Owner{}) {
			t.Errorf("%+v", got)
		}

		// A second template owns its own.
		adopt(stackOf("/u.yaml", declared("c", "1")))
		adopt(stackOf("/t.yaml"))
		if _, err := r.plane.GetFunction("b", ""); err == nil || r.invoke("c") != `"c/1"` || len(r.server.runs()) != 0 {
			t.Errorf("%v, runs %v", err, r.server.runs())
		}
	})
}

func TestAdoptRefuses(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.create("mine", "api")
		m := r.mapping("mine", "q", true)
		if err := r.plane.Adopt(t.Context(), stackOf("/u.yaml", declared("theirs", "1"))); err != nil {
			t.Fatal(err)
		}
		missing := declared("new", "1")
		missing.Code = template.Code{Path: "/no/such/folder"}
		for _, c := range []struct {
			stack *template.Stack
			want  []string
		}{
			{stackOf("/t.yaml", declared("mine", "1"), declared("theirs", "1")), []string{
				"function mine: there is one already, created by the API", "function theirs: there is one already, declared by the template /u.yaml",
			}},
			{stackOf("/t.yaml", declared("x", "1"), declared("x", "2")), []string{"function x: the template declares it twice"}},
			{stackOf("/t.yaml", missing), []string{"function new: code: stat /no/such/folder"}},
			{stackOf("/t.yaml", joined("a", "mine", "q")), []string{"mapping La", "already exists. Please update or delete the existing mapping with UUID " + m.Config.UUID}},
			{stackOf("/t.yaml", joined("a", "nobody", "z")), []string{"mapping La: FunctionName is nobody"}},
			{stackOf("/t.yaml", joined("a", "mine", "z"), joined("b", "mine", "z")), []string{"mapping Lb", "with UUID a"}},
			{stackOf("/t.yaml", joined(m.Config.UUID, "mine", "z")), []string{"already, created by the API"}},
		} {
			err := r.plane.Adopt(t.Context(), c.stack)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
			}
		}
		r.settle()
		if list, _, _ := r.plane.ListFunctions("", 0); len(list) != 2 || len(r.server.runs()) != 1 {
			t.Errorf("something was changed: %d functions, runs %v", len(list), r.server.runs())
		}
	})
}

// A template is read again while its mappings are on their way.
func TestAdoptWhilePassing(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.slow["a"] = make(chan struct{})
		r.start()
		first := stackOf("/t.yaml", declared("a", "1"), joined("m", "a", "q"))
		second := stackOf("/t.yaml", declared("a", "2"), joined("m", "a", "q"))
		second.Mappings[0].Config.BatchSize = 5
		for _, st := range []*template.Stack{first, second} {
			if err := r.plane.Adopt(t.Context(), st); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		close(r.slow["a"])
		r.settle()
		if got := r.invoke("a"); got != `"a/2"` || len(r.server.configs) != 1 || r.server.configs[0].BatchSize != 5 {
			t.Errorf("%s %+v", got, r.server.configs)
		}
		// Gone and back before it was stopped.
		for _, st := range []*template.Stack{stackOf("/t.yaml"), second} {
			if err := r.plane.Adopt(t.Context(), st); err != nil {
				t.Fatal(err)
			}
		}
		r.settle()
		if got, err := r.plane.GetMapping("m"); err != nil || got.State != mapping.Enabled {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// Folders are built again when something in them changed, and only then.
func TestAdoptFolder(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		dir := t.TempDir()
		write := func(text string) {
			if err := os.WriteFile(filepath.Join(dir, "app.py"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("one")
		f := declared("a", "1")
		f.Code = template.Code{Path: dir}
		r.start()
		for i, want := range []int{1, 1, 2} {
			if i == 2 {
				write("three")
			}
			if err := r.plane.Adopt(t.Context(), stackOf("/t.yaml", f)); err != nil {
				t.Fatal(err)
			}
			r.settle()
			if got := len(r.buildings()); got != want {
				t.Errorf("round %d: %d builds, want %d", i, got, want)
			}
		}
	})
}

func TestReservedConcurrency(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		none, one := declared("none", "1"), declared("one", "1")
		none.Concurrency, one.Concurrency = new(0), new(3)
		r.start()
		if err := r.plane.Adopt(t.Context(), stackOf("/t.yaml", none, one)); err != nil {
			t.Fatal(err)
		}
		r.settle()
		if got := r.invoke("none"); !strings.Contains(got, "throttled") {
			t.Error(got)
		}
		if got := r.invoke("one"); got != `"one/1"` || r.plane.Account().Reserved != 3 {
			t.Errorf("%s %+v", got, r.plane.Account())
		}
	})
}
