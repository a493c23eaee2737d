package all_test

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/all"
)

// others are folders of sources that hold no kind to list.
var others = []string{"all", "backlog", "memory", "sourcetest"}

// TestNoneIsForgotten compares the list with the folders beside this one.
func TestNoneIsForgotten(t *testing.T) {
	list, err := os.ReadFile("all.go")
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	kinds := all.Kinds()
	for _, f := range folders {
		name := f.Name()
		if !f.IsDir() || slices.Contains(others, name) || path.Ext(name) != "" {
			continue
		}
		if !strings.Contains(string(list), `/sources/`+name+`"`) || !strings.Contains(string(list), "\t\t"+name+".Kind(") {
			t.Errorf("the kind of folder sources/%s is not listed", name)
		}
		if !slices.ContainsFunc(kinds, func(k sources.Kind) bool { return k.Name == name }) {
			t.Errorf("no kind is named as its folder sources/%s", name)
		}
	}
}

func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range all.Kinds() {
		if k.Name == "" || k.Name != strings.ToLower(k.Name) || seen[k.Name] {
			t.Errorf("name %q must be lower case and unique", k.Name)
		}
		seen[k.Name] = true
		if first, _, _ := strings.Cut(k.Doc, "\n"); !strings.HasSuffix(first, ".") {
			t.Errorf("%s: Doc must start with a sentence, starts with %q", k.Name, first)
		}
		if k.Queue == nil || k.Shape.Event == nil || k.Shape.Name == "" {
			t.Errorf("%s: a constructor or the shape is missing", k.Name)
		}
		if k.Matches(sources.Spec{}) {
			t.Errorf("%s: matches a source that names nothing", k.Name)
		}
	}
}
