package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const user = "../../control/lambdaapi"

func TestFilesAreUpToDate(t *testing.T) {
	files, err := generate(service)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(user, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what lambdagen writes (%v): run go generate ./control/lambdaapi", name, err)
		}
	}
	there, err := filepath.Glob(filepath.Join(user, "zz_*.go"))
	if err != nil || len(there) != len(files) {
		t.Errorf("generated files %q, want %d of them (%v)", there, len(files), err)
	}
}

func TestModelIsTrimmed(t *testing.T) {
	again, err := trim(service)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(service), string(again)); diff != "" {
		t.Errorf("trimming service.json once more changes it: -there +again\n%s", diff)
	}
	if strings.Contains(string(service), `"documentation"`) {
		t.Error("service.json has documentation")
	}
	notice, err := os.ReadFile("NOTICE")
	if err != nil || !strings.Contains(string(notice), "Apache License, Version 2.0") || !strings.Contains(string(notice), "Amazon.com") {
		t.Errorf("NOTICE does not say whose the model is: %s %v", notice, err)
	}
}

func TestTrimKeepsOrder(t *testing.T) {
	const text = `{"metadata":{},"operations":{},"shapes":{"S":{"type":"structure","members":{"Z":{"shape":"A"},"B":{"shape":"A"},"Q":{"shape":"A"}}},"A":{"type":"string"}}}`
	m, err := parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.Shapes.of["S"].Members.names, ""); got != "ZBQ" {
		t.Errorf("members in the order %s, want that of the text", got)
	}
	if _, err := trim([]byte(text)); err == nil {
		t.Error("a model without the served operations was taken")
	}
	if _, err := generate([]byte(`{`)); err == nil {
		t.Error("broken JSON was taken")
	}
}

func TestTranslate(t *testing.T) {
	tests := []struct {
		java     string
		yes, not []string
	}{
		{`[^\s]+`, []string{"a.b"}, []string{"", "a b", "a\vb", "a\n"}},
		{`.*`, []string{"", "a b"}, []string{"a\nb", "a\rb", "a\u0085b", "a\u2028"}},
		{`[\s\S]*`, []string{"", "a\n\v\u2028"}, nil},
		{`[a-z.]+`, []string{"a.b"}, []string{"A"}},
		{`\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`, []string{"$LATEST", "$LATEST.PUBLISHED", "a-_$"}, []string{"", "a.b", "$LATEST.X"}},
		{`$|kafka://x`, []string{"", "kafka://x"}, []string{"kafka://", "x"}},
		{`[^ /\.$\x22]*`, []string{"", "a"}, []string{"a.b", `"`, "$"}},
		{`\d{2}`, []string{"12"}, []string{"1", "123", "١٢"}},
		{`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, []string{"Größe 7"}, []string{"a,b"}},
		{`(?!^[0-9]+$)([a-zA-Z0-9-_]+)`, []string{"v1", "2024-01-02", "-"}, []string{"", "2024", "a.b"}},
		{`((?!^\d+$)^[0-9a-zA-Z-_]+$)`, []string{"v1", "1_"}, []string{"", "1", "$LATEST"}},
		{functionPrefix + `([a-zA-Z0-9-_]{1,64})(:((?!\d+$)[0-9a-zA-Z-_]+))?`, []string{"f", "f:live", "f:1a", "123456789012:f"}, []string{"f:1", "f:", strings.Repeat("a", 65)}},
		{`[0-9A-Za-z\.\-_]*(?<!\.)`, []string{"", "a.b", "a-"}, []string{"a.", ".", "a b"}},
		{`(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)`, []string{"s", "sy", "syste", "system", "systemx", "system_x", "orders.x", "sz.", "_a"},
			[]string{"", "system.", "system.x", ".a", "a$"}},
	}
	for _, tt := range tests {
		text, err := translate(tt.java)
		if err != nil {
			t.Errorf("%s: %v", tt.java, err)
			continue
		}
		re := regexp.MustCompile(text)
		for _, s := range tt.yes {
			if !re.MatchString(s) {
				t.Errorf("%s, said as %s, refuses %q", tt.java, text, s)
			}
		}
		for _, s := range tt.not {
			if re.MatchString(s) {
				t.Errorf("%s, said as %s, takes %q", tt.java, text, s)
			}
		}
	}
}

func TestTranslateRefuses(t *testing.T) {
	for _, java := range []string{`(?=a)a`, `(?<!a)b`, `(?i)a`, `a++`, `[a&&[b]]`, `[a[b]]`, `(a)\1`, `\Qa\E`, `[\Sa]`, `(`, `\`, `a{2,1}`} {
		if text, err := translate(java); err == nil {
			t.Errorf("%s was said as %s", java, text)
		}
	}
}

// The translations that look around are for patterns that the model has.
func TestTranslationsAreUsed(t *testing.T) {
	m, err := parse(service)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, s := range m.Shapes.of {
		used[s.Pattern] = true
	}
	for java := range translated {
		if !used[java] {
			t.Errorf("no shape has the pattern %s", java)
		}
	}
}

// Whatever a pattern is, it is translated to something that compiles, or refused.
func FuzzTranslate(f *testing.F) {
	for _, seed := range []string{`[a-z]+\d`, `(?!a)`, `\`, `[[`, `a**`, `[^`, `\p{L}`, `(?:a|b){1,3}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, java string) {
		if text, err := translate(java); err == nil {
			regexp.MustCompile(text)
		}
	})
}

func TestGeneratorRefuses(t *testing.T) {
	const model = `{"metadata":{},"operations":{"GetPolicy":{"http":{"method":"GET","requestUri":"/a"},"input":{"shape":"In"}}},
		"shapes":{"In":{"type":"structure","members":{"M":{"shape":"S","location":"LOC"}}},"S":{"type":"TYPE","pattern":"PATTERN"}}}`
	for _, tt := range [][3]string{{"hostLabel", "string", "a"}, {"", "bigInteger", "a"}, {"", "string", "(?=a)"}} {
		text := strings.NewReplacer("LOC", tt[0], "TYPE", tt[1], "PATTERN", tt[2]).Replace(model)
		if _, err := generate([]byte(text)); err == nil {
			t.Errorf("%q was taken", tt)
		}
	}
	if _, err := generate([]byte(strings.NewReplacer("LOC", "", "TYPE", "string", "PATTERN", "a").Replace(model))); err != nil {
		t.Error(err)
	}
}

func TestCommand(t *testing.T) {
	folder := t.TempDir()
	var stderr bytes.Buffer
	if code := run([]string{"-out", folder}, &stderr); code != 0 {
		t.Fatalf("%d %s", code, &stderr)
	}
	if files, _ := os.ReadDir(folder); len(files) != 4 {
		t.Errorf("%d files written", len(files))
	}
	for _, args := range [][]string{{"-x"}, {"-out", folder + "/none"}, {"-trim", folder + "/none"}} {
		if code := run(args, &stderr); code == 0 {
			t.Errorf("%q succeeded", args)
		}
	}
}
