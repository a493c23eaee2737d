package daemon

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestPrecedence: flags win over variables, these over the file, it over
// defaults, and config says which it was.
func TestPrecedence(t *testing.T) {
	file := written(t, "penstock.yaml", `# settings
account: 000000000012
listen: "127.0.0.1:9001"
grace: 10s
local: true
endpoint:
  - arn:aws:sqs:us-east-1:=http://127.0.0.1:1
  - arn:aws:sqs:eu-west-1:=http://127.0.0.1:2
limit: 1m
`)
	t.Setenv("PENSTOCK_LISTEN", "127.0.0.1:9002")
	t.Setenv("PENSTOCK_GRACE", "20s")
	t.Setenv("PENSTOCK_PARAMETER", "A=1 B=2")
	out, errs, code := execute(t, "config", "--config", file, "--grace", "30s")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	for _, want := range []string{
		"SETTING +VALUE +FROM",
		"grace +30s +flag --grace",
		"listen +127.0.0.1:9002 +PENSTOCK_LISTEN",
		"parameter +A=1 B=2 +PENSTOCK_PARAMETER",
		"account +000000000012 +penstock.yaml",
		"local +true +penstock.yaml",
		"endpoint +arn:aws:sqs:us-east-1:=http://127.0.0.1:1 arn:aws:sqs:eu-west-1:=http://127.0.0.1:2 +penstock.yaml",
		"region +us-east-1 +default",
		"data +- +default",
	} {
		if !regexp.MustCompile("(?m)^" + want + "$").MatchString(out) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

func TestSettingsFromTheWorkingFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	if out, _, code := execute(t, "config"); code != 0 || !strings.Contains(out, "us-east-1       default") {
		t.Errorf("without a file: exit code %d\n%s", code, out)
	}
	if err := os.WriteFile("penstock.yaml", []byte("region: eu-west-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, code := execute(t, "config"); code != 0 || !strings.Contains(out, "eu-west-1       penstock.yaml") {
		t.Errorf("with a file: exit code %d\n%s", code, out)
	}
}

func TestRefusedSettings(t *testing.T) {
	tests := []struct {
		name, file, says string
		env              map[string]string
		code             int
	}{
		{"unknown", "lokal: true\n", "lokal: no such setting", nil, 2},
		{"no value of its kind", "grace: soon\n", `penstock.yaml: grace: "soon"`, nil, 2},
		{"a map", "endpoint:\n  a: b\n", "line 1: endpoint: must be a value or a list of values", nil, 2},
		{"twice", "region: a\nregion: b\n", "region", nil, 2},
		{"no map", "- a\n", "must be lines of NAME: VALUE", nil, 2},
		{"no YAML", "a: [\n", "penstock.yaml", nil, 2},
		{"an anchor", "region: &a b\n", "must be a value", nil, 2},
		{"variable", "", `PENSTOCK_GRACE: grace: "soon"`, map[string]string{"PENSTOCK_GRACE": "soon"}, 2},
		{"variable for a missing file", "", "configuration: open /nowhere/penstock.yaml", map[string]string{"PENSTOCK_CONFIG": "/nowhere/penstock.yaml"}, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := []string{"config"}
			if test.file != "" {
				args = append(args, "--config", written(t, "penstock.yaml", test.file))
			}
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			_, errs, code := execute(t, args...)
			if code != test.code || !strings.Contains(errs, test.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, test.code, test.says, errs)
			}
		})
	}
}

func FuzzSettings(f *testing.F) {
	for _, seed := range []string{"", "#\n", "a: b", "a: [b, 1, true, null]", "a: |\n  b\n", "a: {b: c}", "- a", "a: &x b\nc: *x", "? a\n: b", "a: !!str 1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		settings, err := parseSettings(text)
		if err != nil && settings != nil {
			t.Errorf("settings and an error: %v", err)
		}
	})
}
