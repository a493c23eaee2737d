package lambdaapi

import (
	"reflect"
	"slices"
	"strings"

	"github.com/penstock/penstock/mapping"
)

// A row says what becomes of members: names separated by spaces, of operations
// separated by spaces, or of all ("*"). A member inside another, "Code.ImageUri",
// has the treatment of the one around it unless it has a row of its own. The
// reason of a refusal is what the caller is told.
type row struct {
	operations, names string
	treatment         mapping.Treatment
	reason            string
}

const (
	functions = "CreateFunction UpdateFunctionConfiguration"
	code      = "UpdateFunctionCode"
	mappings  = "CreateEventSourceMapping UpdateEventSourceMapping"
	calls     = "Invoke InvokeAsync InvokeWithResponseStream"
)

// rows is the table of all members of all inputs; a test checks that none is
// missing. What mappings do with a member depends on their source too: see
// mapping.Members.
var rows = []row{
	{"*", "FunctionName Qualifier UUID Resource ResourceArn Name StatementId Marker MaxItems RevisionId", mapping.Honoured, ""},

	{functions, "Runtime Handler Timeout Environment", mapping.Honoured, ""},
	{functions, "Description", mapping.Recorded, "it only describes"},
	{functions, "Role", mapping.Recorded, "functions have the permissions of this process"},
	{functions, "MemorySize", mapping.Recorded, "the memory of functions is not limited"},
	{functions, "EphemeralStorage", mapping.Recorded, "the disk space of functions is not limited"},
	{functions, "VpcConfig", mapping.Recorded, "functions use the network of this machine"},
	{functions, "KMSKeyArn", mapping.Recorded, "the environment is stored as it is"},
	{functions, "TracingConfig", mapping.Recorded, "no traces are sent"},
	{functions, "SnapStart", mapping.Recorded, "functions start from their code"},
	{functions, "LoggingConfig", mapping.Recorded, "logs are kept as functions write them"},
	{functions, "DeadLetterConfig", mapping.Refused, "Dead-letter queues of asynchronous invocations are not supported by this endpoint yet."},
	{functions, "Layers", mapping.Refused, "Layers are not supported by this endpoint."},
	{functions, "FileSystemConfigs", mapping.Refused, "File systems are not supported by this endpoint."},
	{functions, "ImageConfig", mapping.Refused, "Container images are not supported by this endpoint."},
	{functions, "CapacityProviderConfig", mapping.Refused, "Capacity providers are not supported by this endpoint."},
	{functions, "DurableConfig", mapping.Refused, "Durable executions are not supported by this endpoint."},
	{functions, "RuntimeConfig", mapping.Refused, "Runtimes that are named by an ARN are not supported by this endpoint."},
	{functions, "AcceleratorConfig", mapping.Refused, "Accelerators are not supported by this endpoint."},

	{"CreateFunction", "Code PackageType", mapping.Honoured, ""},
	{"CreateFunction", "Architectures", mapping.Recorded, "functions run on this machine"},
	{"CreateFunction", "Tags", mapping.Recorded, "they only describe"},
	{"CreateFunction", "TenancyConfig", mapping.Refused, "Tenant isolation is not supported by this endpoint."},
	{"CreateFunction", "CodeSigningConfigArn", mapping.Refused, "Code signing is not supported by this endpoint."},
	{"CreateFunction", "Code.ImageUri", mapping.Refused, "Container images are not supported by this endpoint."},
	{"CreateFunction", "Code.S3ObjectVersion", mapping.Refused, "Versions of S3 objects are not supported by this endpoint."},
	{"CreateFunction", "Code.S3ObjectStorageMode", mapping.Recorded, "code is always copied"},
	{"CreateFunction", "Code.SourceKMSKeyArn", mapping.Recorded, "code is stored as it is"},

	{code, "ZipFile S3Bucket S3Key DryRun", mapping.Honoured, ""},
	{code, "Architectures", mapping.Recorded, "functions run on this machine"},
	{code, "ImageUri", mapping.Refused, "Container images are not supported by this endpoint."},
	{code, "S3ObjectVersion", mapping.Refused, "Versions of S3 objects are not supported by this endpoint."},
	{code, "S3ObjectStorageMode", mapping.Recorded, "code is always copied"},
	{code, "SourceKMSKeyArn", mapping.Recorded, "code is stored as it is"},
	{"CreateFunction " + code, "Publish", mapping.Refused, "Versions of functions are not supported by this endpoint yet."},
	{"CreateFunction PublishVersion " + code, "PublishTo", mapping.Refused, "Publishing to $LATEST.PUBLISHED is not supported by this endpoint."},

	{mappings, "EventSourceArn Enabled BatchSize FilterCriteria ScalingConfig MaximumBatchingWindowInSeconds ParallelizationFactor " +
		"StartingPosition StartingPositionTimestamp DestinationConfig MaximumRecordAgeInSeconds BisectBatchOnFunctionError " +
		"MaximumRetryAttempts TumblingWindowInSeconds FunctionResponseTypes ProvisionedPollerConfig Topics Queues SourceAccessConfigurations " +
		"SelfManagedEventSource AmazonManagedKafkaEventSourceConfig SelfManagedKafkaEventSourceConfig DocumentDBEventSourceConfig", mapping.Honoured, ""},
	{mappings, "KMSKeyArn", mapping.Recorded, "filters are stored as they are"},
	{mappings, "MetricsConfig", mapping.Recorded, "every mapping is always counted"},
	{mappings, "LoggingConfig", mapping.Recorded, "the daemon has one log level"},
	{mappings, "Tags", mapping.Recorded, "they only describe"},
	{"ListEventSourceMappings", "EventSourceArn", mapping.Honoured, ""},

	{calls, "InvocationType LogType ClientContext Payload InvokeArgs", mapping.Honoured, ""},
	{calls, "DurableExecutionName", mapping.Refused, "Durable executions are not supported by this endpoint."},
	{calls, "TenantId", mapping.Refused, "Tenant isolation is not supported by this endpoint."},

	{"ListFunctions", "MasterRegion FunctionVersion", mapping.Honoured, ""},
	{"TagResource UntagResource", "Tags TagKeys", mapping.Honoured, ""},

	{"PublishVersion", "CodeSha256 Description", mapping.Honoured, ""},
	{"CreateAlias UpdateAlias ListAliases", "FunctionVersion RoutingConfig", mapping.Honoured, ""},
	{"CreateAlias UpdateAlias", "Description", mapping.Recorded, "it only describes"},
	{"PutFunctionConcurrency", "ReservedConcurrentExecutions", mapping.Honoured, ""},
	{"PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig", "MaximumRetryAttempts MaximumEventAgeInSeconds DestinationConfig", mapping.Honoured, ""},
	{"PutFunctionRecursionConfig", "RecursiveLoop", mapping.Honoured, ""},

	{"AddPermission", "Action Principal SourceArn FunctionUrlAuthType InvokedViaFunctionUrl SourceAccount EventSourceToken PrincipalOrgID", mapping.Honoured, ""},
	{"PutResourcePolicy", "Policy", mapping.Honoured, ""},
	{"CreateFunctionUrlConfig UpdateFunctionUrlConfig", "AuthType Cors InvokeMode", mapping.Honoured, ""},
}

// Members lists what becomes of the members of an operation's input, those inside
// others only where they differ from what is around them.
func Members(operation string) []mapping.Member {
	var list []mapping.Member
	for _, r := range rows {
		if r.operations != "*" && !slices.Contains(strings.Fields(r.operations), operation) {
			continue
		}
		for _, name := range strings.Fields(r.names) {
			if has(operation, name) {
				list = append(list, mapping.Member{Name: name, Treatment: r.treatment, Reason: r.reason})
			}
		}
	}
	return list
}

// has says whether an operation's input has a member.
func has(operation, path string) bool {
	t := inputOf(operation)
	for name := range strings.SplitSeq(path, ".") {
		if t == nil {
			return false
		}
		f, ok := t.FieldByName(name)
		if !ok {
			return false
		}
		t = f.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			t = nil
		}
	}
	return true
}

// inputOf is the type of an operation's input; nil for one that is not served.
func inputOf(operation string) reflect.Type {
	f, ok := reflect.TypeFor[Operations]().FieldByName(operation)
	if !ok {
		return nil
	}
	return f.Type.In(1).Elem()
}

// Given lists the members of an input that are given and have that treatment, in
// the order of the table. What is empty (false, {}, [], "") is not given.
func Given(operation string, in any, treatment mapping.Treatment) []mapping.Member {
	return slices.DeleteFunc(Members(operation), func(m mapping.Member) bool { return m.Treatment != treatment || !givenIn(in, m) })
}

func givenIn(in any, m mapping.Member) bool {
	return filled(member(reflect.ValueOf(in).Elem(), m.Name))
}

// member follows a path that exists; the zero Value where something on it is nil.
func member(v reflect.Value, path string) reflect.Value {
	for name := range strings.SplitSeq(path, ".") {
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if !v.IsValid() {
			return v
		}
		v = v.FieldByName(name)
	}
	return v
}

// filled says whether a value says anything.
func filled(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return false
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && filled(v.Elem())
	case reflect.Slice, reflect.Map:
		return v.Len() > 0
	case reflect.Struct:
		for i := range v.NumField() {
			if filled(v.Field(i)) {
				return true
			}
		}
		return false
	}
	return !v.IsZero()
}
