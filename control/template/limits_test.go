package template

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// Hostile templates end in an error, soon, and never in a panic.
func TestLimits(t *testing.T) {
	const queue = "Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: x, Tags: *a20}}\n"
	var bomb strings.Builder
	bomb.WriteString("x:\n  - &a0 [b, b, b, b, b, b, b, b, b]\n")
	for i := range 20 {
		fmt.Fprintf(&bomb, "  - &a%d [*a%d, *a%d, *a%d, *a%d, *a%d]\n", i+1, i, i, i, i, i)
	}
	var doubling strings.Builder
	doubling.WriteString("Resources:\n  Q0: {Type: AWS::S3::Bucket, Properties: {BucketName: abcdefghijklmnopqrstuvwxyz}}\n")
	for i := range 40 {
		fmt.Fprintf(&doubling, "  Q%d: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub \"${Q%d}${Q%d}\"}}\n", i+1, i, i)
	}
	doubling.WriteString("  F: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Q40}}\n")
	loop := "Transform: AWS::LanguageExtensions\nResources:\n"
	for i := range 12 {
		loop += strings.Repeat("  ", 3*i+1) + fmt.Sprintf("Fn::ForEach::L%d:\n%s- I%d\n%s- [a, b, c, d, e]\n%s- \n", i, strings.Repeat("  ", 3*i+2), i, strings.Repeat("  ", 3*i+2), strings.Repeat("  ", 3*i+2))
	}
	for _, c := range []struct{ name, text, want string }{
		{"size", strings.Repeat(" ", maxBytes) + "a: b", "at most 4194304 are read"},
		{"marks", "a: [" + strings.Repeat(",", maxTokens) + "]", "YAML marks"},
		{"flow depth", strings.Repeat("[", 50_000), "levels deep"},
		{"flow map depth", strings.Repeat("{a: ", 50_000), "levels deep"},
		{"block depth", strings.Repeat("- ", 50_000), "levels deep"},
		{"key depth", func() string {
			var b strings.Builder
			for i := range 300 {
				b.WriteString(strings.Repeat(" ", i) + "a:\n")
			}
			return b.String()
		}(), "levels deep"},
		{"tags", "a: " + strings.Repeat("!Sub ", 50_000) + "x", "levels deep"},
		{"anchors", "a: " + strings.Repeat("&x ", 50_000) + "x", "malformed YAML"},
		{"aliases", bomb.String() + queue, "grows beyond"},
		{"merged aliases", strings.ReplaceAll(bomb.String(), "b, b", "{b: c}, b") + "Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Tags: *a20}}\nResources:\n  F: {Type: AWS::Serverless::Function, Properties: {Tags: *a20}}\n", "grows beyond"},
		{"doubling", doubling.String(), "grows beyond"},
		{"long text", "Parameters: {P: {Type: String, Default: " + strings.Repeat("x", 40_000) + "}}\nResources:\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Join ['', [" +
			strings.Repeat("!Ref P, ", 30) + "x]]}}\n", "longer than 1048576 bytes"},
		{"long substitution", "Parameters: {P: {Type: String, Default: " + strings.Repeat("x", 40_000) + "}}\nResources:\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '" +
			strings.Repeat("${P}", 30) + "'}}\n", "longer than 1048576 bytes"},
		{"loops", loop + strings.Repeat("  ", 37) + "\"Q\": {Type: AWS::SQS::Queue}\n", "grows beyond"},
		{"not text", "a: \xff\xfe", "not UTF-8"},
		{"empty", "", "empty"},
		{"comment", "# nothing\n", "empty"},
		{"two documents", "a: b\n---\nc: d\n", "second one begins"},
		{"scalar", "hello", "a template is a map"},
		{"nothing to run", "Description: x\n", "no Resources"},
		{"many errors", "Resources:\n" + strings.Repeat("  a b: c\n", 1) + func() string {
			var b strings.Builder
			for i := range 500 {
				fmt.Fprintf(&b, "  Q%d: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: x}}\n", i)
			}
			return b.String()
		}(), "more than 100 errors"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			_, err := Parse("t.yaml", []byte(c.text), Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %.300v; want %q", err, c.want)
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
	for _, text := range []string{strings.Repeat("[", 50_000), strings.Repeat(`{"a":`, 50_000)} {
		if _, err := Parse("t.json", []byte(text), Options{}); err == nil || !strings.Contains(err.Error(), "levels deep") {
			t.Errorf("JSON: %.200v", err)
		}
	}
}

// A template of ordinary size is read fast.
func TestLargeTemplate(t *testing.T) {
	var b strings.Builder
	b.WriteString("Resources:\n")
	for i := range 1500 {
		fmt.Fprintf(&b, "  Q%d:\n    Type: AWS::SQS::Queue\n    Properties: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}}\n", i)
	}
	b.WriteString("  Dead: {Type: AWS::SQS::Queue}\n")
	st, err := Parse("t.yaml", []byte(b.String()), Options{})
	if err != nil || len(st.Queues) != 1501 {
		t.Fatalf("%.300v", err)
	}
}

// FuzzParse looks for panics, hangs, errors without a message, and secrets in
// errors.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range txtar.Parse(data).Files {
			if strings.HasPrefix(part.Name, "template") {
				f.Add(part.Data, strings.HasSuffix(part.Name, ".json"))
			}
		}
	}
	f.Add([]byte("Transform: AWS::LanguageExtensions\nResources: {Fn::ForEach::A: [I, [x], {\"${I}\": {Type: AWS::SQS::Queue}}]}"), false)
	f.Add([]byte("Parameters: {P: {Type: String}}\nResources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref P}}}"), false)
	f.Add([]byte(`{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": "{\"maxReceiveCount\": 1}"}}}}`), true)
	f.Fuzz(func(t *testing.T, data []byte, isJSON bool) {
		file := "t.yaml"
		if isJSON {
			file = "t.json"
		}
		st, err := Parse(file, data, Options{StackName: "s", Parameters: map[string]string{"P": "v"}})
		if (st == nil) == (err == nil) {
			t.Fatalf("stack %v, error %v", st, err)
		}
		if err != nil && err.Error() == "" {
			t.Fatal("an error without a message")
		}
		if st == nil {
			return
		}
		if again, err := Parse(file, data, Options{StackName: "s", Parameters: map[string]string{"P": "v"}}); describe(st, nil) != describe(again, err) {
			t.Fatal("a second reading gives another stack")
		}
		for _, fn := range st.Functions {
			if fn.Name == "" || fn.Timeout <= 0 || (fn.Code.Path == "") == (fn.Code.Inline == "" && fn.Code.File == "") {
				t.Fatalf("incomplete function %+v", fn)
			}
		}
		for _, m := range st.Mappings {
			if m.Config.FunctionName == "" {
				t.Fatalf("incomplete mapping %+v", m)
			}
		}
		for _, q := range st.Queues {
			if !queueNames.MatchString(q.Name) {
				t.Fatalf("queue name %q", q.Name)
			}
		}
	})
}
