package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/penstock/penstock/sources"
)

const (
	queueARN  = "arn:aws:sqs:eu-west-1:111122223333:orders"
	fifoARN   = "arn:aws:sqs:eu-west-1:111122223333:orders.fifo"
	streamARN = "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks"
	tableARN  = "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2025-11-25T15:47:40.000"
	mskARN    = "arn:aws:kafka:eu-west-1:111122223333:cluster/c/0a1b-2"
	brokerARN = "arn:aws:mq:eu-west-1:111122223333:broker:b:b-9bcf"
	docdbARN  = "arn:aws:rds:eu-west-1:111122223333:cluster:c"
	ownARN    = "arn:penstock:list:jobs"
)

// fine are facts of a world where nothing stands in the way.
func fine() Facts {
	return Facts{
		Region: "eu-west-1", Account: "111122223333", Now: now,
		Limits: &sources.Limits{Window: true, PartialFailures: true, MaxBatchSize: 10000},
	}
}

func onQueue() Config { return Config{FunctionName: "f", EventSourceArn: queueARN} }
func onFIFO() Config  { return Config{FunctionName: "f", EventSourceArn: fifoARN} }
func onTable() Config {
	return Config{FunctionName: "f", EventSourceArn: tableARN, StartingPosition: "LATEST"}
}
func onStream() Config {
	return Config{FunctionName: "f", EventSourceArn: streamARN, StartingPosition: "LATEST"}
}
func onMSK() Config {
	return Config{FunctionName: "f", EventSourceArn: mskARN, StartingPosition: "LATEST", Topics: []string{"orders"}}
}
func onBroker() Config {
	return Config{FunctionName: "f", EventSourceArn: brokerARN, Queues: []string{"q"}}
}
func onKafka() Config {
	return Config{
		FunctionName: "f", Topics: []string{"orders"},
		SelfManagedEventSource:     &SelfManagedEventSource{Endpoints: map[string][]string{bootstrapServers: {"b1:9092", "b2.example.com:9092"}}},
		SourceAccessConfigurations: []SourceAccessConfiguration{{Type: "BASIC_AUTH", URI: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s"}},
	}
}

// with changes a configuration.
func with(c Config, change func(*Config)) Config {
	change(&c)
	return c
}

func known(change func(*Facts)) Facts {
	f := fine()
	change(&f)
	return f
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		config Config
		facts  Facts
		want   []string // Exception: Message; none: valid
	}{
		{"queue", onQueue(), fine(), nil},
		{"queue, everything", with(onQueue(), func(c *Config) {
			c.Enabled, c.BatchSize, c.MaximumBatchingWindowInSeconds = new(false), 10000, new(300)
			c.FunctionResponseTypes = []string{PartialFailures}
			c.FilterCriteria = criteria(`{"body":{"a":[1]}}`)
			c.ScalingConfig = &ScalingConfig{MaximumConcurrency: new(2)}
			c.KMSKeyArn = "arn:aws:kms:eu-west-1:111122223333:key/k"
			c.MetricsConfig = &MetricsConfig{Metrics: []string{"EventCount"}}
			c.Tags = map[string]string{"a": "b"}
		}), fine(), nil},
		{"fifo", with(onFIFO(), func(c *Config) { c.BatchSize, c.MaximumBatchingWindowInSeconds = 10, new(0) }), fine(), nil},
		{"stream", with(onStream(), func(c *Config) { c.BatchSize = 100 }), fine(), nil},
		{"table", onTable(), fine(), nil},
		{"cluster", onMSK(), fine(), nil},
		{"own cluster", onKafka(), fine(), nil},
		{"broker", onBroker(), fine(), nil},
		{"documents", Config{FunctionName: "f", EventSourceArn: docdbARN, DocumentDBEventSourceConfig: &DocumentDBEventSourceConfig{DatabaseName: "d"}}, fine(), nil},
		{"own kind by ARN", Config{FunctionName: "f", EventSourceArn: ownARN}, fine(), nil},
		{"own kind by settings", Config{FunctionName: "f", Settings: sources.Settings{Extra: map[string]string{"key": "jobs"}}}, fine(), nil},

		// Row 1: the service's model.
		{"no function", Config{EventSourceArn: queueARN}, fine(), []string{"ValidationException: 1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null"}},
		{"function name with a space", with(onQueue(), func(c *Config) { c.FunctionName = "a b" }), fine(), []string{"ValidationException: 1 validation error detected: Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:"}},
		{"long function name", with(onQueue(), func(c *Config) { c.FunctionName = strings.Repeat("f", 65) }), fine(), []string{"at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"}},
		{"source is no ARN", with(onQueue(), func(c *Config) { c.EventSourceArn = "orders" }), fine(), []string{"ValidationException: 1 validation error detected: Value 'orders' at 'eventSourceArn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws"}},
		{"starting position", with(onStream(), func(c *Config) { c.StartingPosition = "invalid" }), fine(), []string{"ValidationException: 1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"}},
		{"batch size", with(onQueue(), func(c *Config) { c.BatchSize, c.MaximumBatchingWindowInSeconds = 10001, new(1) }), known(func(f *Facts) { f.Limits.MaxBatchSize = 0 }), []string{"Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value less than or equal to 10000"}},
		{"negative batch size", with(onQueue(), func(c *Config) { c.BatchSize = -1 }), fine(), []string{"Value '-1' at 'batchSize' failed to satisfy constraint: Member must have value greater than or equal to 1"}},
		{"window", with(onQueue(), func(c *Config) { c.MaximumBatchingWindowInSeconds = new(301) }), fine(), []string{"Value '301' at 'maximumBatchingWindowInSeconds' failed"}},
		{"negative window", with(onQueue(), func(c *Config) { c.MaximumBatchingWindowInSeconds = new(-1) }), fine(), []string{"Value '-1' at 'maximumBatchingWindowInSeconds' failed"}},
		{"parallelization", with(onStream(), func(c *Config) { c.ParallelizationFactor = 11 }), fine(), []string{"Value '11' at 'parallelizationFactor' failed"}},
		{"age", with(onStream(), func(c *Config) { c.MaximumRecordAgeInSeconds = new(604801) }), fine(), []string{"Value '604801' at 'maximumRecordAgeInSeconds' failed"}},
		{"retries", with(onStream(), func(c *Config) { c.MaximumRetryAttempts = new(10001) }), fine(), []string{"Value '10001' at 'maximumRetryAttempts' failed"}},
		{"tumbling window", with(onStream(), func(c *Config) { c.TumblingWindowInSeconds = new(901) }), fine(), []string{"Value '901' at 'tumblingWindowInSeconds' failed"}},
		{"response types", with(onQueue(), func(c *Config) { c.FunctionResponseTypes = []string{"X"} }), fine(), []string{"Value '[X]' at 'functionResponseTypes' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]"}},
		{"concurrency", with(onQueue(), func(c *Config) { c.ScalingConfig = &ScalingConfig{MaximumConcurrency: new(1)} }), fine(), []string{"Value '1' at 'scalingConfig.maximumConcurrency' failed to satisfy constraint: Member must have value greater than or equal to 2"}},
		{"destination", with(onStream(), func(c *Config) { c.DestinationConfig = &DestinationConfig{OnFailure: &Destination{"nowhere"}} }), fine(), []string{"Value 'nowhere' at 'destinationConfig.onFailure.destination' failed"}},
		{"long pattern", with(onQueue(), func(c *Config) {
			c.FilterCriteria = criteria(`{"a":[1]}`, `{"a":["`+strings.Repeat("x", 4096)+`"]}`)
		}), fine(), []string{"at 'filterCriteria.filters.2.member.pattern' failed to satisfy constraint: Member must have length less than or equal to 4096", "Invalid filter pattern"}},
		{"two violations", with(onQueue(), func(c *Config) { c.BatchSize, c.MaximumBatchingWindowInSeconds = -1, new(-1) }), fine(), []string{"batchSize", "maximumBatchingWindowInSeconds"}},
		{"topic", with(onMSK(), func(c *Config) { c.Topics = []string{".x"} }), fine(), []string{"Value '.x' at 'topics.1.member' failed"}},
		{"access type", with(onBroker(), func(c *Config) { c.SourceAccessConfigurations = []SourceAccessConfiguration{{Type: "X"}} }), fine(), []string{"Value 'X' at 'sourceAccessConfigurations.1.member.type' failed"}},
		{"bootstrap server", with(onKafka(), func(c *Config) {
			c.SelfManagedEventSource = &SelfManagedEventSource{Endpoints: map[string][]string{bootstrapServers: {"b1"}}}
		}), fine(), []string{"Value 'b1' at 'selfManagedEventSource.endpoints' failed"}},

		// Rows 2 to 6.
		{"on success, function unknown", with(onStream(), func(c *Config) { c.DestinationConfig = &DestinationConfig{OnSuccess: &Destination{queueARN}} }),
			known(func(f *Facts) { f.Function = errors.New("no") }),
			[]string{"InvalidParameterValueException: Unsupported DestinationConfig parameter for given event source mapping type.", "Function does not exist"}},
		{"own cluster without access", with(onKafka(), func(c *Config) { c.SourceAccessConfigurations = nil }), fine(), []string{"InvalidParameterValueException: Required 'sourceAccessConfigurations' parameter is missing."}},
		{"no source, function unknown", Config{FunctionName: "f"}, known(func(f *Facts) { f.Function = errors.New("no") }), []string{"InvalidParameterValueException: Unrecognized event source.", "Function does not exist"}},
		{"source that is none", Config{FunctionName: "f", EventSourceArn: "arn:aws:s3:::bucket"}, fine(), []string{"Unrecognized event source."}},
		{"table without stream", Config{FunctionName: "f", EventSourceArn: "arn:aws:dynamodb:eu-west-1:111122223333:table/t"}, fine(), []string{"Unrecognized event source."}},
		{"stream without start", with(onStream(), func(c *Config) { c.StartingPosition = "" }), fine(), []string{"InvalidParameterValueException: 1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null."}},
		{"table without start", with(onTable(), func(c *Config) { c.StartingPosition = "" }), fine(), []string{"Value null at 'startingPosition'"}},
		{"table at a time", with(onTable(), func(c *Config) { c.StartingPosition, c.StartingPositionTimestamp = "AT_TIMESTAMP", &Timestamp{now} }), fine(), []string{"InvalidParameterValueException: Unsupported starting position for arn type: " + tableARN}},
		{"at no time", with(onStream(), func(c *Config) { c.StartingPosition = "AT_TIMESTAMP" }), fine(), []string{"Invalid StartingPositionTimestamp parameter"}},
		{"time without position", with(onStream(), func(c *Config) { c.StartingPositionTimestamp = &Timestamp{now} }), fine(), []string{"Invalid StartingPositionTimestamp parameter"}},
		{"at a time", with(onStream(), func(c *Config) { c.StartingPosition, c.StartingPositionTimestamp = "AT_TIMESTAMP", &Timestamp{now} }), fine(), nil},
		{"in the future", with(onStream(), func(c *Config) {
			c.StartingPosition, c.StartingPositionTimestamp = "AT_TIMESTAMP", &Timestamp{now.Add(time.Second)}
		}), fine(), []string{"must not be in the future"}},

		// Row 7 and its neighbours.
		{"large batch without window", with(onQueue(), func(c *Config) { c.BatchSize = 11 }), fine(), []string{"InvalidParameterValueException: Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"}},
		{"large batch, window 0", with(onQueue(), func(c *Config) { c.BatchSize, c.MaximumBatchingWindowInSeconds = 11, new(0) }), fine(), []string{"Maximum batch window in seconds"}},
		{"batch of ten", with(onQueue(), func(c *Config) { c.BatchSize = 10 }), fine(), nil},
		{"large fifo batch", with(onFIFO(), func(c *Config) { c.BatchSize = 11 }), fine(), []string{"Invalid BatchSize parameter: it is at most 10 for a FIFO queue"}},
		{"fifo window", with(onFIFO(), func(c *Config) { c.MaximumBatchingWindowInSeconds = new(1) }), fine(), []string{"Invalid MaximumBatchingWindowInSeconds parameter: a FIFO queue has no batching window"}},
		{"kind without window", with(Config{FunctionName: "f", EventSourceArn: ownARN}, func(c *Config) { c.MaximumBatchingWindowInSeconds = new(1) }), known(func(f *Facts) { f.Limits = &sources.Limits{} }), []string{"this source has no batching window"}},
		{"kind with smaller batches", with(Config{FunctionName: "f", EventSourceArn: ownARN}, func(c *Config) { c.BatchSize = 8 }), known(func(f *Facts) { f.Limits = &sources.Limits{MaxBatchSize: 7} }), []string{"it is at most 7 for this source"}},
		{"kind without partial failures", with(Config{FunctionName: "f", EventSourceArn: ownARN}, func(c *Config) { c.FunctionResponseTypes = []string{PartialFailures} }), known(func(f *Facts) { f.Limits = &sources.Limits{} }), []string{"Invalid FunctionResponseTypes parameter"}},
		{"no such kind", onStream(), known(func(f *Facts) { f.Limits = nil }), []string{"penstock has no source of the kind kinesis"}},

		{"young age", with(onStream(), func(c *Config) { c.MaximumRecordAgeInSeconds = new(59) }), fine(), []string{"Invalid MaximumRecordAgeInSeconds parameter: it is -1 or at least 60"}},
		{"no age", with(onStream(), func(c *Config) { c.MaximumRecordAgeInSeconds = new(0) }), fine(), []string{"Invalid MaximumRecordAgeInSeconds parameter"}},
		{"tumbling in parallel", with(onStream(), func(c *Config) { c.TumblingWindowInSeconds, c.ParallelizationFactor = new(1), 2 }), fine(), []string{"Invalid TumblingWindowInSeconds parameter"}},
		{"no topic", with(onMSK(), func(c *Config) { c.Topics = nil }), fine(), []string{"Invalid Topics parameter"}},
		{"two topics", with(onMSK(), func(c *Config) { c.Topics = []string{"ab", "cd"} }), fine(), []string{"at 'topics' failed", "Invalid Topics parameter"}},
		{"no queue", with(onBroker(), func(c *Config) { c.Queues = nil }), fine(), []string{"Invalid Queues parameter"}},
		{"share group", with(onKafka(), func(c *Config) {
			c.StartingPosition, c.MaximumBatchingWindowInSeconds, c.MaximumRetryAttempts = "LATEST", new(1), new(-1)
			c.SelfManagedKafkaEventSourceConfig = &KafkaEventSourceConfig{ConsumptionMode: "Queue"}
		}), fine(), []string{"Invalid StartingPosition", "Invalid MaximumBatchingWindowInSeconds", "Invalid MaximumRetryAttempts"}},
		{"slow function for a broker", onBroker(), known(func(f *Facts) { f.Timeout = 15 * time.Minute }), []string{"at most 14 minutes"}},

		{"pollers", with(onQueue(), func(c *Config) { c.ProvisionedPollerConfig = &ProvisionedPollerConfig{new(2), new(10), ""} }), fine(), nil},
		{"pollers and scaling", with(onQueue(), func(c *Config) {
			c.ProvisionedPollerConfig, c.ScalingConfig = &ProvisionedPollerConfig{MinimumPollers: new(2)}, &ScalingConfig{MaximumConcurrency: new(2)}
		}), fine(), []string{"cannot be set together with ScalingConfig"}},
		{"pollers and empty scaling", with(onQueue(), func(c *Config) {
			c.ProvisionedPollerConfig, c.ScalingConfig = &ProvisionedPollerConfig{MinimumPollers: new(2)}, &ScalingConfig{}
		}), fine(), nil},
		{"one poller", with(onQueue(), func(c *Config) { c.ProvisionedPollerConfig = &ProvisionedPollerConfig{MinimumPollers: new(1)} }), fine(), []string{"at least 2 for SQS"}},
		{"most is one poller", with(onQueue(), func(c *Config) { c.ProvisionedPollerConfig = &ProvisionedPollerConfig{MaximumPollers: new(1)} }), fine(), []string{"MaximumPollers parameter: it is at least 2", "it is more than MaximumPollers, 1"}},
		{"pollers upside down", with(onQueue(), func(c *Config) { c.ProvisionedPollerConfig = &ProvisionedPollerConfig{new(5), new(4), ""} }), fine(), []string{"it is more than MaximumPollers, 4"}},
		{"poller group of a queue", with(onQueue(), func(c *Config) { c.ProvisionedPollerConfig = &ProvisionedPollerConfig{PollerGroupName: "g"} }), fine(), []string{"only Kafka has poller groups"}},
		{"many pollers of a cluster", with(onMSK(), func(c *Config) { c.ProvisionedPollerConfig = &ProvisionedPollerConfig{MaximumPollers: new(2001)} }), fine(), []string{"at most 2000 for Kafka"}},

		// Row 8.
		{"invalid pattern", with(onQueue(), func(c *Config) { c.FilterCriteria = criteria(`{"body":["x"]}`, `{"eventSource":"aws:sqs"}`) }), known(func(f *Facts) { f.Function = errors.New("no") }), []string{"InvalidParameterValueException: Invalid filter pattern definition.", "Function does not exist"}},
		{"six filters", with(onQueue(), func(c *Config) {
			p := `{"a":[1]}`
			c.FilterCriteria = criteria(p, p, p, p, p, p)
		}), fine(), []string{"a mapping has at most 5 filters"}},
		{"ten filters where ten may be", with(onQueue(), func(c *Config) {
			p := `{"a":[1]}`
			c.FilterCriteria = criteria(p, p, p, p, p, p, p, p, p, p)
		}), known(func(f *Facts) { f.MaxFilters = 10 }), nil},
		{"kinesis data as text", with(onStream(), func(c *Config) { c.FilterCriteria = criteria(`{"data":["x"]}`) }), fine(), []string{"Invalid filter pattern definition."}},

		// Rows 9 to 12.
		{"no function of that name", onQueue(), known(func(f *Facts) { f.Function = errors.New("no") }), []string{"InvalidParameterValueException: Function does not exist"}},
		{"no queue of that name", onQueue(), known(func(f *Facts) { f.Source = fmt.Errorf("x: %w", sources.ErrGone) }), []string{"InvalidParameterValueException: Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist."}},
		{"no stream of that name", onStream(), known(func(f *Facts) { f.Source = sources.ErrGone }), []string{"InvalidParameterValueException: Stream not found: " + streamARN}},
		{"no table of that name", onTable(), known(func(f *Facts) { f.Source = sources.ErrGone }), []string{"Stream not found: " + tableARN}},
		{"denied", onQueue(), known(func(f *Facts) { f.Source = sources.ErrDenied }), []string{"does not have permissions to call ReceiveMessage on SQS"}},
		{"passing trouble", onQueue(), known(func(f *Facts) { f.Source = errors.New("timeout") }), nil},
		{"short visibility", onQueue(), known(func(f *Facts) { f.Timeout, f.Queue = 31*time.Second, &QueueFacts{VisibilityTimeout: 30 * time.Second} }), []string{"InvalidParameterValueException: Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"}},
		{"visibility zero, default timeout", onQueue(), known(func(f *Facts) { f.Queue = &QueueFacts{} }), []string{"Queue visibility timeout: 0 seconds is less than Function timeout: 3 seconds"}},
		{"just enough visibility", onQueue(), known(func(f *Facts) { f.Timeout, f.Queue = 30*time.Second, &QueueFacts{VisibilityTimeout: 30 * time.Second} }), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			errs := Validate(tt.config, tt.facts)
			if len(errs) != len(tt.want) {
				t.Fatalf("got %d errors, want %d: %v", len(errs), len(tt.want), errs)
			}
			for i, e := range errs {
				if got := e.Exception + ": " + e.Message; !strings.Contains(got, tt.want[i]) {
					t.Errorf("got  %s\nwant %s", got, tt.want[i])
				}
				if e.Field == "" || e.Rule == "" {
					t.Errorf("%+v names no field or rule", e)
				}
			}
		})
	}
}

func TestDuplicates(t *testing.T) {
	kafka := func(servers, topic string) Config {
		return with(onKafka(), func(c *Config) {
			c.SelfManagedEventSource = &SelfManagedEventSource{Endpoints: map[string][]string{bootstrapServers: strings.Split(servers, ",")}}
			c.Topics = []string{topic}
		})
	}
	named := func(c Config, name string) Config { c.FunctionName = name; return c }
	group := func(c Config, id string) Config {
		c.AmazonManagedKafkaEventSourceConfig = &KafkaEventSourceConfig{ConsumerGroupId: id}
		return c
	}
	tests := []struct {
		name          string
		config, other Config
		update        bool
		want          string
	}{
		{"queue", onQueue(), onQueue(), false, `An event source mapping with SQS arn (" ` + queueARN + ` ") and function (" f ") already exists. Please update or delete the existing mapping with UUID u-1`},
		{"stream", onStream(), onStream(), false, `The event source arn (" ` + streamARN + ` ") and function (" f ") provided mapping already exists. Please update or delete the existing mapping with UUID u-1`},
		{"own cluster", kafka("a:1,b:1", "t1"), kafka("b:1,c:1", "t1"), false, `An event source mapping with event source ("a:1,b:1"), function ("arn:aws:lambda:eu-west-1:111122223333:function:f"), topics ("t1") already exists. Please update or delete the existing mapping with UUID u-1`},
		{"same function by ARN", onQueue(), named(onQueue(), "arn:aws:lambda:eu-west-1:111122223333:function:f"), false, "already exists"},
		{"another qualifier", named(onQueue(), "f:1"), named(onQueue(), "f:2"), false, ""},
		{"a qualifier and none", onQueue(), named(onQueue(), "f:$LATEST"), false, ""},
		{"another function", onQueue(), named(onQueue(), "ff"), false, ""},
		{"another source", onQueue(), onFIFO(), false, ""},
		{"itself", onQueue(), onQueue(), true, ""},
		{"other servers", kafka("a:1", "t1"), kafka("b:1", "t1"), false, ""},
		{"other topic", kafka("a:1", "t1"), kafka("a:1", "t2"), false, ""},
		{"other topic of a cluster", onMSK(), with(onMSK(), func(c *Config) { c.Topics = []string{"other"} }), false, ""},
		{"same topic of a cluster", onMSK(), onMSK(), false, "already exists"},
		{"consumer group", group(onMSK(), "g"), named(group(onMSK(), "g"), "ff"), false, "Invalid ConsumerGroupId parameter: the mapping with UUID u-1 uses it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			facts := fine()
			tt.other.UUID = "u-1"
			facts.Existing = []Config{tt.other}
			if tt.update {
				tt.config.UUID = "u-1"
			}
			errs := Validate(tt.config, facts)
			switch {
			case tt.want == "" && len(errs) > 0:
				t.Errorf("got %v", errs)
			case tt.want != "" && (len(errs) != 1 || !strings.Contains(errs[0].Message, tt.want)):
				t.Errorf("got  %v\nwant %s", errs, tt.want)
			case strings.Contains(tt.want, "already exists") && errs[0].Exception != ResourceConflict:
				t.Errorf("exception %s", errs[0].Exception)
			}
		})
	}
}

// Every member of Config is in the table once, and mappings of a source refuse
// by name what they do not have.
func TestMembers(t *testing.T) {
	var names []string
	for f := range reflect.TypeFor[Config]().Fields() {
		if f.Name != "UUID" {
			names = append(names, f.Name)
		}
	}
	if len(members) != len(names) {
		t.Fatalf("%d rows for %d members", len(members), len(names))
	}
	for i, row := range members {
		if names[i] != row.name {
			t.Errorf("row %d is %s, want %s", i, row.name, names[i])
		}
		if row.given(Config{}) {
			t.Errorf("%s is given when it is not", row.name)
		}
		if !row.given(everything()) {
			t.Errorf("%s is not given when it is", row.name)
		}
	}
	for _, s := range []Service{SQS, Kinesis, DynamoDB, MSK, SelfManagedKafka, MQ, DocumentDB, Own} {
		var refused []string
		for _, m := range Members(s) {
			if (m.Treatment == Honoured) != (m.Reason == "") {
				t.Errorf("%s: %+v", s, m)
			}
			if m.Treatment == Refused {
				refused = append(refused, m.Name)
			}
		}
		var found []string
		for _, e := range unsupported(everything(), s) {
			if want := "Unsupported " + e.Field + " parameter for given event source mapping type."; e.Message != want || e.Exception != InvalidParameterValue {
				t.Errorf("%s: %+v", s, e)
			}
			found = append(found, e.Field)
		}
		if !reflect.DeepEqual(found, refused) || len(found) == 0 {
			t.Errorf("%s refuses %v, its table says %v", s, found, refused)
		}
	}
	refused := fmt.Sprint(unsupported(everything(), SQS))
	for _, name := range []string{"ParallelizationFactor", "StartingPosition", "MaximumRetryAttempts", "DestinationConfig", "LoggingConfig", "Topics"} {
		if !strings.Contains(refused, name+":") {
			t.Errorf("SQS takes %s", name)
		}
	}
}

// everything is a configuration with every member given.
func everything() Config {
	c := onKafka()
	c.EventSourceArn, c.Enabled, c.BatchSize, c.MaximumBatchingWindowInSeconds = queueARN, new(true), 1, new(1)
	c.ParallelizationFactor, c.StartingPosition, c.StartingPositionTimestamp = 1, "LATEST", &Timestamp{now}
	c.MaximumRecordAgeInSeconds, c.MaximumRetryAttempts, c.BisectBatchOnFunctionError, c.TumblingWindowInSeconds = new(60), new(1), new(true), new(1)
	c.FunctionResponseTypes = []string{PartialFailures}
	c.DestinationConfig = &DestinationConfig{OnFailure: &Destination{queueARN}}
	c.FilterCriteria, c.KMSKeyArn = criteria(`{"a":[1]}`), "arn:aws:kms:eu-west-1:111122223333:key/k"
	c.MetricsConfig, c.LoggingConfig = &MetricsConfig{Metrics: []string{"EventCount"}}, &LoggingConfig{SystemLogLevel: "INFO"}
	c.ScalingConfig, c.ProvisionedPollerConfig = &ScalingConfig{MaximumConcurrency: new(2)}, &ProvisionedPollerConfig{MinimumPollers: new(2)}
	c.Queues = []string{"q"}
	c.AmazonManagedKafkaEventSourceConfig = &KafkaEventSourceConfig{ConsumerGroupId: "g"}
	c.SelfManagedKafkaEventSourceConfig = &KafkaEventSourceConfig{ConsumerGroupId: "g"}
	c.DocumentDBEventSourceConfig = &DocumentDBEventSourceConfig{DatabaseName: "d"}
	c.Tags = map[string]string{"a": "b"}
	c.Settings = sources.Settings{Extra: map[string]string{"key": "jobs"}}
	return c
}

func TestAnswer(t *testing.T) {
	errs := Validate(Config{EventSourceArn: streamARN, BatchSize: -1}, fine())
	got := Answer(errs)
	want := "2 validation errors detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null; Value '-1' at 'batchSize' failed to satisfy constraint: Member must have value greater than or equal to 1"
	if got.Message != want || got.Exception != ValidationException {
		t.Errorf("got  %s\nwant %s", got.Message, want)
	}
	if one := Answer(errs[1:]); !strings.HasPrefix(one.Message, "1 validation error detected: ") {
		t.Errorf("got %s", one.Message)
	}
	// Row 5 looks like a violation of the model, and is none.
	if first := Answer(errs[2:]); first.Exception != InvalidParameterValue || !strings.HasSuffix(first.Message, "must not be null.") {
		t.Errorf("got %+v", first)
	}
}

func TestWarnings(t *testing.T) {
	tests := []struct {
		name   string
		config Config
		facts  Facts
		want   []string
	}{
		{"none", onQueue(), known(func(f *Facts) { f.Queue = &QueueFacts{VisibilityTimeout: 18 * time.Second, MaxReceiveCount: 5} }), nil},
		{"nothing known", onQueue(), fine(), nil},
		{"visibility", onQueue(), known(func(f *Facts) { f.Queue = &QueueFacts{VisibilityTimeout: 17 * time.Second} }), []string{"VisibilityTimeout is 17"}},
		{"visibility with window", with(onQueue(), func(c *Config) { c.MaximumBatchingWindowInSeconds = new(1) }), known(func(f *Facts) { f.Queue = &QueueFacts{VisibilityTimeout: 18 * time.Second} }), []string{"19 seconds"}},
		{"redrive", onQueue(), known(func(f *Facts) { f.Queue = &QueueFacts{VisibilityTimeout: time.Minute, MaxReceiveCount: 4} }), []string{"maxReceiveCount is 4"}},
		{"out of reach", onQueue(), known(func(f *Facts) { f.Source = errors.New("timeout") }), []string{"timeout"}},
		{"recorded", with(onQueue(), func(c *Config) { c.KMSKeyArn = "arn:aws:kms:eu-west-1:111122223333:key/k" }), fine(), []string{"KMSKeyArn: it is recorded"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Warnings(tt.config, tt.facts)
			if len(got) != len(tt.want) {
				t.Fatalf("got %v", got)
			}
			for i := range got {
				if !strings.Contains(got[i].Error(), tt.want[i]) {
					t.Errorf("got %v, want %s", got[i], tt.want[i])
				}
			}
		})
	}
}

func ExampleValidate() {
	limits := sources.Limits{Window: true, PartialFailures: true}
	cfg := Config{FunctionName: "bill", EventSourceArn: "arn:aws:sqs:eu-west-1:111122223333:orders", BatchSize: 100}
	for _, e := range Validate(cfg, Facts{Region: "eu-west-1", Account: "111122223333", Limits: &limits}) {
		fmt.Println(e.Exception)
		fmt.Println(e)
	}
	// Output:
	// InvalidParameterValueException
	// BatchSize is 100: Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10
}
