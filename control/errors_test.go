package control

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/penstock/penstock/mapping"
)

const fn = "arn:aws:lambda:us-east-1:000000000000:function:"

// What AWS answers, for each way to ask. f is Active, p is Pending.
func TestRefusals(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.create("f", "one")
		r.settle()
		r.slow["p"] = make(chan struct{})
		defer close(r.slow["p"])
		r.create("p", "one")
		m := r.mapping("f", "q", false)
		p, ctx := r.plane, t.Context()

		create := func(change func(*FunctionInput)) func() error {
			return func() error {
				in := input("new", "one")
				change(&in)
				_, err := p.CreateFunction(ctx, in)
				return err
			}
		}
		named := func(name string) func() error { return create(func(in *FunctionInput) { in.Name = name }) }
		coded := func(s CodeSource) func() error { return create(func(in *FunctionInput) { in.Code = s }) }
		env := func(variables map[string]string) func() error {
			return create(func(in *FunctionInput) { in.Environment = variables })
		}
		get := func(name, qualifier string) func() error {
			return func() error { _, err := p.GetFunction(name, qualifier); return err }
		}
		remove := func(name, qualifier string) func() error {
			return func() error { return p.DeleteFunction(ctx, name, qualifier) }
		}
		resolve := func(name, qualifier string) func() error {
			return func() error { _, _, err := p.Resolve(name, qualifier); return err }
		}
		configure := func(name, revision string, c Configuration) func() error {
			return func() error {
				_, err := p.UpdateFunctionConfiguration(ctx, ConfigurationUpdate{name, c, revision})
				return err
			}
		}
		mapped := func(change func(*mapping.Config)) func() error {
			return func() error {
				cfg := queueMapping("f", "other", true)
				change(&cfg)
				_, err := p.CreateMapping(ctx, cfg)
				return err
			}
		}
		many := map[string]string{}
		for i := range 51 {
			many[fmt.Sprint(i)] = "x"
		}
		long := strings.Repeat("a", 65)
		const ipv, rnf, rc, val = "InvalidParameterValueException: ", "ResourceNotFoundException: ", "ResourceConflictException: ", "ValidationException: 1 validation error detected: "
		const derived = ipv + "The derived qualifier from the function name does not match the specified qualifier."
		const elsewhere = rnf + "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"

		for _, c := range []struct {
			name string
			do   func() error
			want string // all, or with ... at the end the beginning
		}{
			{"create: exists", named("f"), rc + "Function already exist: f"},
			{"create: exists by ARN", named(fn + "f"), rc + "Function already exist: f"},
			{"create: other region", named("arn:aws:lambda:eu-west-1:000000000000:function:f"), elsewhere},
			{"create: other account", named("arn:aws:lambda:us-east-1:111122223333:function:f"), "AccessDeniedException: "},
			{"create: qualified", named("f:1"), ipv + "1 validation error detected: Value 'f:1' at 'functionName' failed to satisfy constraint: Member must be an unqualified function name"},
			{"create: 65 characters", named(long), ipv + "1 validation error detected: Value '" + long + "' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"},
			{"create: dot", named("a.b"), val + "Value 'a.b' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: " + createPattern},
			{"create: star", named("*"), val + "Value '*' at 'functionName'..."},
			{"create: no handler", create(func(in *FunctionInput) { in.Handler = "" }), ipv + "Runtime and Handler are mandatory parameters for functions created with deployment packages."},
			{"create: timeout", create(func(in *FunctionInput) { in.Timeout = 901 }), val + "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"},
			{"create: memory", create(func(in *FunctionInput) { in.MemorySize = 10241 }), val + "Value '10241' at 'memorySize' failed to satisfy constraint: Member must have value less than or equal to 10240"},
			{"create: tags", create(func(in *FunctionInput) { in.Tags = many }), ipv + "Number of tags exceeds resource tag limit."},
			{"create: log level", create(func(in *FunctionInput) { in.LoggingConfig = &LoggingConfig{SystemLogLevel: "WARN"} }), ipv + `LogLevel is not supported when LogFormat is set to "Text"...`},
			{"create: no code", coded(CodeSource{}), ipv + "Please provide a source for function code."},
			{"create: empty zip", coded(CodeSource{ZipFile: []byte{}}), ipv + "Uploaded file must be a non-empty zip"},
			{"create: zip without entries", coded(CodeSource{ZipFile: archive()}), ipv + "Uploaded file must be a non-empty zip"},
			{"create: no zip", coded(CodeSource{ZipFile: []byte("PK nonsense")}), ipv + "Could not unzip uploaded file. Please check your file, then try to upload again."},
			{"create: large zip", coded(CodeSource{ZipFile: make([]byte, maxZip+1)}), "RequestEntityTooLargeException: Zipped size must be smaller than 52428800 bytes"},
			{"create: bucket", coded(CodeSource{S3Bucket: "other", S3Key: "k"}), ipv + "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"},
			{"create: folder", coded(CodeSource{S3Bucket: "penstock-local", S3Key: "/no/such/folder"}), ipv + "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."},
			{"create: relative folder", coded(CodeSource{S3Bucket: "penstock-local", S3Key: "here"}), ipv + "Error occurred while GetObject. S3 Error Code: NoSuchKey..."},
			{"create: large environment", env(map[string]string{"LARGE": strings.Repeat("x", 4085)}), ipv + `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {"LARGE":"xxx...`},
			{"create: reserved variable", env(map[string]string{"AWS_REGION": "x", "OK": "y"}), ipv + "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION"},
			{"create: short variable", env(map[string]string{"A": "x"}), val + "Value at 'environment.variables'..."},

			{"get: unknown", get("g", ""), rnf + "Function not found: " + fn + "g"},
			{"get: version", get("f", "1221"), rnf + "Function not found: " + fn + "f:1221"},
			{"get: alias in the ARN", get(fn+"f:live", ""), rnf + "Function not found: " + fn + "f:live"},
			{"get: qualifiers differ", get(fn+"f:$LATEST", "1"), derived},
			{"get: other region", get("arn:aws:lambda:eu-west-1:000000000000:function:f", ""), elsewhere},
			{"get: other account", get("arn:aws:lambda:us-east-1:111122223333:function:f", ""), rnf + "Function not found: arn:aws:lambda:us-east-1:111122223333:function:f"},
			{"get: $latest", get("f", "$latest"), rnf + "Function not found: " + fn + "f:$latest"},
			{"get: $LATEST", get("f", "$LATEST"), ""},
			{"get: both the same", get("f:$LATEST", "$LATEST"), ""},

			{"delete: unknown", remove("g", ""), rnf + "Function not found: " + fn + "g"},
			{"delete: $LATEST", remove("g", "$LATEST"), ipv + "$LATEST version cannot be deleted without deleting the function."},
			{"delete: alias", remove("f", "live"), ipv + "Deletion of aliases is not currently supported."},
			{"delete: $latest", remove("f", "$latest"), rnf + "Function not found: " + fn + "f"},
			{"delete: version", remove("f", "7"), ""},
			{"delete: version of unknown", remove("g", "7"), rnf + "Function not found: " + fn + "g"},

			{"invoke: unknown", resolve("g", ""), rnf + "Function not found: " + fn + "g:$LATEST"},
			{"invoke: version", resolve("f:3", ""), rnf + "Function not found: " + fn + "f:3"},
			{"invoke: pending", resolve("p", ""), rc + "The operation cannot be performed at this time. The function is currently in the following state: Pending"},
			{"invoke: nameless ARN", resolve("arn:aws:lambda:us-east-1:000000000000:function", ""), rnf + "Function not found: " + fn + "function:$LATEST"},

			{"update: unknown", configure("g", "", Configuration{}), rnf + "Function not found: " + fn + "g"},
			{"update: qualified", configure("f:$LATEST", "", Configuration{}), ipv + onFunctions},
			{"update: revision", configure("f", "x", Configuration{Timeout: 901}), "PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"},
			{"update: timeout", configure("f", "", Configuration{Timeout: 901}), val + "Value '901' at 'timeout'..."},
			{"update: pending", configure("p", "", Configuration{Timeout: 5}), rc + "The operation cannot be performed at this time. The function is currently in the following state: Pending"},

			{"mapping: unknown function", mapped(func(c *mapping.Config) { c.FunctionName = "g" }), ipv + "Function does not exist"},
			{"mapping: version", mapped(func(c *mapping.Config) { c.FunctionName = "f:1" }), ipv + "Function does not exist"},
			{"mapping: no source", mapped(func(c *mapping.Config) { c.EventSourceArn = "" }), ipv + "Unrecognized event source."},
			{"mapping: window", mapped(func(c *mapping.Config) { c.BatchSize = 11 }), ipv + "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"},
			{"mapping: duplicate", mapped(func(c *mapping.Config) { c.EventSourceArn = m.Config.EventSourceArn }), rc + `An event source mapping with SQS arn (" ` + m.Config.EventSourceArn + ` ") and function (" f ") already exists. Please update or delete the existing mapping with UUID ` + m.Config.UUID},
			{"mapping: get", func() error { _, err := p.GetMapping("x"); return err }, rnf + "The resource you requested does not exist."},
			{"mapping: update", func() error { _, _, err := p.UpdateMapping(ctx, "x", []byte("{}")); return err }, rnf + "The resource you requested does not exist."},
			{"mapping: update of the source", func() error {
				_, _, err := p.UpdateMapping(ctx, m.Config.UUID, []byte(`{"EventSourceArn":"arn:aws:sqs:us-east-1:000000000000:z"}`))
				return err
			}, ipv + "Invalid EventSourceArn parameter..."},

			{"tags: of nothing", func() error { return p.Tag(ctx, fn+"f", nil) }, ipv + "An error occurred and the request cannot be processed."},
			{"tags: too many", func() error { return p.Tag(ctx, fn+"f", many) }, ipv + "Number of tags exceeds resource tag limit."},
			{"tags: aws:", func() error { return p.Tag(ctx, fn+"f", map[string]string{"aws:x": ""}) }, ipv + "Tag keys starting with 'aws:' are reserved for internal use"},
			{"tags: bare name", func() error { _, err := p.Tags("f"); return err }, val + "Value 'f' at 'resource'..."},
			{"tags: qualified", func() error { _, err := p.Tags(fn + "f:$LATEST"); return err }, ipv + "Tags on function aliases and versions are not supported. Please specify a function ARN."},
			{"tags: unknown function", func() error { _, err := p.Tags(fn + "g"); return err }, rnf + "Function not found: " + fn + "g"},
			{"tags: unknown mapping", func() error {
				return p.Untag(ctx, "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-0000-0000-000000000000", []string{"a"})
			}, rnf + "Event source mapping not found: arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-0000-0000-000000000000"},
			{"tags: no keys", func() error { return p.Untag(ctx, fn+"f", nil) }, val + "Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"},
			{"marker", func() error { _, _, err := p.ListFunctions("junk", 1); return err }, ipv + "Invalid Marker"},
		} {
			got := refusal(t, c.do())
			if begin, cut := strings.CutSuffix(c.want, "..."); got != c.want && !(cut && strings.HasPrefix(got, begin)) {
				t.Errorf("%s:\n got %.400s\nwant %s", c.name, got, c.want)
			}
		}
		if list, _, _ := p.ListFunctions("", 0); len(list) != 2 {
			t.Errorf("what was refused was created: %d functions", len(list))
		}
		if files, _ := filepath.Glob(filepath.Join(r.o.Data, "code", "*")); len(files) != 2 {
			t.Errorf("what was refused left code: %v", files)
		}
	})
}

func TestLocalFolderNeedsLeave(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.o.LocalCode = false
		r.start()
		in := input("f", "one")
		in.Code = CodeSource{S3Bucket: "penstock-local", S3Key: t.TempDir()}
		if _, err := r.plane.CreateFunction(t.Context(), in); !strings.Contains(refusal(t, err), "NoSuchBucket") {
			t.Error(err)
		}
	})
}

func TestLocalFolder(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		folder := t.TempDir()
		os.WriteFile(filepath.Join(folder, "app.py"), []byte("x"), 0o600)
		r.start()
		in := input("f", "one")
		in.Code = CodeSource{S3Bucket: "penstock-local", S3Key: folder}
		f, err := r.plane.CreateFunction(t.Context(), in)
		if err != nil || f.Code.Folder != folder || f.Code.Size != 0 || len(f.Code.Sha256) != 44 {
			t.Fatalf("%+v %v", f.Code, err)
		}
		r.settle()
		os.WriteFile(filepath.Join(folder, "app.py"), []byte("longer"), 0o600)
		gate := make(chan struct{})
		r.mu.Lock()
		r.slow["f"] = gate
		r.mu.Unlock()
		next, err := r.plane.UpdateFunctionCode(t.Context(), CodeUpdate{Name: "f", Code: in.Code})
		if err != nil || next.Code.Sha256 == f.Code.Sha256 {
			t.Errorf("%+v %v", next.Code, err)
		}
		// While it is built there is no other update.
		_, err = r.plane.UpdateFunctionCode(t.Context(), CodeUpdate{Name: "f", Code: in.Code})
		if got := refusal(t, err); got != "ResourceConflictException: The operation cannot be performed at this time. An update is in progress for resource: "+fn+"f" {
			t.Error(got)
		}
		close(gate)
		r.settle()
		if got := r.invoke("f"); got != `"f/one"` || len(r.buildings()) != 2 {
			t.Error(got, r.buildings())
		}
	})
}
