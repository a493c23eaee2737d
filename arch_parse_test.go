package penstock_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const modulePath = "github.com/penstock/penstock"

// A sourceFile is what the tests of the architecture look at. Files of all
// systems and build tags are there.
type sourceFile struct {
	name, dir string // from the root, with slashes
	test      bool   // behind _test.go
	main      bool   // of a command
	doc       bool   // has a package comment
	generated bool
	lines     int
	imports   []string // not of the standard library; this module's without its path
	starts    []string // where it starts goroutines
	sleeps    []string // where it calls time.Sleep
	bubbles   bool     // imports testing/synctest
	found     []string // what breaks a rule
}

type sourceTree struct{ files []sourceFile }

func (s sourceTree) has(dir string) bool {
	return slices.ContainsFunc(s.files, func(f sourceFile) bool { return f.dir == dir })
}

// parse reads the whole module once.
func parse(t *testing.T) sourceTree {
	t.Helper()
	tree, err := parseOnce()
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

var parseOnce = sync.OnceValues(func() (tree sourceTree, err error) {
	err = fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if d.IsDir() {
			_, other := os.Stat(path.Join(name, "go.mod"))
			if name != "." && (other == nil || base == "testdata" || base[0] == '.' || base[0] == '_') {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := read(name)
		if err == nil {
			tree.files = append(tree.files, f)
		}
		return err
	})
	return tree, err
})

func read(name string) (sourceFile, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return sourceFile{}, err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return sourceFile{}, err
	}
	f := sourceFile{
		name: name, dir: path.Dir(name),
		test:      strings.HasSuffix(name, "_test.go"),
		main:      file.Name.Name == "main",
		doc:       file.Doc != nil,
		generated: ast.IsGenerated(file),
		lines:     bytes.Count(text, []byte("\n")),
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return f, err
		}
		if inside, ok := strings.CutPrefix(imported, modulePath); ok {
			f.imports = append(f.imports, path.Clean("./"+strings.TrimPrefix(inside, "/")))
		} else if !standard(imported) {
			f.imports = append(f.imports, imported)
		}
	}
	inspect(&f, set, file)
	return f, nil
}

// standard says whether a path is of the standard library.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && !build.IsLocalImport(imported)
}

// inspect collects goroutines and what the house forbids.
func inspect(f *sourceFile, set *token.FileSet, file *ast.File) {
	at := func(n ast.Node) string { p := set.Position(n.Pos()); return fmt.Sprintf("%s:%d", p.Filename, p.Line) }
	forbid := func(n ast.Node, what string) { f.found = append(f.found, at(n)+": "+what) }
	f.bubbles = slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"testing/synctest"` })
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				forbid(n, "func init(): pass values in")
			}
		case *ast.GoStmt:
			f.starts = append(f.starts, at(n))
		case *ast.CallExpr:
			switch name := called(n); {
			case strings.HasSuffix(name, ".Go") && len(n.Args) == 1:
				f.starts = append(f.starts, at(n))
			case name == "time.Sleep":
				f.sleeps = append(f.sleeps, at(n))
			case f.test || f.main:
			case name == "panic" || name == "os.Exit" || strings.HasPrefix(name, "log.Fatal") || strings.HasPrefix(name, "log.Panic"):
				forbid(n, name+" outside cmd: return an error")
			}
		}
		return true
	})
}

// called is the name of the function that a call calls: "panic", "os.Exit",
// ".Go" for a method of anything.
func called(call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		if x, ok := fun.X.(*ast.Ident); ok {
			return x.Name + "." + fun.Sel.Name
		}
		return "." + fun.Sel.Name
	}
	return ""
}

// The parser finds each thing it is for.
func TestArchitectureIsSeen(t *testing.T) {
	const text = "package p\n\nimport \"os\"\n\nfunc init() {\n\tgo f()\n\tvar wg, x sync.WaitGroup\n\twg.Go(f)\n\tx.y.Go(f)\n\tpanic(1)\n\tos.Exit(1)\n\tlog.Fatalf(\"\")\n}\n"
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "p.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var f sourceFile
	inspect(&f, set, file)
	if len(f.starts) != 3 || len(f.found) != 4 {
		t.Errorf("starts %q, found %q", f.starts, f.found)
	}
	test := sourceFile{test: true}
	file, _ = parser.ParseFile(set, "p_test.go", "package p\nfunc f() { time.Sleep(1); panic(1) }\n", 0)
	inspect(&test, set, file)
	if len(test.sleeps) != 1 || len(test.found) != 0 || test.bubbles {
		t.Errorf("%+v", test)
	}
	if !standard("go/ast") || standard("golang.org/x/sys/unix") {
		t.Error("standard library not recognised")
	}
}

// What a real suite needs is there, or it fails: no test behind the tag skips.
func TestRealSuitesDoNotSkip(t *testing.T) {
	for _, f := range parse(t).files {
		text, err := os.ReadFile(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if real(text) && bytes.Contains(text, []byte("t.Skip")) {
			t.Errorf("%s: a test behind the tag real skips", f.name)
		}
	}
}

// real says whether a file is built with the tag real only.
func real(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		if constraint.IsGoBuild(line) {
			expr, err := constraint.Parse(strings.TrimSpace(line))
			return err == nil && !expr.Eval(func(tag string) bool { return tag != "real" })
		}
	}
	return false
}
