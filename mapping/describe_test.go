package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/penstock/penstock/sources"
)

const uuid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

func TestDescribe(t *testing.T) {
	const common = `"UUID":"` + uuid + `","EventSourceMappingArn":"arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:` + uuid + `",
		"FunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:f","LastModified":1764090000.123,"State":"Creating",`
	status := Status{
		Region: "eu-west-1", Account: "111122223333", Limits: sources.Limits{BatchSize: 100},
		State: Creating, LastModified: time.UnixMilli(1764090000123),
	}
	sqs := status
	sqs.Limits.BatchSize = 10
	tests := []struct {
		name   string
		config Config
		status Status
		want   string
	}{
		{"queue", onQueue(), sqs, `{` + common + `"BatchSize":10,"MaximumBatchingWindowInSeconds":0,"EventSourceArn":"` + queueARN + `",
			"StateTransitionReason":"USER_INITIATED","FunctionResponseTypes":[]}`},
		{"queue, everything", with(onQueue(), func(c *Config) {
			c.Enabled, c.BatchSize, c.MaximumBatchingWindowInSeconds = new(false), 100, new(5)
			c.FunctionResponseTypes, c.FilterCriteria = []string{PartialFailures}, criteria(`{"a":[1]}`)
			c.ScalingConfig, c.Tags = &ScalingConfig{MaximumConcurrency: new(2)}, map[string]string{"k": "v"}
			c.KMSKeyArn, c.MetricsConfig = "k", &MetricsConfig{Metrics: []string{"EventCount"}}
			c.ProvisionedPollerConfig = &ProvisionedPollerConfig{MinimumPollers: new(2)}
		}), sqs, `{` + common + `"BatchSize":100,"MaximumBatchingWindowInSeconds":5,"EventSourceArn":"` + queueARN + `",
			"StateTransitionReason":"USER_INITIATED","FunctionResponseTypes":["ReportBatchItemFailures"],"FilterCriteria":{"Filters":[{"Pattern":"{\"a\":[1]}"}]},
			"ScalingConfig":{"MaximumConcurrency":2},"KMSKeyArn":"k","MetricsConfig":{"Metrics":["EventCount"]},"ProvisionedPollerConfig":{"MinimumPollers":2}}`},
		{"queue, emptied", with(onQueue(), func(c *Config) {
			c.FunctionResponseTypes, c.FilterCriteria, c.ScalingConfig = []string{}, criteria(), &ScalingConfig{}
			c.ProvisionedPollerConfig, c.MetricsConfig = &ProvisionedPollerConfig{}, &MetricsConfig{}
		}), sqs, `{` + common + `"BatchSize":10,"MaximumBatchingWindowInSeconds":0,"EventSourceArn":"` + queueARN + `",
			"StateTransitionReason":"USER_INITIATED","FunctionResponseTypes":[]}`},
		{"stream", onStream(), status, `{` + common + `"BatchSize":100,"BisectBatchOnFunctionError":false,"DestinationConfig":{"OnFailure":{}},
			"EventSourceArn":"` + streamARN + `","FunctionResponseTypes":[],"LastProcessingResult":"No records processed","MaximumBatchingWindowInSeconds":0,
			"MaximumRecordAgeInSeconds":-1,"MaximumRetryAttempts":-1,"ParallelizationFactor":1,"StartingPosition":"LATEST",
			"StateTransitionReason":"User action","TumblingWindowInSeconds":0}`},
		{"stream, some settings", with(onStream(), func(c *Config) {
			c.MaximumRetryAttempts, c.ParallelizationFactor = new(0), 2
			c.DestinationConfig = &DestinationConfig{OnFailure: &Destination{queueARN}}
		}), status, `{` + common + `"BatchSize":100,"BisectBatchOnFunctionError":false,"DestinationConfig":{"OnFailure":{"Destination":"` + queueARN + `"}},
			"EventSourceArn":"` + streamARN + `","FunctionResponseTypes":[],"LastProcessingResult":"No records processed","MaximumBatchingWindowInSeconds":0,
			"MaximumRecordAgeInSeconds":-1,"MaximumRetryAttempts":0,"ParallelizationFactor":2,"StartingPosition":"LATEST",
			"StateTransitionReason":"User action","TumblingWindowInSeconds":0}`},
		{"own cluster", onKafka(), status, `{` + common + `"BatchSize":100,"LastProcessingResult":"No records processed",
			"SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["b1:9092","b2.example.com:9092"]}},
			"SelfManagedKafkaEventSourceConfig":{"ConsumerGroupId":"` + uuid + `"},
			"SourceAccessConfigurations":[{"Type":"BASIC_AUTH","URI":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:s"}],
			"StartingPosition":"TRIM_HORIZON","StateTransitionReason":"USER_INITIATED","Topics":["orders"]}`},
		{"cluster", onMSK(), status, `{` + common + `"BatchSize":100,"LastProcessingResult":"No records processed","EventSourceArn":"` + mskARN + `",
			"AmazonManagedKafkaEventSourceConfig":{"ConsumerGroupId":"` + uuid + `"},
			"StartingPosition":"LATEST","StateTransitionReason":"USER_INITIATED","Topics":["orders"]}`},
		{"broker", onBroker(), status, `{` + common + `"BatchSize":100,"LastProcessingResult":"No records processed","EventSourceArn":"` + brokerARN + `",
			"StateTransitionReason":"USER_INITIATED","Queues":["q"]}`},
		{"documents", Config{FunctionName: "f", EventSourceArn: docdbARN, DocumentDBEventSourceConfig: &DocumentDBEventSourceConfig{DatabaseName: "d"}}, status,
			`{` + common + `"BatchSize":100,"LastProcessingResult":"No records processed","EventSourceArn":"` + docdbARN + `",
			"StateTransitionReason":"USER_INITIATED","DocumentDBEventSourceConfig":{"DatabaseName":"d","FullDocument":"Default"}}`},
		{"own kind", Config{FunctionName: "f", EventSourceArn: ownARN}, status, `{` + common + `"BatchSize":100,"MaximumBatchingWindowInSeconds":0,
			"EventSourceArn":"` + ownARN + `","StateTransitionReason":"USER_INITIATED","FunctionResponseTypes":[]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.config.UUID = uuid
			before := fmt.Sprintf("%+v", tt.config)
			got, err := json.Marshal(Describe(tt.config, tt.status))
			if err != nil {
				t.Fatal(err)
			}
			var g, w map[string]any
			if err := errors.Join(json.Unmarshal(got, &g), json.Unmarshal([]byte(tt.want), &w)); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(g, w) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if after := fmt.Sprintf("%+v", tt.config); after != before {
				t.Errorf("describing changed the settings to %s", after)
			}
		})
	}
}

func TestDescribeStatus(t *testing.T) {
	d := Describe(onStream(), Status{State: Enabled, Reason: "x", LastProcessingResult: Processed, Region: "r", Account: "a"})
	if d.State != Enabled || d.StateTransitionReason != "x" || d.LastProcessingResult != "OK" {
		t.Errorf("%+v", d)
	}
	qualified := Describe(with(onQueue(), func(c *Config) { c.UUID, c.FunctionName = "u-1", "f:$LATEST" }), Status{Region: "eu-west-1", Account: "111122223333"})
	if qualified.FunctionArn != "arn:aws:lambda:eu-west-1:111122223333:function:f:$LATEST" ||
		qualified.EventSourceMappingArn != "arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:u-1" {
		t.Errorf("%s, %s", qualified.FunctionArn, qualified.EventSourceMappingArn)
	}
}

func TestLifecycle(t *testing.T) {
	on, off := onQueue(), with(onQueue(), func(c *Config) { c.Enabled = new(false) })
	if got := Created(on); got != Creating || got.Settled(on) != Enabled {
		t.Errorf("created %s", got)
	}
	if got := Created(off); got != Disabled || got.Settled(off) != Disabled {
		t.Errorf("created disabled: %s", got)
	}
	updates := []struct {
		state         State
		from, to      Config
		want, settled State
	}{
		{Disabled, off, on, Enabling, Enabled},
		{Enabled, on, off, Disabling, Disabled},
		{Enabled, on, on, Updating, Enabled},
		{Disabled, off, off, Updating, Disabled},
	}
	for _, u := range updates {
		got, err := u.state.Update(u.from, u.to)
		if err != nil || got != u.want || got.Settled(u.to) != u.settled {
			t.Errorf("update of %s: %s, %v, settles to %s", u.state, got, err, got.Settled(u.to))
		}
	}
	for _, s := range []State{Creating, Enabling, Disabling, Updating, Deleting} {
		_, update := s.Update(on, off)
		_, remove := s.Delete()
		for verb, err := range map[string]error{"update": update, "delete": remove} {
			var e FieldError
			if !errors.As(err, &e) || e.Exception != ResourceInUse || e.Message != "Cannot "+verb+" the event source mapping because it is in use." {
				t.Errorf("%s while %s: %v", verb, s, err)
			}
		}
	}
	for _, s := range []State{Enabled, Disabled} {
		if got, err := s.Delete(); err != nil || got != Deleting || got.Settled(on) != Gone {
			t.Errorf("delete of %s: %s, %v", s, got, err)
		}
		if got := s.Settled(on); got != s {
			t.Errorf("%s settles to %s", s, got)
		}
	}
}

func TestFunctionARN(t *testing.T) {
	const arn = "arn:aws:lambda:eu-west-1:111122223333:function:f"
	for name, want := range map[string]string{
		"f":                       arn,
		"f:$LATEST":               arn + ":$LATEST",
		"f:1":                     arn + ":1",
		"f:live":                  arn + ":live",
		"function:f":              arn,
		"function:f:live":         arn + ":live",
		"444455556666:function:f": "arn:aws:lambda:eu-west-1:444455556666:function:f",
		arn:                       arn,
		arn + ":1":                arn + ":1",
		"arn:aws-cn:lambda:cn-north-1:444455556666:function:g:live": "arn:aws-cn:lambda:cn-north-1:444455556666:function:g:live",
	} {
		if got, err := FunctionARN(name, "eu-west-1", "111122223333"); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, want)
		}
	}
	for _, name := range []string{"", "a b", "f:1:2", "arn:aws:s3:::f"} {
		if got, err := FunctionARN(name, "eu-west-1", "111122223333"); err == nil {
			t.Errorf("%q is %s", name, got)
		}
	}
}

func TestParseSource(t *testing.T) {
	for arn, want := range map[string]Source{
		queueARN:                             {Service: SQS, Partition: "aws", Region: "eu-west-1", Account: "111122223333", Resource: "orders"},
		streamARN:                            {Service: Kinesis, Partition: "aws", Region: "eu-west-1", Account: "111122223333", Resource: "stream/clicks"},
		streamARN + "/consumer/c:1764090000": {Service: Kinesis, Partition: "aws", Region: "eu-west-1", Account: "111122223333", Resource: "stream/clicks/consumer/c:1764090000"},
		tableARN:                             {Service: DynamoDB, Partition: "aws", Region: "eu-west-1", Account: "111122223333", Resource: "table/t/stream/2025-11-25T15:47:40.000"},
		mskARN:                               {Service: MSK, Partition: "aws", Region: "eu-west-1", Account: "111122223333", Resource: "cluster/c/0a1b-2"},
		brokerARN:                            {Service: MQ, Partition: "aws", Region: "eu-west-1", Account: "111122223333", Resource: "broker:b:b-9bcf"},
		docdbARN:                             {Service: DocumentDB, Partition: "aws", Region: "eu-west-1", Account: "111122223333", Resource: "cluster:c"},
		ownARN:                               {Service: Own, Partition: "penstock", Resource: "jobs"},
		"arn:penstock:list:a:b":              {Service: Own, Partition: "penstock", Resource: "a:b"},
		"arn:aws-us-gov:sqs:us-gov-west-1:111122223333:q.fifo": {Service: SQS, Partition: "aws-us-gov", Region: "us-gov-west-1", Account: "111122223333", Resource: "q.fifo"},
	} {
		want.ARN = arn
		if got, err := ParseSource(arn); err != nil || got != want {
			t.Errorf("%s: %+v, %v", arn, got, err)
		}
	}
	for _, arn := range []string{"", "orders", "arn:aws:sqs:::q", "arn:aws:sqs:eu-west-1:1:q", "arn:aws:sqs:eu-west-1:111122223333:a/b", "arn:aws:s3:::b",
		"arn:aws:sns:eu-west-1:111122223333:t", "arn:aws:dynamodb:eu-west-1:111122223333:table/t", "arn:penstock:list", "arn:penstock:list:"} {
		if got, err := ParseSource(arn); err == nil {
			t.Errorf("%q is %+v", arn, got)
		}
	}
	fifo, _ := ParseSource(fifoARN)
	plain, _ := ParseSource(queueARN)
	odd, _ := ParseSource("arn:penstock:list:x.fifo")
	if !fifo.FIFO() || plain.FIFO() || odd.FIFO() {
		t.Error("only a queue whose name ends in .fifo is one")
	}
}

func TestDefaults(t *testing.T) {
	c := Config{}
	low, high := c.Pollers()
	if c.Window() != 0 || c.Batch(sources.Limits{}) != 10 || c.Batch(sources.Limits{BatchSize: 100}) != 100 || !c.On() || c.Partial() || c.MaximumConcurrency() != 0 || low != 0 || high != 0 {
		t.Errorf("defaults of %+v", c)
	}
	c = everything()
	low, high = c.Pollers()
	if c.Window() != time.Second || c.Batch(sources.Limits{BatchSize: 100}) != 1 || !c.On() || !c.Partial() || c.MaximumConcurrency() != 2 || low != 2 || high != 200 {
		t.Errorf("values of %+v", c)
	}
}

func ExampleDescribe() {
	cfg := Config{UUID: "u-1", FunctionName: "bill", EventSourceArn: "arn:aws:sqs:eu-west-1:111122223333:orders"}
	d := Describe(cfg, Status{Region: "eu-west-1", Account: "111122223333", State: Created(cfg), LastModified: time.Unix(1764090000, 0)})
	text, _ := json.MarshalIndent(d, "", " ")
	fmt.Println(string(text))
	// Output:
	// {
	//  "UUID": "u-1",
	//  "EventSourceMappingArn": "arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:u-1",
	//  "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:bill",
	//  "LastModified": 1764090000,
	//  "State": "Creating",
	//  "StateTransitionReason": "USER_INITIATED",
	//  "FunctionResponseTypes": [],
	//  "EventSourceArn": "arn:aws:sqs:eu-west-1:111122223333:orders",
	//  "BatchSize": 10,
	//  "MaximumBatchingWindowInSeconds": 0
	// }
}

func TestPollers(t *testing.T) {
	tests := []struct {
		config    Config
		given     ProvisionedPollerConfig
		low, high int
	}{
		{onQueue(), ProvisionedPollerConfig{}, 0, 0},
		{onQueue(), ProvisionedPollerConfig{MinimumPollers: new(5)}, 5, 200},
		{onQueue(), ProvisionedPollerConfig{MaximumPollers: new(7)}, 2, 7},
		{onMSK(), ProvisionedPollerConfig{MaximumPollers: new(7)}, 1, 7},
		{onMSK(), ProvisionedPollerConfig{PollerGroupName: "g"}, 0, 0},
	}
	for _, tt := range tests {
		tt.config.ProvisionedPollerConfig = &tt.given
		if low, high := tt.config.Pollers(); low != tt.low || high != tt.high {
			t.Errorf("%+v: %d to %d, want %d to %d", tt.given, low, high, tt.low, tt.high)
		}
	}
}
