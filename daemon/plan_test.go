package daemon

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/mapping"
)

func TestPlan(t *testing.T) {
	for name, want := range map[string]int{"fine": 0, "refused": 2} {
		out, errs, code := execute(t, "plan", "testdata/plan/"+name+".yaml")
		if code != want {
			t.Errorf("%s: exit code %d, want %d", name, code, want)
		}
		if (want == 2) != strings.Contains(errs, "the template cannot be run as it is") {
			t.Errorf("%s: errors %q", name, errs)
		}
		golden, err := os.ReadFile("testdata/plan/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(golden), out); diff != "" {
			t.Errorf("%s.txt: %s", name, diff)
		}
	}
}

// plan refuses runtimes that nothing here runs, and takes those that --runtime
// names, without looking for an interpreter.
func TestRefusedRuntimes(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "work/app.py", "")
	put(t, dir, "template.yaml", strings.NewReplacer("python3.12", "java21", "Runtime: nodejs22.x", "Runtime: nodejs99.x").Replace(pair))
	out, _, code := execute(t, "plan", dir)
	if code != 2 || strings.Count(out, "template.yaml:") != 1 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	contains(t, "output", out, "  work  java21|\nrefused\n|template.yaml:3:3: Work: Function.Runtime \"java21\": penstock runs python*")
	program := written(t, "java", "")
	if out, errs, code := execute(t, "plan", dir, "--runtime", "java21="+program); code != 0 {
		t.Errorf("with --runtime: exit code %d\n%s%s", code, out, errs)
	}
	if _, errs, code := execute(t, "plan", dir, "--runtime", "java21="+program+".none"); code != 2 || !strings.Contains(errs, "there is no such program") {
		t.Errorf("with a --runtime that is not there: exit code %d\n%s", code, errs)
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("plan made something: %v", left)
	}
}

func TestRedrive(t *testing.T) {
	for policy, want := range map[string]int{
		`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:0:d","maxReceiveCount":7}`:      7,
		`{"maxReceiveCount": "12", "deadLetterTargetArn":"arn:aws:sqs:us-east-1:0:d"}`: 12,
		``: 0,
	} {
		to, receives := redrive(template.Queue{Attributes: map[string]string{"RedrivePolicy": policy}})
		if receives != want || (to == "d") != (want > 0) {
			t.Errorf("%s: %d receives, to %q", policy, receives, to)
		}
	}
}

func TestFunctionName(t *testing.T) {
	for name, want := range map[string]string{
		"work":      "work",
		"work:live": "work",
		"arn:aws:lambda:us-east-1:000000000000:function:work":      "work",
		"arn:aws:lambda:us-east-1:000000000000:function:work:live": "work",
		"no name!": "no name!",
	} {
		if got := functionName(mapping.Config{FunctionName: name}); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestImports(t *testing.T) {
	path := written(t, "template.yaml", `Resources:
  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !ImportValue theName}}
`)
	if out, errs, code := execute(t, "plan", path, "--import", "theName=imported"); code != 0 || !strings.Contains(out, "  imported  ") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	if _, errs, code := execute(t, "plan", path); code != 2 || !strings.Contains(errs, "theName") {
		t.Errorf("without the import: exit code %d: %s", code, errs)
	}
}
