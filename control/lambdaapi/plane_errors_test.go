package lambdaapi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

const (
	conflict = "ResourceConflictException client: "
	notFound = "ResourceNotFoundException client: "
	invalid  = "InvalidParameterValueException client: "
	breach   = "ValidationException unknown: 1 validation error detected: "
)

// refused checks errors as the SDK shows them.
func refused(t *testing.T, name string, err error, want string) {
	t.Helper()
	if got := problem(t, func() error { return err }); got != want {
		t.Errorf("%s: %.600s\nwant %s", name, got, want)
	}
}

func TestCreateFunctionErrors(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		r.create(input("there", "echo"))
		long := strings.Repeat("n", 65)
		many := map[string]string{}
		for i := range 51 {
			many[fmt.Sprint(i)] = ""
		}
		for name, c := range map[string]struct {
			change func(*lambda.CreateFunctionInput)
			want   string
		}{
			"there":     {func(in *lambda.CreateFunctionInput) { in.FunctionName = aws.String(fn + ":there") }, conflict + "Function already exist: there"},
			"name":      {func(in *lambda.CreateFunctionInput) { in.FunctionName = &long }, invalid + "1 validation error detected: Value '" + long + "' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"},
			"qualified": {func(in *lambda.CreateFunctionInput) { in.FunctionName = aws.String("f:1") }, invalid + "1 validation error detected: Value 'f:1' at 'functionName' failed to satisfy constraint: Member must be an unqualified function name"},
			"region": {func(in *lambda.CreateFunctionInput) {
				in.FunctionName = aws.String("arn:aws:lambda:us-east-1:111122223333:function:f")
			}, notFound + "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')"},
			"account": {func(in *lambda.CreateFunctionInput) { in.FunctionName = aws.String("999999999999:function:f") }, "AccessDeniedException unknown: UnknownError"},
			"role":    {func(in *lambda.CreateFunctionInput) { in.Role = aws.String("r1") }, breach + `Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`},
			"timeout": {func(in *lambda.CreateFunctionInput) { in.Timeout = aws.Int32(901) }, breach + "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"},
			"memory":  {func(in *lambda.CreateFunctionInput) { in.MemorySize = aws.Int32(10241) }, breach + "Value '10241' at 'memorySize' failed to satisfy constraint: Member must have value less than or equal to 10240"},
			"storage": {func(in *lambda.CreateFunctionInput) {
				in.EphemeralStorage = &types.EphemeralStorage{Size: aws.Int32(10241)}
			}, breach + "Value '10241' at 'ephemeralStorage.size' failed to satisfy constraint: Member must have value less than or equal to 10240"},
			"no handler": {func(in *lambda.CreateFunctionInput) { in.Handler = nil }, invalid + "Runtime and Handler are mandatory parameters for functions created with deployment packages."},
			"no runtime": {func(in *lambda.CreateFunctionInput) { in.Runtime = "" }, invalid + "Runtime and Handler are mandatory parameters for functions created with deployment packages."},
			"no code":    {func(in *lambda.CreateFunctionInput) { in.Code = &types.FunctionCode{} }, invalid + "Please provide a source for function code."},
			"no zip":     {func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = []byte("no zip") }, invalid + "Could not unzip uploaded file. Please check your file, then try to upload again."},
			"empty zip":  {func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = []byte{} }, invalid + "Uploaded file must be a non-empty zip"},
			"large zip":  {func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = make([]byte, 52428801) }, "RequestEntityTooLargeException unknown: Zipped size must be smaller than 52428800 bytes"},
			"bucket": {func(in *lambda.CreateFunctionInput) {
				in.Code = &types.FunctionCode{S3Bucket: aws.String("bucket"), S3Key: aws.String("k")}
			}, invalid + "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"},
			"key": {func(in *lambda.CreateFunctionInput) {
				in.Code = &types.FunctionCode{S3Bucket: aws.String("penstock-local"), S3Key: aws.String("/no/such/folder")}
			}, invalid + "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."},
			"reserved name": {func(in *lambda.CreateFunctionInput) {
				in.Environment = &types.Environment{Variables: map[string]string{"AWS_REGION": "x"}}
			}, invalid + "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION"},
			"environment": {func(in *lambda.CreateFunctionInput) {
				in.Environment = &types.Environment{Variables: map[string]string{"AA": strings.Repeat("x", 4088)}}
			}, invalid + "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {\"AA\":\"" + strings.Repeat("x", 4088) + "\"}"},
			"tags":      {func(in *lambda.CreateFunctionInput) { in.Tags = many }, invalid + "Number of tags exceeds resource tag limit."},
			"log level": {func(in *lambda.CreateFunctionInput) { in.LoggingConfig = &types.LoggingConfig{SystemLogLevel: "INFO"} }, invalid + `LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "JSON" and try again.`},
			"layers": {func(in *lambda.CreateFunctionInput) {
				in.Layers = []string{"arn:aws:lambda:eu-west-1:111122223333:layer:x:1"}
			}, invalid + "Layers are not supported by this endpoint."},
			"publish": {func(in *lambda.CreateFunctionInput) { in.Publish = true }, invalid + "Versions of functions are not supported by this endpoint yet."},
			"dead letters": {func(in *lambda.CreateFunctionInput) {
				in.DeadLetterConfig = &types.DeadLetterConfig{TargetArn: aws.String(queueARN)}
			}, invalid + "Dead-letter queues of asynchronous invocations are not supported by this endpoint yet."},
			"image":        {func(in *lambda.CreateFunctionInput) { in.PackageType, in.Handler, in.Runtime = "Image", nil, "" }, invalid + "Container images are not supported by this endpoint."},
			"image, mixed": {func(in *lambda.CreateFunctionInput) { in.PackageType = "Image" }, invalid + "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."},
		} {
			in := input("f", "echo")
			c.change(in)
			_, err := r.CreateFunction(t.Context(), in)
			refused(t, name, err, c.want)
		}
		if n := r.plane.Account().Functions; n != 1 {
			t.Errorf("%d functions", n)
		}
		var taken *types.ResourceConflictException
		if _, err := r.CreateFunction(t.Context(), input("there", "echo")); !errors.As(err, &taken) || *taken.Type != "User" {
			t.Error(err)
		}
	})
}

// Operations on functions that are not there, not current, or not the caller's.
func TestFunctionErrors(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		r.create(input("f", "echo"))
		r.declare("own", nil)
		ctx, none := t.Context(), aws.String("none")
		calls := map[string]func(name *string) error{
			"get": func(n *string) error {
				_, err := r.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: n})
				return err
			},
			"configuration": func(n *string) error {
				_, err := r.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: n})
				return err
			},
			"update": func(n *string) error {
				_, err := r.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: n})
				return err
			},
			"code": func(n *string) error {
				_, err := r.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: n, ZipFile: archive("a", "b")})
				return err
			},
			"delete": func(n *string) error {
				_, err := r.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: n})
				return err
			},
			"versions": func(n *string) error {
				_, err := r.ListVersionsByFunction(ctx, &lambda.ListVersionsByFunctionInput{FunctionName: n})
				return err
			},
			"signing": func(n *string) error {
				_, err := r.GetFunctionCodeSigningConfig(ctx, &lambda.GetFunctionCodeSigningConfigInput{FunctionName: n})
				return err
			},
		}
		for name, call := range calls {
			refused(t, name, call(none), notFound+"Function not found: "+fn+":none")
			refused(t, name, call(aws.String("arn:aws:lambda:us-east-1:111122223333:function:f")), notFound+"Functions from 'us-east-1' are not reachable in this region ('eu-west-1')")
		}
		for _, name := range []string{"update", "code", "delete"} {
			refused(t, name, calls[name](aws.String("own")), conflict+"The function own is declared by the template /t.yaml (Own). Change it there.")
		}
		refused(t, "version", calls["get"](aws.String("f:1")), notFound+"Function not found: "+fn+":f:1")
		refused(t, "$LATEST", calls["delete"](aws.String("f:$LATEST")), invalid+"$LATEST version cannot be deleted without deleting the function.")
		refused(t, "alias", calls["delete"](aws.String("f:live")), invalid+"Deletion of aliases is not currently supported.")
		if err := calls["delete"](aws.String("f:9")); err != nil {
			t.Errorf("a version that is not there: %v", err)
		}
		_, err := r.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), RevisionId: aws.String("6d1f0a52-3c64-4b5e-9a10-7b1f6c0d2e34")})
		var stale *types.PreconditionFailedException
		if !errors.As(err, &stale) {
			t.Error(err)
		}
		refused(t, "revision", err, "PreconditionFailedException client: The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
		_, err = r.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: archive("a", "b"), RevisionId: aws.String("6d1f0a52-3c64-4b5e-9a10-7b1f6c0d2e34")})
		if !errors.As(err, &stale) {
			t.Error(err)
		}
		_, err = r.ListFunctions(ctx, &lambda.ListFunctionsInput{Marker: aws.String("x")})
		refused(t, "marker", err, invalid+"Invalid Marker")
		_, err = r.ListVersionsByFunction(ctx, &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("f"), Marker: aws.String("x")})
		refused(t, "marker", err, invalid+"Invalid Marker")
	})
}

func TestTagErrors(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		r.create(input("f", "echo"))
		const unknown = "arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
		for name, c := range map[string]struct{ arn, want string }{
			"function":  {fn + ":none", notFound + "Function not found: " + fn + ":none"},
			"mapping":   {unknown, notFound + "Event source mapping not found: " + unknown},
			"qualified": {fn + ":f:$LATEST", invalid + "Tags on function aliases and versions are not supported. Please specify a function ARN."},
		} {
			_, err := r.ListTags(t.Context(), &lambda.ListTagsInput{Resource: &c.arn})
			refused(t, name, err, c.want)
			_, err = r.TagResource(t.Context(), &lambda.TagResourceInput{Resource: &c.arn, Tags: map[string]string{"a": "b"}})
			refused(t, name, err, c.want)
			_, err = r.UntagResource(t.Context(), &lambda.UntagResourceInput{Resource: &c.arn, TagKeys: []string{"a"}})
			refused(t, name, err, c.want)
		}
		_, err := r.TagResource(t.Context(), &lambda.TagResourceInput{Resource: aws.String(fn + ":f"), Tags: map[string]string{}})
		refused(t, "no tags", err, invalid+"An error occurred and the request cannot be processed.")
		if status, body := r.send("DELETE", "/2017-03-31/tags/"+fn+":f", ""); status != 400 || !strings.Contains(body, "Value null at 'tagKeys' failed to satisfy constraint: Member must not be null") {
			t.Errorf("%d %s", status, body)
		}
		if _, err := r.ListTags(t.Context(), &lambda.ListTagsInput{Resource: aws.String("f")}); !strings.HasPrefix(problem(t, func() error { return err }), breach+"Value 'f' at 'resource' failed") {
			t.Error(err)
		}
	})
}

func TestMappingErrors(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		r.create(input("f", "echo"))
		there := r.mapping(&lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: aws.String(queueARN)})
		for name, c := range map[string]struct {
			change func(*lambda.CreateEventSourceMappingInput)
			want   string
		}{
			"no source":   {func(in *lambda.CreateEventSourceMappingInput) { in.EventSourceArn = nil }, invalid + "Unrecognized event source."},
			"no function": {func(in *lambda.CreateEventSourceMappingInput) { in.FunctionName = aws.String("none") }, invalid + "Function does not exist"},
			"batch":       {func(in *lambda.CreateEventSourceMappingInput) { in.BatchSize = aws.Int32(11) }, invalid + "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"},
			"batch, over": {func(in *lambda.CreateEventSourceMappingInput) { in.BatchSize = aws.Int32(10001) }, breach + "Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value less than or equal to 10000"},
			"filter": {func(in *lambda.CreateEventSourceMappingInput) {
				in.FilterCriteria = &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String("{")}}}
			}, invalid + "Invalid filter pattern definition."},
			"on success": {func(in *lambda.CreateEventSourceMappingInput) {
				in.DestinationConfig = &types.DestinationConfig{OnSuccess: &types.OnSuccess{Destination: aws.String(queueARN)}}
			}, invalid + "Unsupported DestinationConfig parameter for given event source mapping type."},
			"position": {func(in *lambda.CreateEventSourceMappingInput) { in.StartingPosition = "invalid" }, breach + "Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"},
			"duplicate": {func(in *lambda.CreateEventSourceMappingInput) { in.EventSourceArn = aws.String(queueARN) }, conflict +
				`An event source mapping with SQS arn (" ` + queueARN + ` ") and function (" f ") already exists. Please update or delete the existing mapping with UUID ` + *there.UUID},
		} {
			in := &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: aws.String(queueARN + "2")}
			c.change(in)
			_, err := r.CreateEventSourceMapping(t.Context(), in)
			refused(t, name, err, c.want)
		}
		unknown := aws.String("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0")
		_, err := r.GetEventSourceMapping(t.Context(), &lambda.GetEventSourceMappingInput{UUID: unknown})
		refused(t, "get", err, notFound+"The resource you requested does not exist.")
		_, err = r.UpdateEventSourceMapping(t.Context(), &lambda.UpdateEventSourceMappingInput{UUID: unknown})
		refused(t, "update", err, notFound+"The resource you requested does not exist.")
		_, err = r.DeleteEventSourceMapping(t.Context(), &lambda.DeleteEventSourceMappingInput{UUID: unknown})
		refused(t, "delete", err, notFound+"The resource you requested does not exist.")
		_, err = r.ListEventSourceMappings(t.Context(), &lambda.ListEventSourceMappingsInput{Marker: aws.String("x")})
		refused(t, "marker", err, invalid+"Invalid Marker")
		if _, err = r.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: aws.String(queueARN + "3")}); err != nil {
			t.Fatal(err)
		}
	})
}

// A mapping on its way to a state takes no change until it is there.
func TestMappingInUse(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		r.gate = make(chan struct{})
		if _, err := r.CreateFunction(t.Context(), input("f", "echo")); err != nil {
			t.Fatal(err)
		}
		made, err := r.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: aws.String(queueARN)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.UpdateEventSourceMapping(t.Context(), &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, BatchSize: aws.Int32(5)})
		refused(t, "update", err, "ResourceInUseException client: Cannot update the event source mapping because it is in use.")
		_, err = r.DeleteEventSourceMapping(t.Context(), &lambda.DeleteEventSourceMappingInput{UUID: made.UUID})
		refused(t, "delete", err, "ResourceInUseException client: Cannot delete the event source mapping because it is in use.")
		if got := r.state(*made.UUID); got != "Creating" {
			t.Error(got)
		}
		close(r.gate)
		r.settle()
		if got := r.state(*made.UUID); got != "Enabled" {
			t.Error(got)
		}
	})
}

// Members that the model does not have are passed over, but not among filters.
func TestUnknownMembersOfMappings(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		r.create(input("f", "echo"))
		const start = `{"FunctionName":"f","EventSourceArn":"` + queueARN + `",`
		var many strings.Builder
		for i := range 100 {
			fmt.Fprintf(&many, `"X%d":1,`, i)
		}
		for body, want := range map[string]string{
			start + `"FilterCriteria":{"Filters":[{"Pattern":"{}","Colour":1}]}}`: "FilterCriteria.Filters[0].Colour is not known to this endpoint",
			start + `"FilterCriteria":{"Mode":"All"}}`:                            "FilterCriteria.Mode is not known",
			start + many.String() + `"FilterCriteria":{"Mode":"All"}}`:            "too many members",
		} {
			status, answer := r.send("POST", "/2015-03-31/event-source-mappings/", body)
			if status != 400 || !strings.Contains(answer, want) || !strings.Contains(answer, `"Type":"User"`) {
				t.Errorf("%d %s, want %s", status, answer, want)
			}
		}
		if status, answer := r.send("POST", "/2015-03-31/event-source-mappings/", start+`"Colour":1}`); status != 202 {
			t.Errorf("%d %s", status, answer)
		}
	})
}
