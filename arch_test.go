package penstock_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// A row of the import table: packages (path.Match patterns, "." is the root)
// and what they may import beside the standard library. The first row that
// matches a package holds. Projects' packages are named from the root, other
// modules by their path; "..." at the end stands for anything below, NAME for
// the last element of the importing package.
type row struct {
	packages string
	imports  string
}

const (
	goLambda = " github.com/aws/aws-lambda-go/..."
	sdkCore  = " github.com/aws/aws-sdk-go-v2/aws/... github.com/aws/smithy-go/..."
	sdkNamed = sdkCore + " github.com/aws/aws-sdk-go-v2/service/NAME/..."
	engine   = " events sources mapping poller invoke store"
)

// importTable is the architecture: arrows only point down. A new edge is a
// decision; write its reason into the commit that adds it here.
var importTable = []row{
	{"events", ""},
	{"events/pattern", ""},
	{"store", ""},
	{"awswire", ""},
	{"internal/pipenet", ""},
	{"internal/lambdagen", ""},

	{"sources", "events invoke"},
	{"sources/all", "sources sources/... awsclient"}, // one Client for all kinds
	{"sources/sourcetest", "events sources invoke"},
	{"sources/memory", "events sources invoke"},
	{"sources/backlog", "events sources invoke store"},
	{"sources/*", "events events/pattern sources invoke awsclient" + sdkNamed},

	{"invoke", "events" + goLambda},
	{"invoke/targettest", "events invoke" + goLambda}, // its function is a handler
	{"invoke/process", "events invoke golang.org/x/sys/..."},
	{"invoke/*", "events invoke awsclient" + sdkNamed},

	{"mapping", "events events/pattern sources invoke store"},
	{"poller", "events sources invoke mapping store"},
	{"store/storetest", "store"},
	{"store/sqlite", "store modernc.org/sqlite/..."},
	{"store/*", "store"}, // and its driver, in a row of its own
	{"penstocktest", "sources/memory sources/backlog internal/pipenet" + engine},
	{".", "sources/backlog" + engine},

	{"awsclient", "github.com/aws/aws-sdk-go-v2/config github.com/aws/aws-sdk-go-v2/credentials/... github.com/aws/aws-sdk-go-v2/feature/ec2/imds" + sdkCore},
	{"local", "awswire"},
	{"local/*", "awswire events/pattern ." + engine},
	{"control/template", "events/pattern . github.com/goccy/go-yaml/..." + engine},
	{"control", "control/template events/pattern ." + engine}, // Adopt takes a template
	{"control/lambdaapi", "control awswire events/pattern ." + engine},
	{"control/*", "awswire events/pattern ." + engine},
	{"replay", "awswire events/pattern ." + engine},

	// Measures all of it, and beside it the loop that one would write without it.
	{"bench", "awsclient events/pattern local/sqs sources/memory sources/sqs invoke/process ." + engine + goLambda + sdkCore + " github.com/aws/aws-sdk-go-v2/service/sqs/..."},

	{"daemon", "..."},
	{"cmd/*", "..."},
	{"examples/*", "..."},
	{"examples/*/*", "..."},
}

// forTests may be imported by every test beside what its package may.
const forTests = "internal/pipenet sources/sourcetest sources/memory invoke/targettest store/storetest" +
	" github.com/google/go-cmp/... github.com/rogpeppe/go-internal/... pgregory.net/rapid" + goLambda

// testEdges are more imports of tests: a client to try a server with.
var testEdges = map[string]string{
	"control/lambdaapi": sdkCore + " control/template github.com/aws/aws-sdk-go-v2/service/lambda/... github.com/aws/aws-sdk-go-v2/credentials",
	"invoke/lambda":     "github.com/aws/aws-sdk-go-v2/credentials",
	"local/sqs":         sdkNamed + " github.com/aws/aws-sdk-go-v2/credentials",
	"sources/sqs":       "github.com/aws/aws-sdk-go-v2/credentials local/sqs awswire",
}

// light are the packages whose import closure is the standard library and
// aws-lambda-go: who tests a handler gets no SDK, no database, no flags.
var light = []string{"events", "sources", "mapping", "poller", "penstocktest"}

// owners may start goroutines: each waits for its own before it returns, but
// for invoke. Tests and suites for tests may too.
var owners = map[string]string{
	".":                  "Server.Run: a mapping's engine each",
	"poller":             "pollers, groups of a batch, settling",
	"invoke":             "Func: the handler. One that ignores its deadline can be left, but not stopped, so this is not waited for",
	"invoke/process":     "children, their listeners and output",
	"local/*":            "deliveries of the services in this process",
	"replay":             "deliveries",
	"control":            "Plane.Run: builds; Close: what was built",
	"control/*":          "builds",
	"daemon":             "the server beside what ends it",
	"sources/sourcetest": "a suite",
	"invoke/targettest":  "a suite",
	"store/storetest":    "a suite",
}

func TestImports(t *testing.T) {
	tree := parse(t)
	for _, f := range tree.files {
		r, ok := find(f.dir)
		if !ok {
			t.Errorf("package %s has no row in importTable (arch_test.go)", f.dir)
			continue
		}
		allowed := r.imports
		if f.test {
			allowed += " " + f.dir + " " + forTests + " " + testEdges[f.dir]
		}
		for _, imported := range f.imports {
			if !permits(allowed, f.dir, imported) {
				t.Errorf("%s imports %s: not in the row %q of importTable", f.name, imported, r.packages)
			}
		}
	}
}

func find(dir string) (row, bool) {
	for _, r := range importTable {
		if ok, _ := path.Match(r.packages, dir); ok {
			return r, true
		}
	}
	return row{}, false
}

// permits says whether a row's imports have this one.
func permits(allowed, dir, imported string) bool {
	for _, a := range strings.Fields(allowed) {
		a = strings.ReplaceAll(a, "NAME", path.Base(dir))
		if below, ok := strings.CutSuffix(a, "..."); ok {
			if strings.HasPrefix(imported+"/", below) {
				return true
			}
		} else if a == imported {
			return true
		}
	}
	return false
}

func TestLightPackages(t *testing.T) {
	tree := parse(t)
	edges := map[string][]string{}
	for _, f := range tree.files {
		if !f.test {
			edges[f.dir] = append(edges[f.dir], f.imports...)
		}
	}
	for _, start := range light {
		todo, seen := []string{start}, map[string]bool{}
		for len(todo) > 0 {
			dir := todo[0]
			todo = todo[1:]
			for _, imported := range edges[dir] {
				switch {
				case seen[imported] || permits(goLambda, dir, imported):
				case edges[imported] != nil || tree.has(imported):
					seen[imported] = true
					todo = append(todo, imported)
				default:
					t.Errorf("%s reaches %s through %s", start, imported, dir)
				}
			}
		}
	}
}

func TestGoroutinesHaveOwners(t *testing.T) {
	for _, f := range parse(t).files {
		if f.test || f.main {
			continue
		}
		owned := false
		for owner := range owners {
			ok, _ := path.Match(owner, f.dir)
			owned = owned || ok
		}
		for _, at := range f.starts {
			if !owned {
				t.Errorf("%s starts a goroutine: %s is no owner (arch_test.go)", at, f.dir)
			}
		}
	}
}

// The checks of the house's small rules.
func TestHouseRules(t *testing.T) {
	tree := parse(t)
	forbidden := []string{"util", "utils", "common", "type", "types", "helper", "helpers", "misc", "base", "shared", "pkg"}
	documented, bubbles := map[string]bool{}, map[string]bool{}
	for _, f := range tree.files {
		bubbles[f.dir] = bubbles[f.dir] || f.bubbles
	}
	for _, f := range tree.files {
		if f.test && !bubbles[f.dir] {
			for _, at := range f.sleeps {
				t.Errorf("%s: time.Sleep in the tests of a package without testing/synctest", at)
			}
		}
		documented[f.dir] = documented[f.dir] || f.doc && !f.test
		for _, found := range f.found {
			t.Error(found)
		}
		if f.lines > 400 && !f.generated {
			t.Errorf("%s has %d lines, more than 400", f.name, f.lines)
		}
		base := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.name), ".go"), "_test")
		if slices.Contains(forbidden, base) || slices.Contains(forbidden, path.Base(f.dir)) {
			t.Errorf("%s: the name says nothing", f.name)
		}
	}
	for _, f := range tree.files {
		if !f.test && !documented[f.dir] {
			t.Errorf("package %s has no package comment", f.dir)
			documented[f.dir] = true
		}
	}
}

// The table itself: the rules find what they are for.
func TestPermits(t *testing.T) {
	for _, c := range []struct {
		from, imported string
		ok             bool
	}{
		{"poller", "mapping", true},
		{"mapping", "poller", false},
		{"sources", "sources/sqs", false},
		{"sources/sqs", "github.com/aws/aws-sdk-go-v2/service/sqs/types", true},
		{"sources/sqs", "github.com/aws/aws-sdk-go-v2/service/kinesis", false},
		{"sources/sqs", "github.com/aws/aws-sdk-go-v2/service/sqsother", false},
		{"sources/sqs", "poller", false},
		{"sources/all", "sources/sqs", true},
		{"sources/all", "poller", false},
		{"invoke/web", "invoke/process", false},
		{"local/sqs", "local/kinesis", false},
		{"local/sqs", "control/lambdaapi", false},
		{"control/lambdaapi", "control/auth", false},
		{"penstocktest", "sources/sqs", false},
		{".", "control", false},
		{"cmd/penstock", "daemon", true},
	} {
		r, found := find(c.from)
		if !found || permits(r.imports, c.from, c.imported) != c.ok {
			t.Errorf("%s importing %s: want %v", c.from, c.imported, fmt.Sprint(c.ok))
		}
	}
}
