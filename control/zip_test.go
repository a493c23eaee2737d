package control

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/penstock/penstock/invoke"
)

// A part is an entry of a zip.
type part struct {
	name, text string
	mode       fs.FileMode
}

func zipOf(parts ...part) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		h := &zip.FileHeader{Name: p.name, Method: zip.Deflate}
		if p.mode != 0 {
			h.SetMode(p.mode)
		}
		w, _ := z.CreateHeader(h)
		io.WriteString(w, p.text)
	}
	z.Close()
	return b.Bytes()
}

func TestUnpack(t *testing.T) {
	const link = fs.ModeSymlink | 0o777
	damaged := zipOf(part{name: "a", text: strings.Repeat("hello", 1000)})
	damaged[40] ^= 0xff
	for _, c := range []struct {
		name    string
		archive []byte
		want    string // of the error; empty: none
	}{
		{"files and folders", zipOf(part{"d/", "", fs.ModeDir | 0o755}, part{"d/a", "x", 0}, part{"e/f/b", "y", 0o755}), ""},
		{"link inside", zipOf(part{"d/a", "x", 0}, part{"e/b", "../d/a", link}), ""},
		{"link to nothing", zipOf(part{"b", "nowhere", link}), ""},
		{"link to itself", zipOf(part{"b", "b", link}), "leads out"},
		{"name up", zipOf(part{"../a", "x", 0}), "leads out"},
		{"name up inside", zipOf(part{"d/../../a", "x", 0}), "leads out"},
		{"name absolute", zipOf(part{"/a", "x", 0}), "leads out"},
		{"name with backslash", zipOf(part{`..\a`, "x", 0}), "leads out"},
		{"link up", zipOf(part{"b", "../../etc", link}), "leads out"},
		{"link up through nothing", zipOf(part{"b", "nowhere/../../x", link}), "leads out"},
		{"link absolute", zipOf(part{"b", "/etc/passwd", link}), "leads out"},
		{"link through a link", zipOf(part{"c/x", "", 0}, part{"a/b", "../c", link}, part{"d", "a/b/../..", link}), "leads out"},
		{"file through a link", zipOf(part{"d", "e", link}, part{"d/a", "x", 0}, part{"e/z", "", 0}), "twice"},
		{"named twice", zipOf(part{"a", "x", 0}, part{"a", "y", 0}), "twice"},
		{"file and folder", zipOf(part{"a", "x", 0}, part{"a/b", "y", 0}), "twice"},
		{"device", zipOf(part{"a", "", fs.ModeDevice | 0o600}), "neither a file"},
		{"damaged", damaged, "Could not unzip"},
		{"cut", zipOf(part{"a", "x", 0})[:40], "Could not unzip"},
		{"nearly too large", zipOf(part{name: "a", text: strings.Repeat("\x00", 99_999)}), ""},
		{"too large", zipOf(part{name: "a", text: strings.Repeat("\x00", 100_000)}), "Unzipped size must be smaller than 100000 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "code")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			err := unpack(c.archive, dir, 100_000)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!errors.Is(err, invoke.ErrRefused) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			}
			if entries, _ := os.ReadDir(parent); len(entries) != 1 {
				t.Errorf("something was written outside: %v", entries)
			}
		})
	}
}

func TestUnpackKeepsModes(t *testing.T) {
	dir := t.TempDir()
	if err := unpack(zipOf(part{"bootstrap", "#!", 0o600}, part{"run", "x", 0o755}, part{"data", "y", 0o444}), dir, maxUnpacked); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"bootstrap": 0o700, "run": 0o755, "data": 0o644} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm()&0o700 != want&0o700 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

// Whatever is unpacked stays inside, and only refusals come back.
func FuzzUnpack(f *testing.F) {
	f.Add(zipOf(part{"a", "x", 0}))
	f.Add(zipOf(part{"../a", "x", 0}, part{"b", "a", fs.ModeSymlink}))
	f.Fuzz(func(t *testing.T, archive []byte) {
		parent := t.TempDir()
		dir := filepath.Join(parent, "code")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		unpack(archive, dir, 1<<20) // any error will do: the disk has its own rules for names
		if entries, _ := os.ReadDir(parent); len(entries) != 1 {
			t.Errorf("something was written outside: %v", entries)
		}
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if real, linkErr := filepath.EvalSymlinks(path); linkErr == nil && !strings.HasPrefix(real+"/", dir+"/") {
				t.Errorf("%s leads to %s", path, real)
			}
			return nil
		})
	})
}

func TestCodeIsSharedAndCollected(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		code := func() (names []string) {
			entries, _ := os.ReadDir(filepath.Join(r.o.Data, "code"))
			for _, e := range entries {
				names = append(names, e.Name()[:8])
			}
			return names
		}
		r.create("f", "same")
		g := r.create("g", "same")
		r.settle()
		if n := len(code()); n != 2 {
			t.Errorf("two functions of one archive: %v", code())
		}
		if a := r.plane.Account(); a.Functions != 2 || a.TotalCodeSize != 2*g.Code.Size {
			t.Errorf("%+v", a)
		}
		r.plane.DeleteFunction(t.Context(), "f", "")
		r.settle()
		if n := len(code()); n != 2 {
			t.Errorf("one of them is deleted: %v", code())
		}
		in, err := r.plane.Archive(g)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(in)
		in.Close()
		if !bytes.Equal(got, archive("app.py", "# same")) {
			t.Error("the archive is not what was uploaded")
		}
		// What is unpacked is a cache: it comes back.
		os.RemoveAll(r.plane.unpacked(g.Code.Zip))
		r.restart()
		if got := r.invoke("g"); got != `"g/same"` {
			t.Error(got)
		}
		if n := len(code()); n != 2 {
			t.Errorf("unpacked again: %v", code())
		}
		// A dry run stores nothing, an update replaces.
		if _, err := r.plane.UpdateFunctionCode(t.Context(), CodeUpdate{Name: "g", Code: CodeSource{ZipFile: archive("x", "dry")}, DryRun: true}); err != nil {
			t.Error(err)
		}
		r.settle()
		if f := r.get("g"); len(code()) != 2 || f.Code != g.Code || f.LastUpdateStatus != Successful {
			t.Errorf("after a dry run: %v %+v", code(), f)
		}
		if _, err := r.plane.UpdateFunctionCode(t.Context(), CodeUpdate{Name: "g", Code: CodeSource{ZipFile: archive("x", "wet")}}); err != nil {
			t.Error(err)
		}
		r.settle()
		r.settle()
		if f := r.get("g"); len(code()) != 2 || f.Code == g.Code {
			t.Errorf("after an update: %v", code())
		}
		r.plane.DeleteFunction(t.Context(), "g", "")
		r.settle()
		if n := len(code()); n != 0 {
			t.Errorf("nothing is left: %v", code())
		}
		// Leftovers of a process that was killed.
		os.MkdirAll(filepath.Join(r.o.Data, "code", newPrefix+"1"), 0o700)
		os.WriteFile(filepath.Join(r.o.Data, "code", g.Code.Zip+".zip"), []byte("x"), 0o600)
		r.restart()
		r.settle()
		if n := len(code()); n != 0 {
			t.Errorf("after a restart: %v", code())
		}
	})
}
