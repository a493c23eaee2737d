package lambdaapi_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control/lambdaapi"
)

// Patterns as AWS's errors quote them.
const (
	prefixP  = `(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?`
	patternG = prefixP + `([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`
	patternC = prefixP + `([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`
	patternU = prefixP + `([a-zA-Z0-9-_]+)`
	patternL = prefixP + `([a-zA-Z0-9-_]{1,64})(:((?!\d+$)[0-9a-zA-Z-_]+))?`
	patternQ = `\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`
	qualURL  = `((?!^\d+$)^[0-9a-zA-Z-_]+$)`
	destARN  = `$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)`
	arnForm  = `arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)`
	roleARN  = `arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`

	fn      = "arn:aws:lambda:eu-west-1:111122223333:function"
	role    = "arn:aws:iam::111122223333:role/r"
	mapARN  = "arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
	regex   = "Member must satisfy regular expression pattern: "
	atMost  = "Member must have length less than or equal to "
	atLeast = "Member must have length greater than or equal to "
	among   = "Member must satisfy enum value set: "
)

type validator interface{ Validate() error }

// v is one violation as the documents abbreviate them; value null has no quotes.
func v(value, member, constraint string) string {
	if value != "null" {
		value = "'" + value + "'"
	}
	return "Value " + value + " at '" + member + "' failed to satisfy constraint: " + constraint
}

// texts checks that an input breaks exactly these rules, in this order.
func texts(t *testing.T, name string, in validator, want ...string) {
	t.Helper()
	err := in.Validate()
	if len(want) == 0 {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	noun := map[bool]string{true: "error", false: "errors"}[len(want) == 1]
	text := string(rune('0'+len(want))) + " validation " + noun + " detected: " + strings.Join(want, "; ")
	var e *awswire.Error
	if !errors.As(err, &e) || e.Code != "ValidationException" || e.Status != 0 && e.Status != 400 || e.Members != nil {
		t.Errorf("%s: %+v, want a ValidationException without Type", name, err)
		return
	}
	if e.Message != text {
		t.Errorf("%s:\n got %s\nwant %s", name, e.Message, text)
	}
}

func get(name, qualifier string) *lambdaapi.GetFunctionRequest {
	in := &lambdaapi.GetFunctionRequest{FunctionName: &name}
	if qualifier != "" {
		in.Qualifier = &qualifier
	}
	return in
}

func call(name, qualifier string) *lambdaapi.InvocationRequest {
	in := &lambdaapi.InvocationRequest{FunctionName: &name}
	if qualifier != "" {
		in.Qualifier = &qualifier
	}
	return in
}

func create(change func(*lambdaapi.CreateFunctionRequest)) *lambdaapi.CreateFunctionRequest {
	in := &lambdaapi.CreateFunctionRequest{FunctionName: new("f"), Role: new(role), Code: &lambdaapi.FunctionCode{ZipFile: []byte("PK")}}
	if change != nil {
		change(in)
	}
	return in
}

// The matrix of names and qualifiers that was recorded on AWS.
func TestNames(t *testing.T) {
	for _, name := range []string{
		"my-function!", "*", "invalid-account:function:my-function", "arn:aws:lambda:invalid-region:111122223333:function:my-function",
		"arn:aws:lambda::111122223333:function:my-function", "arn:aws:lambda:eu-west-1::function:my-function",
		"arn:aws:ec2:eu-west-1:111122223333:instance:i-0123", fn + ":my-function:1:2", "function:my-function:$LATEST:extra", fn + ":my-function:$LATES",
		"arn:aws:lambda:eu-west-1:123400000000@function:myfn",
	} {
		texts(t, "get "+name, get(name, ""), v(name, "functionName", regex+patternG))
		texts(t, "delete "+name, &lambdaapi.DeleteFunctionRequest{FunctionName: &name}, v(name, "functionName", regex+patternG))
		texts(t, "invoke "+name, call(name, ""), v(name, "functionName", regex+patternG))
		texts(t, "create "+name, create(func(in *lambdaapi.CreateFunctionRequest) { in.FunctionName = &name }), v(name, "functionName", regex+patternC))
	}
	a65, a129 := strings.Repeat("a", 65), strings.Repeat("a", 129)
	long := "arn:aws:lambda:invalid-region:111122223333:function:my-function" + strings.Repeat("a", 170)
	for _, name := range []string{"f", "a.b", "f:1", "f:prod", "f:$LATEST", "111122223333:function:f", "function:f", fn + ":f:live", fn, a65} {
		texts(t, "invoke "+name, call(name, ""))
	}
	texts(t, "bad qualifier", get("my-function", "invalid!"), v("invalid!", "qualifier", regex+patternQ))
	texts(t, "long qualifier", get("my-function", a129), v(a129, "qualifier", atMost+"128"))
	texts(t, "qualifier of 65", get("my-function", a65))
	texts(t, "small letters", get("my-function", "$latest"))
	texts(t, "long name", call(long, ""), v(long, "functionName", regex+patternG))
	texts(t, "both", call(long, a129), v(a129, "qualifier", atMost+"128"), v(long, "functionName", regex+patternG))
	texts(t, "create, long and wrong", create(func(in *lambdaapi.CreateFunctionRequest) { in.FunctionName = &long }),
		v(long, "functionName", atMost+"140"), v(long, "functionName", regex+patternC))
	texts(t, "create with a qualifier", create(func(in *lambdaapi.CreateFunctionRequest) { in.FunctionName = new("my-function:" + a129) }),
		v("my-function:"+a129, "functionName", atMost+"140"))
	texts(t, "empty", get("", ""), v("", "functionName", atLeast+"1"), v("", "functionName", regex+patternG))
}

// What CreateFunction answers on AWS.
func TestCreateFunction(t *testing.T) {
	type request = lambdaapi.CreateFunctionRequest
	runtimes := new("PYTHON3.9")
	for name, tt := range map[string]struct {
		change func(*request)
		want   []string
	}{
		"fine":              {nil, nil},
		"two architectures": {func(in *request) { in.Architectures = []string{"x86_64", "arm64"} }, []string{v("[x86_64, arm64]", "architectures", atMost+"1")}},
		"no architecture":   {func(in *request) { in.Architectures = []string{} }, []string{v("[]", "architectures", atLeast+"1")}},
		"wrong case": {func(in *request) { in.Architectures = []string{"X86_64"} },
			[]string{v("[X86_64]", "architectures", "Member must satisfy constraint: ["+among+"[x86_64, arm64], Member must not be null]")}},
		"role": {func(in *request) { in.Role = new("r1") }, []string{v("r1", "role", regex+roleARN)}},
		"subnet": {func(in *request) { in.VpcConfig = &lambdaapi.VpcConfig{SubnetIds: []string{"net-1"}} },
			[]string{v("[net-1]", "vpcConfig.subnetIds", "Member must satisfy constraint: ["+atMost+"1024, "+atLeast+"0, "+regex+"subnet-[0-9a-z]*]")}},
		"snap start":       {func(in *request) { in.SnapStart = &lambdaapi.SnapStart{ApplyOn: new("invalidOption")} }, []string{v("invalidOption", "snapStart.applyOn", among+"[PublishedVersions, None]")}},
		"empty handler":    {func(in *request) { in.Handler = new("") }, []string{v("", "handler", regex+`[^\s]+`)}},
		"handler of words": {func(in *request) { in.Handler = new("a b") }, []string{v("a b", "handler", regex+`[^\s]+`)}},
		"unknown runtime":  {func(in *request) { in.Runtime = runtimes }, nil},
		"no code":          {func(in *request) { in.Code = nil }, []string{v("null", "code", "Member must not be null")}},
		"timeout":          {func(in *request) { in.Timeout = new(901) }, []string{v("901", "timeout", "Member must have value less than or equal to 900")}},
		"no timeout":       {func(in *request) { in.Timeout = new(0) }, []string{v("0", "timeout", "Member must have value greater than or equal to 1")}},
		"memory":           {func(in *request) { in.MemorySize = new(10241) }, []string{v("10241", "memorySize", "Member must have value less than or equal to 10240")}},
		"description":      {func(in *request) { in.Description = new(strings.Repeat("ü", 257)) }, []string{v(strings.Repeat("ü", 257), "description", atMost+"256")}},
		"longest":          {func(in *request) { in.Description = new(strings.Repeat("ü", 256)) }, nil},
		"PublishTo":        {func(in *request) { in.PublishTo = new("x") }, []string{v("x", "publishTo", among+"[LATEST_PUBLISHED]")}},
		"environment": {func(in *request) {
			in.Environment = &lambdaapi.Environment{Variables: map[string]string{"1SECRET": "s3cr3t"}}
		}, []string{
			"Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [" + regex + "[a-zA-Z]([a-zA-Z0-9_])+]"}},
		"capacity provider": {func(in *request) { in.CapacityProviderConfig = &lambdaapi.CapacityProviderConfig{} },
			[]string{v("null", "capacityProviderConfig.lambdaManagedInstancesCapacityProviderConfig", "Member must not be null")}},
		"layer without version": {func(in *request) { in.Layers = []string{"a"} }, []string{v("[a]", "layers", "Member must satisfy constraint: ["+atMost+"2048, "+atLeast+"1, "+regex+
			`((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)), Member must not be null]`)}},
		"key":    {func(in *request) { in.KMSKeyArn = new("k") }, []string{v("k", "kMSKeyArn", regex+`(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()`)}},
		"bucket": {func(in *request) { in.Code.S3Bucket = new("a..") }, []string{v("a..", "code.s3Bucket", regex+`[0-9A-Za-z\.\-_]*(?<!\.)`)}},
	} {
		texts(t, name, create(tt.change), tt.want...)
	}
	texts(t, "nothing", &request{}, v("null", "functionName", "Member must not be null"), v("null", "role", "Member must not be null"), v("null", "code", "Member must not be null"))
}

// The texts of the other operations that were recorded.
func TestOtherTexts(t *testing.T) {
	weights := func(w map[string]float64) *lambdaapi.CreateAliasRequest {
		return &lambdaapi.CreateAliasRequest{FunctionName: new("f"), Name: new("live"), FunctionVersion: new("1"), RoutingConfig: &lambdaapi.AliasRoutingConfiguration{AdditionalVersionWeights: w}}
	}
	weight := "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]"
	taggable := `arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(capacity-provider|network-connector):[a-zA-Z0-9-_]{1,64})`
	alias := func(name string) *lambdaapi.GetAliasRequest {
		return &lambdaapi.GetAliasRequest{FunctionName: new("f"), Name: &name}
	}
	mapping := func(change func(*lambdaapi.CreateEventSourceMappingRequest)) *lambdaapi.CreateEventSourceMappingRequest {
		in := &lambdaapi.CreateEventSourceMappingRequest{FunctionName: new("f")}
		change(in)
		return in
	}
	type esm = lambdaapi.CreateEventSourceMappingRequest
	for name, tt := range map[string]struct {
		in   validator
		want []string
	}{
		"ListFunctions":                {&lambdaapi.ListFunctionsRequest{FunctionVersion: new("invalid")}, []string{v("invalid", "functionVersion", among+"[ALL]")}},
		"MaxItems 0":                   {&lambdaapi.ListFunctionsRequest{MaxItems: new(0)}, []string{v("0", "maxItems", "Member must have value greater than or equal to 1")}},
		"alias of digits":              {alias("2024"), []string{v("2024", "name", regex+`(?!^[0-9]+$)([a-zA-Z0-9-_]+)`)}},
		"alias like a date":            {alias("2024-01-02"), nil},
		"weight over one":              {weights(map[string]float64{"2": 2}), []string{v("{2=2.0}", "routingConfig.additionalVersionWeights", weight)}},
		"weight below zero":            {weights(map[string]float64{"2": -1}), []string{v("{2=-1.0}", "routingConfig.additionalVersionWeights", weight)}},
		"weight of one":                {weights(map[string]float64{"2": 1}), nil},
		"weight of $LATEST":            {weights(map[string]float64{"$LATEST": 0.5}), []string{v("{$LATEST=0.5}", "routingConfig.additionalVersionWeights", "Map keys must satisfy constraint: ["+atMost+"1024, "+atLeast+"1, "+regex+"[0-9]+]")}},
		"invoke mode":                  {&lambdaapi.CreateFunctionUrlConfigRequest{FunctionName: new("f"), AuthType: new("NONE"), InvokeMode: new("UNKNOWN")}, []string{v("UNKNOWN", "invokeMode", among+"[RESPONSE_STREAM, BUFFERED]")}},
		"URL of a version":             {&lambdaapi.GetFunctionUrlConfigRequest{FunctionName: new("f"), Qualifier: new("1")}, []string{v("1", "qualifier", regex+qualURL)}},
		"URL of $LATEST":               {&lambdaapi.GetFunctionUrlConfigRequest{FunctionName: new("f"), Qualifier: new("$LATEST")}, []string{v("$LATEST", "qualifier", regex+qualURL)}},
		"URL of a version in the name": {&lambdaapi.GetFunctionUrlConfigRequest{FunctionName: new("f:1")}, []string{v("f:1", "functionName", regex+patternL)}},
		"recursion":                    {&lambdaapi.PutFunctionRecursionConfigRequest{FunctionName: new("f"), RecursiveLoop: new("InvalidValue")}, []string{v("InvalidValue", "recursiveLoop", among+"[Terminate, Allow]")}},
		"recursion, qualified":         {&lambdaapi.GetFunctionRecursionConfigRequest{FunctionName: new("f:1")}, []string{v("f:1", "functionName", regex+patternU)}},
		"tagKeys":                      {&lambdaapi.UntagResourceRequest{Resource: new(fn + ":f")}, []string{v("null", "tagKeys", "Member must not be null")}},
		"tags of a name":               {&lambdaapi.ListTagsRequest{Resource: new("f")}, []string{v("f", "resource", regex+taggable)}},
		"tags of a mapping":            {&lambdaapi.ListTagsRequest{Resource: new(mapARN)}, nil},
		"tags of its alias":            {&lambdaapi.ListTagsRequest{Resource: new(mapARN + ":alias")}, []string{v(mapARN+":alias", "resource", regex+taggable)}},
		"statement":                    {&lambdaapi.AddPermissionRequest{FunctionName: new("f"), StatementId: new("example.com"), Action: new("*"), Principal: new("*")}, []string{v("example.com", "statementId", regex+"([a-zA-Z0-9-_]+)")}},
		"qualifier of a grant":         {&lambdaapi.AddPermissionRequest{FunctionName: new("f"), StatementId: new("s"), Action: new("*"), Principal: new("*"), Qualifier: new("a?")}, []string{v("a?", "qualifier", regex+patternQ)}},
		"position":                     {mapping(func(in *esm) { in.StartingPosition = new("invalid") }), []string{v("invalid", "startingPosition", among+"[LATEST, AT_TIMESTAMP, TRIM_HORIZON]")}},
		"batch size":                   {mapping(func(in *esm) { in.BatchSize = new(20000) }), []string{v("20000", "batchSize", "Member must have value less than or equal to 10000")}},
		"window":                       {mapping(func(in *esm) { in.MaximumBatchingWindowInSeconds = new(301) }), []string{v("301", "maximumBatchingWindowInSeconds", "Member must have value less than or equal to 300")}},
		"destination": {mapping(func(in *esm) {
			in.DestinationConfig = &lambdaapi.DestinationConfig{OnFailure: &lambdaapi.OnFailure{Destination: new("x")}}
		}), []string{v("x", "destinationConfig.onFailure.destination", regex+destARN)}},
		"no destination": {mapping(func(in *esm) {
			in.DestinationConfig = &lambdaapi.DestinationConfig{OnFailure: &lambdaapi.OnFailure{Destination: new("")}}
		}), nil},
		"access": {mapping(func(in *esm) {
			in.SourceAccessConfigurations = []lambdaapi.SourceAccessConfiguration{{URI: new("ok")}, {URI: new("{")}}
		}), []string{v("{", "sourceAccessConfigurations.2.member.uRI", regex+`[ a-zA-Z0-9-\/*:_+=.@-]*`)}},
		"topics": {mapping(func(in *esm) { in.Topics = []string{".a"} }), []string{v("[.a]", "topics", "Member must satisfy constraint: ["+atMost+"249, "+atLeast+"1, "+regex+`[^.]([a-zA-Z0-9\-_.]+), Member must not be null]`)}},
		"endpoints": {mapping(func(in *esm) {
			in.SelfManagedEventSource = &lambdaapi.SelfManagedEventSource{Endpoints: map[string][]string{"OTHER": {"h:1"}}}
		}), []string{v("{OTHER=[h:1]}", "selfManagedEventSource.endpoints", "Map keys must satisfy constraint: ["+among+"[KAFKA_BOOTSTRAP_SERVERS]]")}},
		"own source": {mapping(func(in *esm) { in.EventSourceArn = new("arn:penstock:list:jobs") }), nil},
		"no source":  {mapping(func(in *esm) { in.EventSourceArn = new("arn:other:list:jobs") }), []string{v("arn:other:list:jobs", "eventSourceArn", regex+arnForm)}},
		"async destination": {&lambdaapi.PutFunctionEventInvokeConfigRequest{FunctionName: new("f"), DestinationConfig: &lambdaapi.DestinationConfig{OnSuccess: &lambdaapi.OnSuccess{Destination: new("x")}}},
			[]string{v("x", "destinationConfig.onSuccess.destination", regex+destARN)}},
		"UUID": {&lambdaapi.GetEventSourceMappingRequest{UUID: new("1")}, []string{v("1", "uUID", atLeast+"36")}},
		"invocation type": {&lambdaapi.InvocationRequest{FunctionName: new("f"), InvocationType: new("Sync"), LogType: new("All")},
			[]string{v("Sync", "invocationType", among+"[Event, RequestResponse, DryRun]"), v("All", "logType", among+"[None, Tail]")}},
	} {
		texts(t, name, tt.in, tt.want...)
	}
}

// However wrong an input is, the answer stays short.
func TestManyViolations(t *testing.T) {
	in := &lambdaapi.CreateEventSourceMappingRequest{FunctionName: new("f"), EventSourceArn: new(strings.Repeat("x", 1<<20))}
	for range 100 {
		in.SourceAccessConfigurations = append(in.SourceAccessConfigurations, lambdaapi.SourceAccessConfiguration{Type: new("x")})
	}
	err := in.Validate()
	if err == nil || len(err.Error()) > 50_000 || strings.Count(err.Error(), "failed to satisfy") != 10 || !strings.Contains(err.Error(), "10 validation errors detected") {
		t.Errorf("%.300s", err)
	}
}

func FuzzValidate(f *testing.F) {
	for _, seed := range [][2]string{{"f", "$LATEST"}, {fn + ":f:1", "1"}, {"a:b:c:d:e", "\xff"}, {strings.Repeat("a", 300), ""}} {
		f.Add(seed[0], seed[1], 1)
	}
	f.Fuzz(func(t *testing.T, name, other string, n int) {
		inputs := []validator{
			call(name, other),
			&lambdaapi.CreateEventSourceMappingRequest{FunctionName: &name, EventSourceArn: &other, BatchSize: &n, Topics: []string{name, other},
				SelfManagedEventSource: &lambdaapi.SelfManagedEventSource{Endpoints: map[string][]string{name: {other}}}},
			&lambdaapi.CreateFunctionRequest{FunctionName: &name, Role: &other, Handler: &other, Timeout: &n,
				Environment: &lambdaapi.Environment{Variables: map[string]string{name: other}}, FileSystemConfigs: []lambdaapi.FileSystemConfig{{Arn: &name}}},
			&lambdaapi.CreateAliasRequest{FunctionName: &name, Name: &other, RoutingConfig: &lambdaapi.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{name: float64(n)}}},
		}
		for _, in := range inputs {
			var e *awswire.Error
			if err := in.Validate(); err != nil && (!errors.As(err, &e) || !strings.Contains(e.Message, " detected: Value")) {
				t.Errorf("%v", err)
			}
		}
	})
}
