package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/store"
)

func TestConfiguration(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		in := input("f", "one")
		in.Name = fn + "f"
		in.Environment = map[string]string{}
		if _, err := r.plane.CreateFunction(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		r.settle()
		f := r.get("000000000000:function:f")
		want := Configuration{
			Runtime: "python3.12", Handler: "app.handler", Role: in.Role, Description: new("one"), Timeout: 3, MemorySize: 128,
			Environment: map[string]string{}, Architectures: []string{"x86_64"}, EphemeralStorage: 512, TracingMode: "PassThrough",
			SnapStart: "None", LoggingConfig: &LoggingConfig{LogFormat: "Text", LogGroup: "/aws/lambda/f"},
		}
		if !reflect.DeepEqual(f.Configuration, want) {
			t.Errorf("%+v", f.Configuration)
		}
		for _, c := range []struct {
			given  Configuration
			change func(*Configuration)
		}{
			{Configuration{Timeout: 9}, func(c *Configuration) { c.Timeout = 9 }},
			{Configuration{Description: new("")}, func(c *Configuration) { c.Description = new("") }},
			{Configuration{Environment: map[string]string{"AA": "1"}}, func(c *Configuration) { c.Environment = map[string]string{"AA": "1"} }},
			{Configuration{Environment: map[string]string{"BB": "<&>"}}, func(c *Configuration) { c.Environment = map[string]string{"BB": "<&>"} }},
			{Configuration{LoggingConfig: &LoggingConfig{LogFormat: "JSON", SystemLogLevel: "WARN"}}, func(c *Configuration) {
				c.LoggingConfig = &LoggingConfig{"JSON", "INFO", "WARN", "/aws/lambda/f"}
			}},
			{Configuration{LoggingConfig: &LoggingConfig{LogGroup: "g"}}, func(c *Configuration) {
				c.LoggingConfig = &LoggingConfig{"JSON", "INFO", "WARN", "g"}
			}},
			{Configuration{LoggingConfig: &LoggingConfig{LogFormat: "Text"}}, func(c *Configuration) {
				c.LoggingConfig = &LoggingConfig{LogFormat: "Text", LogGroup: "g"}
			}},
			{Configuration{VpcConfig: &VpcConfig{SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{}}, KMSKeyArn: new("k")}, func(c *Configuration) {
				c.VpcConfig, c.KMSKeyArn = &VpcConfig{SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{}}, new("k")
			}},
			{Configuration{Runtime: "nodejs22.x", Handler: "h", Role: "r", MemorySize: 256, EphemeralStorage: 1024, TracingMode: "Active", SnapStart: "PublishedVersions"}, func(c *Configuration) {
				c.Runtime, c.Handler, c.Role, c.MemorySize, c.EphemeralStorage, c.TracingMode, c.SnapStart = "nodejs22.x", "h", "r", 256, 1024, "Active", "PublishedVersions"
			}},
		} {
			if _, err := r.plane.UpdateFunctionConfiguration(t.Context(), ConfigurationUpdate{Name: "f", Configuration: c.given, RevisionID: r.get("f").RevisionID}); err != nil {
				t.Error(err)
			}
			c.change(&want)
			r.settle()
			if got := r.get("f").Configuration; !reflect.DeepEqual(got, want) {
				t.Errorf("after %+v:\n%+v", c.given, got)
			}
		}
		before := r.get("f")
		if _, err := r.plane.UpdateFunctionCode(t.Context(), CodeUpdate{Name: "f", Code: CodeSource{ZipFile: archive("a", "b")}, Architectures: []string{"arm64"}}); err != nil {
			t.Error(err)
		}
		r.settle()
		r.restart()
		want.Architectures = []string{"arm64"}
		after := r.get("f")
		if !reflect.DeepEqual(after.Configuration, want) || after.RevisionID == before.RevisionID || after.Code == before.Code {
			t.Errorf("after a restart: %+v", after)
		}
		if got, _ := r.plane.GetFunction("f", "$LATEST"); got.ARN != fn+"f:$LATEST" {
			t.Error(got.ARN)
		}
	})
}

func TestTags(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		in := input("f", "one")
		in.Tags = map[string]string{"a": "1"}
		r.plane.CreateFunction(t.Context(), in)
		r.settle()
		cfg := queueMapping("f", "q", true)
		cfg.Tags = map[string]string{"a": "1"}
		m, err := r.plane.CreateMapping(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		r.settle()
		revision, changes := r.get("f").RevisionID, r.server.changes
		for _, arn := range []string{fn + "f", r.plane.MappingARN(m)} {
			p := r.plane
			if err := p.Tag(t.Context(), arn, map[string]string{"a": "2", "b": "3"}); err != nil {
				t.Fatal(err)
			}
			if err := p.Untag(t.Context(), arn, []string{"b", "unknown"}); err != nil {
				t.Fatal(err)
			}
			if tags, err := p.Tags(arn); err != nil || !maps.Equal(tags, map[string]string{"a": "2"}) {
				t.Errorf("%s: %v %v", arn, tags, err)
			}
			p.Untag(t.Context(), arn, []string{"a"})
			if tags, err := p.Tags(arn); err != nil || tags == nil || len(tags) != 0 {
				t.Errorf("%s: %v %v", arn, tags, err)
			}
			if err := p.Tag(t.Context(), arn, map[string]string{"kept": "x"}); err != nil {
				t.Fatal(err)
			}
		}
		r.settle()
		if r.get("f").RevisionID == revision || r.server.changes != changes || len(r.buildings()) != 1 {
			t.Errorf("tags disturb what runs: %d changes, %v", r.server.changes-changes, r.buildings())
		}
		r.restart()
		for _, arn := range []string{fn + "f", r.plane.MappingARN(m)} {
			if tags, err := r.plane.Tags(arn); err != nil || tags["kept"] != "x" {
				t.Errorf("after a restart: %v %v", tags, err)
			}
		}
	})
}

func TestPages(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		for i := range 120 {
			r.create(fmt.Sprintf("f%03d", i), "same")
		}
		r.settle()
		for i := range 120 {
			r.mapping("f000", fmt.Sprintf("q%d", i), false)
		}
		r.mapping("f001:$LATEST", "q0", false)
		r.create("f00", "same")
		r.mapping("f00", "q0", false)
		var names []string
		marker, pages := "", 0
		for {
			list, next, err := r.plane.ListFunctions(marker, 1000)
			if err != nil || len(list) > 50 {
				t.Fatal(len(list), err)
			}
			for _, f := range list {
				names = append(names, f.Name)
			}
			if pages++; next == "" {
				break
			}
			if marker = next; pages == 1 { // the page's last one is deleted meanwhile
				r.plane.DeleteFunction(t.Context(), names[len(names)-1], "")
			}
		}
		if pages != 3 || len(names) != 121 || !slices.IsSorted(names) {
			t.Errorf("%d pages, %d names", pages, len(names))
		}
		for _, c := range []struct {
			function, source string
			max, want        int
			more             bool
		}{
			{"", "", 0, 100, true},
			{"", "", 7, 7, true},
			{"f00", "", 0, 1, false},
			{fn + "f000", "", 0, 100, true},
			{"f001", "", 0, 1, false},
			{"f001:$LATEST", "", 0, 1, false},
			{"f001:1", "", 0, 0, false},
			{"unknown", "", 0, 0, false},
			{"", "arn:aws:sqs:us-east-1:000000000000:q0", 0, 3, false},
			{"f000", "arn:aws:sqs:us-east-1:000000000000:q0", 0, 1, false},
		} {
			list, next, err := r.plane.ListMappings(c.function, c.source, "", c.max)
			if err != nil || len(list) != c.want || next != "" != c.more {
				t.Errorf("%+v: %d, %q, %v", c, len(list), next, err)
			}
			if c.more {
				if _, _, err := r.plane.ListMappings(c.function+"x", c.source, next, c.max); refusal(t, err) != "InvalidParameterValueException: Invalid Marker" {
					t.Errorf("a marker of another query: %v", err)
				}
			}
		}
	})
}

// When a record can be read, so can its code: a crash in between leaves garbage,
// not a hole.
func TestCodeIsThereBeforeItsRecord(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.o.Store = ordered{r.o.Store.(store.Store), r}
		r.start()
		r.create("f", "one")
		r.settle()
		r.plane.UpdateFunctionCode(t.Context(), CodeUpdate{Name: "f", Code: CodeSource{ZipFile: archive("a", "b")}})
		if err := r.plane.Adopt(t.Context(), stackOf("/t.yaml", declared("t", "1"))); err != nil {
			t.Fatal(err)
		}
		r.settle()
	})
}

type ordered struct {
	store.Store
	r *rig
}

func (o ordered) Commit(ctx context.Context, t store.Txn) (store.Committed, error) {
	for _, put := range t.Put {
		if e, err := decode(store.Pair{Key: put.Key, Value: put.Value}); err == nil && e.function != nil {
			for _, zip := range e.function.zips() {
				if _, err := os.Stat(o.r.plane.zipPath(zip)); err != nil {
					o.r.t.Errorf("%s is recorded before its code is there", put.Key)
				}
			}
		}
	}
	return o.Store.Commit(ctx, t)
}

// Every field of a record survives.
func TestRecordsRoundTrip(t *testing.T) {
	d := Deployed{ID: "i", Configuration: defaults("f").with(Configuration{Environment: map[string]string{}, VpcConfig: &VpcConfig{SubnetIds: []string{"s"}}}), Code: Code{"z", "f", "s", 1}}
	f := &Function{
		"f", d, &d, new(0), map[string]string{"a": "b"}, Owner{"t", "l"}, "r", time.Unix(5, 6e6).UTC(),
		"1", "2", "3", "4", "5", "6", "", "", 7,
	}
	m := &Mapping{Config: queueMapping("f", "q", true), Life: Life{mapping.Updating, time.Unix(7, 0).UTC()}, Owner: Owner{"t", "l"}, revision: 7}
	m.Config.UUID, m.Config.Tags = "u", map[string]string{"a": "b"}
	m.Config.Settings = sources.Settings{Topics: []string{"t"}, Extra: map[string]string{"k": "v"}}
	for _, e := range []edit{{key: functionKey("f"), function: f}, {key: mappingKey("u"), mapping: m}} {
		value, err := e.encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(store.Pair{Key: e.key, Value: value, Revision: 7})
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%s\n%+v\n%+v\n%v", value, got.function, got.mapping, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		key, value string
		want       error
		text       string
	}{
		{"control/function/f", `{"V":2,"Name":"f"}`, store.ErrNewer, "record function/f"},
		{"control/mapping/u", `{"V":9}`, store.ErrNewer, "record mapping/u"},
		{"control/function/f", `{"V":1,"Name":"g"}`, store.ErrCorrupt, "record function/f"},
		{"control/mapping/u", `{"V":1}`, store.ErrCorrupt, "record mapping/u"},
		{"control/mapping/u", `{`, nil, "record mapping/u: unexpected end"},
	} {
		r := newRig(t)
		if _, err := store.Set(t.Context(), r.o.Store, c.key, []byte(c.value), store.Any); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), r.o)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.value, err)
		}
	}
	if _, err := Open(t.Context(), Options{}); err == nil {
		t.Error("no options")
	}
}

// Any bytes in the store give a record or an error.
func FuzzDecode(f *testing.F) {
	f.Add("control/function/f", []byte(`{"V":1,"Name":"f"}`))
	f.Add("control/mapping/u", []byte(`{"V":1,"UUID":"u","Config":{"FunctionName":"f"}}`))
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		e, err := decode(store.Pair{Key: key, Value: value})
		if err != nil {
			return
		}
		again, err := e.encode()
		if err != nil || !json.Valid(again) {
			t.Errorf("%s %v", again, err)
		}
	})
}

// A folder that vanished fails the build by name, and an archive that is damaged
// is not run.
func TestCodeGone(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		dir := t.TempDir() + "/code"
		os.Mkdir(dir, 0o700)
		r.start()
		in := input("folder", "one")
		in.Code = CodeSource{S3Bucket: localBucket, S3Key: dir}
		if _, err := r.plane.CreateFunction(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		z := r.create("zip", "one")
		r.settle()
		r.stop()
		os.Remove(dir)
		os.RemoveAll(r.plane.unpacked(z.Code.Zip))
		os.WriteFile(r.plane.zipPath(z.Code.Zip), archive("other", "code"), 0o600)
		r.start()
		if got := r.invoke("folder"); !strings.Contains(got, dir) {
			t.Error(got)
		}
		if got := r.invoke("zip"); !strings.Contains(got, "damaged") {
			t.Error(got)
		}
		if _, err := r.plane.Archive(r.get("folder")); !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	})
}

// What looks at sources can refuse.
func TestSourceIsLookedAt(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.o.Source = func(_ context.Context, cfg mapping.Config) (*mapping.QueueFacts, error) {
			switch {
			case strings.HasSuffix(cfg.EventSourceArn, "gone"):
				return nil, sources.ErrGone
			case strings.HasSuffix(cfg.EventSourceArn, "quick"):
				return &mapping.QueueFacts{VisibilityTimeout: time.Second}, nil
			}
			return nil, errors.New("not now")
		}
		r.start()
		r.create("f", "one")
		_, gone := r.plane.CreateMapping(t.Context(), queueMapping("f", "gone", true))
		_, quick := r.plane.CreateMapping(t.Context(), queueMapping("f", "quick", true))
		_, other := r.plane.CreateMapping(t.Context(), queueMapping("f", "other", true))
		if !strings.Contains(refusal(t, gone), "NonExistentQueue") || !strings.Contains(refusal(t, quick), "Queue visibility timeout: 1 seconds is less than Function timeout: 3 seconds") || other != nil {
			t.Errorf("%v\n%v\n%v", gone, quick, other)
		}
	})
}
