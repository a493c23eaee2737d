package template

// A Class says what becomes of a property.
type Class string

// There is no other class: what touches delivery works exactly as on AWS or is
// refused by name, and what describes an environment penstock does not have is
// recorded.
const (
	Honoured Class = "honoured"
	Recorded Class = "recorded"
	Refused  Class = "refused"
)

// A Setting is one property of a resource or event that penstock knows.
type Setting struct {
	// Type is a resource type, or "SQS event" for an event of a serverless
	// function.
	Type string
	// Property is a name; members of properties follow after a period.
	Property string
	Class    Class
	Reason   string // why it is recorded or refused
}

// Settings lists every property that penstock knows, in the order of the table.
func Settings() []Setting {
	var out []Setting
	for _, o := range owners {
		for _, r := range table {
			if r.of&o.of != 0 {
				out = append(out, Setting{o.name, r.name, r.class, r.reason})
			}
		}
	}
	return out
}

// An owner is a set of resource types or events that share properties.
type owner int

const (
	samFunction owner = 1 << iota
	cfnFunction
	queue
	cfnMapping
	sqsEvent

	function = samFunction | cfnFunction
	anyEvent = cfnMapping | sqsEvent
)

var owners = [...]struct {
	of   owner
	name string
}{
	{samFunction, "AWS::Serverless::Function"},
	{cfnFunction, "AWS::Lambda::Function"},
	{queue, "AWS::SQS::Queue"},
	{cfnMapping, "AWS::Lambda::EventSourceMapping"},
	{sqsEvent, "SQS event"},
}

// A form is what a value must look like, or can be turned into.
type form int

const (
	anything form = iota
	text
	integer
	boolean
	texts   // a list of text
	object  // a map whose members are in the table
	objects // a list of such maps
)

// A row of the table.
type row struct {
	of     owner
	name   string
	class  Class
	form   form
	reason string
	accept string // refused properties: the value that asks for nothing
	low    int    // integers: least and largest value; both zero: no rule here
	high   int
	soft   bool // a placeholder in the value is a warning, not an error
}

func lookup(of owner, name string) *row {
	for i := range table {
		if table[i].of&of != 0 && table[i].name == name {
			return &table[i]
		}
	}
	return nil
}

const (
	noRoles    = "penstock enforces no permissions"
	noLimits   = "the function runs as a process of this machine"
	noAliases  = "penstock has no versions and aliases; mappings invoke $LATEST"
	noImages   = "container images are not supported"
	noAsync    = "asynchronous invocation is not supported yet"
	noBuilds   = "penstock builds Go only; for the rest run sam build and name its template"
	noCrypto   = "penstock does not encrypt"
	deployOnly = "it only concerns deployment"
	laterKind  = "not supported yet"
)

// table is the one list of properties. Members of the service's models that
// are missing here would be listed as unknown.
var table = [...]row{
	{of: function, name: "FunctionName", class: Honoured, form: text},
	{of: samFunction, name: "CodeUri", class: Honoured},
	{of: samFunction, name: "InlineCode", class: Honoured, form: text},
	{of: cfnFunction, name: "Code", class: Honoured},
	{of: function, name: "Handler", class: Honoured, form: text},
	{of: function, name: "Runtime", class: Honoured, form: text},
	{of: function, name: "Timeout", class: Honoured, form: integer, low: 1, high: 900},
	{of: function, name: "Environment", class: Honoured, soft: true},
	{of: function, name: "ReservedConcurrentExecutions", class: Honoured, form: integer, high: 1_000_000},
	{of: samFunction, name: "Events", class: Honoured},
	{of: function, name: "PackageType", class: Refused, form: text, accept: "Zip", reason: noImages},
	{of: function, name: "ImageConfig", class: Refused, reason: noImages},
	{of: samFunction, name: "ImageUri", class: Refused, reason: noImages},
	{of: function, name: "Layers", class: Refused, reason: "layers are not supported: put their content into the function's folder"},
	{of: function, name: "FileSystemConfigs", class: Refused, reason: "no file system is mounted"},
	{of: samFunction, name: "DeadLetterQueue", class: Refused, reason: noAsync},
	{of: cfnFunction, name: "DeadLetterConfig", class: Refused, reason: noAsync},
	{of: samFunction, name: "EventInvokeConfig", class: Refused, reason: noAsync},
	{of: samFunction, name: "FunctionUrlConfig", class: Refused, reason: "function URLs are not supported yet"},
	{of: samFunction, name: "AutoPublishAlias", class: Refused, reason: noAliases},
	{of: samFunction, name: "ProvisionedConcurrencyConfig", class: Refused, reason: noAliases},
	{of: function, name: "FunctionScalingConfig", class: Refused, reason: laterKind},
	{of: function, name: "CapacityProviderConfig", class: Refused, reason: laterKind},
	{of: function, name: "PublishToLatestPublished", class: Refused, accept: "false", reason: noAliases},
	{of: function, name: "TenancyConfig", class: Refused, reason: laterKind},
	{of: function, name: "DurableConfig", class: Refused, reason: laterKind},
	{of: function, name: "RecursiveLoop", class: Refused, form: text, accept: "Allow", reason: "recursive loops are not detected"},
	{of: function, name: "Description", class: Recorded, form: text, reason: "it only describes"},
	{of: function, name: "MemorySize", class: Recorded, form: integer, low: 128, high: 32768, reason: noLimits},
	{of: function, name: "EphemeralStorage", class: Recorded, reason: noLimits},
	{of: function, name: "Architectures", class: Recorded, form: texts, reason: noLimits},
	{of: function, name: "VpcConfig", class: Recorded, reason: noLimits},
	{of: function, name: "Role", class: Recorded, form: text, reason: noRoles},
	{of: samFunction, name: "Policies", class: Recorded, reason: noRoles},
	{of: samFunction, name: "RolePath", class: Recorded, reason: noRoles},
	{of: samFunction, name: "PermissionsBoundary", class: Recorded, reason: noRoles},
	{of: samFunction, name: "AssumeRolePolicyDocument", class: Recorded, reason: noRoles},
	{of: function, name: "CodeSigningConfigArn", class: Recorded, reason: "signatures are not checked"},
	{of: samFunction, name: "Tracing", class: Recorded, reason: "no traces are sent"},
	{of: cfnFunction, name: "TracingConfig", class: Recorded, reason: "no traces are sent"},
	{of: function, name: "LoggingConfig", class: Honoured, form: object},
	{of: function, name: "LoggingConfig.LogFormat", class: Honoured, form: text},
	{of: function, name: "LoggingConfig.ApplicationLogLevel", class: Honoured, form: text},
	{of: function, name: "LoggingConfig.SystemLogLevel", class: Recorded, form: text, reason: "penstock writes all of its own lines"},
	{of: function, name: "LoggingConfig.LogGroup", class: Recorded, form: text, reason: "logs go to penstock"},
	{of: function, name: "KmsKeyArn", class: Recorded, reason: noCrypto},
	{of: samFunction, name: "SourceKMSKeyArn", class: Recorded, reason: noCrypto},
	{of: function, name: "SnapStart", class: Recorded, reason: noLimits},
	{of: function, name: "RuntimeManagementConfig", class: Recorded, reason: "runtimes are those of this machine"},
	{of: function, name: "Tags", class: Recorded, reason: "it only describes"},
	{of: samFunction, name: "PropagateTags", class: Recorded, reason: "it only describes"},
	{of: samFunction, name: "DeploymentPreference", class: Recorded, reason: deployOnly},
	{of: samFunction, name: "VersionDescription", class: Recorded, reason: deployOnly},
	{of: samFunction, name: "VersionDeletionPolicy", class: Recorded, reason: deployOnly},
	{of: samFunction, name: "AutoPublishCodeSha256", class: Recorded, reason: deployOnly},
	{of: samFunction, name: "AutoPublishAliasAllProperties", class: Recorded, reason: deployOnly},

	{of: queue, name: "QueueName", class: Honoured, form: text},
	{of: queue, name: "FifoQueue", class: Honoured, form: boolean},
	{of: queue, name: "VisibilityTimeout", class: Honoured, form: integer, high: 43200},
	{of: queue, name: "DelaySeconds", class: Honoured, form: integer, high: 900},
	{of: queue, name: "MessageRetentionPeriod", class: Honoured, form: integer, low: 60, high: 1209600},
	{of: queue, name: "MaximumMessageSize", class: Honoured, form: integer, low: 1024, high: 1048576},
	{of: queue, name: "ReceiveMessageWaitTimeSeconds", class: Honoured, form: integer, high: 20},
	{of: queue, name: "ContentBasedDeduplication", class: Honoured, form: boolean},
	{of: queue, name: "DeduplicationScope", class: Honoured, form: text},
	{of: queue, name: "FifoThroughputLimit", class: Honoured, form: text},
	{of: queue, name: "RedrivePolicy", class: Honoured},
	{of: queue, name: "RedriveAllowPolicy", class: Honoured},
	{of: queue, name: "KmsMasterKeyId", class: Recorded, form: text, reason: noCrypto},
	{of: queue, name: "KmsDataKeyReusePeriodSeconds", class: Recorded, form: integer, low: 60, high: 86400, reason: noCrypto},
	{of: queue, name: "SqsManagedSseEnabled", class: Recorded, form: boolean, reason: noCrypto},
	{of: queue, name: "Tags", class: Recorded, form: objects, reason: "it only describes"},
	{of: queue, name: "Tags.Key", class: Recorded, form: text},
	{of: queue, name: "Tags.Value", class: Recorded, form: text},

	// Mappings: whether a member fits the source is decided by mapping.Validate.
	{of: sqsEvent, name: "Queue", class: Honoured, form: text},
	{of: cfnMapping, name: "EventSourceArn", class: Honoured, form: text},
	{of: cfnMapping, name: "FunctionName", class: Honoured, form: text},
	{of: anyEvent, name: "Enabled", class: Honoured, form: boolean},
	{of: anyEvent, name: "BatchSize", class: Honoured, form: integer, low: 1, high: 10000},
	{of: anyEvent, name: "MaximumBatchingWindowInSeconds", class: Honoured, form: integer},
	{of: anyEvent, name: "FunctionResponseTypes", class: Honoured, form: texts},
	{of: anyEvent, name: "FilterCriteria", class: Honoured, form: object},
	{of: anyEvent, name: "FilterCriteria.Filters", class: Honoured, form: objects},
	{of: anyEvent, name: "FilterCriteria.Filters.Pattern", class: Honoured, form: text},
	{of: anyEvent, name: "ScalingConfig", class: Honoured, form: object},
	{of: anyEvent, name: "ScalingConfig.MaximumConcurrency", class: Honoured, form: integer},
	{of: anyEvent, name: "ProvisionedPollerConfig", class: Honoured, form: object},
	{of: anyEvent, name: "ProvisionedPollerConfig.MinimumPollers", class: Honoured, form: integer},
	{of: anyEvent, name: "ProvisionedPollerConfig.MaximumPollers", class: Honoured, form: integer},
	{of: anyEvent, name: "ProvisionedPollerConfig.PollerGroupName", class: Honoured, form: text},
	{of: anyEvent, name: "StartingPosition", class: Honoured, form: text},
	{of: anyEvent, name: "StartingPositionTimestamp", class: Honoured},
	{of: anyEvent, name: "ParallelizationFactor", class: Honoured, form: integer, low: 1, high: 10},
	{of: anyEvent, name: "MaximumRecordAgeInSeconds", class: Honoured, form: integer},
	{of: anyEvent, name: "MaximumRetryAttempts", class: Honoured, form: integer},
	{of: anyEvent, name: "BisectBatchOnFunctionError", class: Honoured, form: boolean},
	{of: anyEvent, name: "TumblingWindowInSeconds", class: Honoured, form: integer},
	{of: anyEvent, name: "DestinationConfig", class: Honoured, form: object},
	{of: anyEvent, name: "DestinationConfig.OnFailure", class: Honoured, form: object},
	{of: anyEvent, name: "DestinationConfig.OnFailure.Destination", class: Honoured, form: text},
	{of: sqsEvent, name: "DestinationConfig.OnFailure.Type", class: Recorded, form: text, reason: noRoles},
	{of: anyEvent, name: "Topics", class: Honoured, form: texts},
	{of: anyEvent, name: "Queues", class: Honoured, form: texts},
	{of: anyEvent, name: "SourceAccessConfigurations", class: Honoured, form: objects},
	{of: anyEvent, name: "SourceAccessConfigurations.Type", class: Honoured, form: text},
	{of: anyEvent, name: "SourceAccessConfigurations.URI", class: Honoured, form: text},
	{of: cfnMapping, name: "SelfManagedEventSource", class: Honoured, form: object},
	{of: cfnMapping, name: "SelfManagedEventSource.Endpoints", class: Honoured, form: object},
	{of: cfnMapping, name: "SelfManagedEventSource.Endpoints.KafkaBootstrapServers", class: Honoured, form: texts},
	{of: cfnMapping, name: "AmazonManagedKafkaEventSourceConfig", class: Honoured},
	{of: cfnMapping, name: "SelfManagedKafkaEventSourceConfig", class: Honoured},
	{of: cfnMapping, name: "DocumentDBEventSourceConfig", class: Honoured, form: object},
	{of: cfnMapping, name: "DocumentDBEventSourceConfig.DatabaseName", class: Honoured, form: text},
	{of: cfnMapping, name: "DocumentDBEventSourceConfig.CollectionName", class: Honoured, form: text},
	{of: cfnMapping, name: "DocumentDBEventSourceConfig.FullDocument", class: Honoured, form: text},
	{of: anyEvent, name: "KmsKeyArn", class: Recorded, form: text, reason: noCrypto},
	{of: anyEvent, name: "MetricsConfig", class: Recorded, form: object, reason: "penstock always counts"},
	{of: anyEvent, name: "MetricsConfig.Metrics", class: Recorded, form: texts, reason: "penstock always counts"},
	{of: anyEvent, name: "LoggingConfig", class: Recorded, form: object, reason: "logs go to penstock"},
	{of: anyEvent, name: "LoggingConfig.SystemLogLevel", class: Recorded, form: text, reason: "logs go to penstock"},
	{of: cfnMapping, name: "Tags", class: Recorded, form: objects, reason: "it only describes"},
	{of: cfnMapping, name: "Tags.Key", class: Recorded, form: text},
	{of: cfnMapping, name: "Tags.Value", class: Recorded, form: text},
}
