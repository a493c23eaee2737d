package daemon

import (
	"archive/zip"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/penstock/penstock/control/template"
)

// A packed is one entry of an archive.
type packed struct {
	name, text string
	mode       fs.FileMode
}

func archive(t *testing.T, entries ...packed) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "code.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode)
		part, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUnpack(t *testing.T) {
	parent := t.TempDir()
	code := archive(t, packed{"lib/", "", fs.ModeDir | 0o755}, packed{"lib/a.py", "a = 1", 0o444}, packed{"deep/down/b", "b", 0o755}, packed{"bootstrap", "#!", 0o644})
	dir, err := unpack(code, parent, 100)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"lib/a.py": 0o600, "deep/down/b": 0o700, "bootstrap": 0o700} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm() & 0o700; got != want {
			t.Errorf("%s: mode %o, want %o", name, got, want)
		}
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "lib/a.py")); string(text) != "a = 1" {
		t.Errorf("lib/a.py is %q", text)
	}
	again, err := unpack(code, parent, 100)
	if err != nil || again != dir {
		t.Errorf("the second time: %s, %v, want %s", again, err, dir)
	}
}

func TestRefusedArchives(t *testing.T) {
	zeros := strings.Repeat("0", 1000)
	text := filepath.Join(t.TempDir(), "code.zip")
	if err := os.WriteFile(text, []byte("no archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, archive, says string }{
		{"zip slip", archive(t, packed{"../evil", "x", 0o644}), "../evil: the name leads out of the archive"},
		{"absolute", archive(t, packed{"/tmp/evil", "x", 0o644}), "leads out"},
		{"inside, then out", archive(t, packed{"a/../../evil", "x", 0o644}), "leads out"},
		{"symbolic link", archive(t, packed{"link", "/etc", fs.ModeSymlink | 0o777}), "link: neither a file nor a folder"},
		{"bomb", archive(t, packed{"big", zeros, 0o644}), "unpacked it is larger than 900 bytes"},
		{"bomb in parts", archive(t, packed{"a", zeros[:500], 0o644}, packed{"b", zeros[:401], 0o644}), "unpacked it is larger than 900 bytes"},
		{"twice", archive(t, packed{"a", "1", 0o644}, packed{"a", "2", 0o644}), "exists"},
		{"a file as a folder", archive(t, packed{"a", "1", 0o644}, packed{"a/b", "2", 0o644}), "a/b"},
		{"no archive", text, "is neither a folder nor a zip archive"},
		{"not there", "nowhere.zip", "nowhere.zip"},
	} {
		t.Run(test.name, func(t *testing.T) {
			around := t.TempDir()
			parent := filepath.Join(around, "code")
			if _, err := unpack(test.archive, parent, 900); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want %q", err, test.says)
			}
			left, _ := os.ReadDir(parent)
			outside, _ := filepath.Glob(filepath.Join(around, "evil"))
			if len(left) > 0 || len(outside) > 0 {
				t.Errorf("left behind: %v %v", left, outside)
			}
		})
	}
}

func TestCodeFolder(t *testing.T) {
	data := t.TempDir()
	inline := func(text string) string {
		dir, err := codeFolder(data, template.Function{Name: "f", Code: template.Code{Inline: text, File: "index.py"}})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(filepath.Join(dir, "index.py")); string(got) != text {
			t.Errorf("index.py is %q, want %q", got, text)
		}
		return dir
	}
	if inline("a = 1") == inline("a = 2") {
		t.Error("new code must not take the folder of old code, which may still run")
	}
	dir := t.TempDir()
	if got, err := codeFolder(data, template.Function{Code: template.Code{Path: dir}}); got != dir || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := codeFolder(data, template.Function{Code: template.Code{Path: "nowhere"}}); err == nil || !strings.Contains(err.Error(), "code: ") {
		t.Error(err)
	}
}
