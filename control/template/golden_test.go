package template

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what is read into the golden files")

// Each file of testdata holds a template, perhaps options.json, and in "want"
// the stack as JSON or the errors as they are printed.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var o Options
			var got, want string
			for i, f := range a.Files {
				switch {
				case f.Name == "options.json":
					if err := json.Unmarshal(f.Data, &o); err != nil {
						t.Fatal(err)
					}
				case strings.HasPrefix(f.Name, "template"):
					got = describe(Parse(filepath.Join("app", f.Name), f.Data, o))
				case f.Name == "want":
					want = string(f.Data)
					a.Files[i].Data = []byte(got)
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(a), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			for _, secret := range []string{"hunter2", "hunter3", "hunter4", "swordfish", "99999"} {
				if strings.HasPrefix(filepath.Base(file), "error-") && strings.Contains(got, secret) {
					t.Errorf("the value %s of a NoEcho parameter is printed", secret)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || want == "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// describe prints a stack without what is empty, or the error.
func describe(st *Stack, err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(st); err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(b.String(), "app/template", "template")
}
