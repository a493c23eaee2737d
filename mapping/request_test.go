package mapping

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDecodeCreate(t *testing.T) {
	body := `{"FunctionName":"f","EventSourceArn":"` + queueARN + `","Enabled":false,"BatchSize":10,"MaximumBatchingWindowInSeconds":0,
		"FunctionResponseTypes":["ReportBatchItemFailures"],"FilterCriteria":{"Filters":[{"Pattern":"{\"a\":[1]}"}]},
		"ScalingConfig":{"MaximumConcurrency":5},"StartingPositionTimestamp":1573686021.479,"DestinationConfig":{"OnFailure":{"Destination":"x"}},
		"SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["a:1"]}},"Tags":{"k":"v"},"KMSKeyArn":null}`
	cfg, unknown, errs := DecodeCreate([]byte(body))
	if len(unknown) > 0 || len(errs) > 0 {
		t.Fatalf("unknown %v, errors %v", unknown, errs)
	}
	at := time.UnixMilli(1573686021479).UTC()
	want := Config{
		FunctionName: "f", EventSourceArn: queueARN, Enabled: new(false), BatchSize: 10, MaximumBatchingWindowInSeconds: new(0),
		FunctionResponseTypes: []string{PartialFailures}, FilterCriteria: criteria(`{"a":[1]}`),
		ScalingConfig: &ScalingConfig{MaximumConcurrency: new(5)}, StartingPositionTimestamp: &Timestamp{at},
		DestinationConfig:      &DestinationConfig{OnFailure: &Destination{"x"}},
		SelfManagedEventSource: &SelfManagedEventSource{Endpoints: map[string][]string{bootstrapServers: {"a:1"}}},
		Tags:                   map[string]string{"k": "v"},
	}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("got  %+v\nwant %+v", cfg, want)
	}
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct{ body, want string }{
		{``, "request body"},
		{`null`, "request body"},
		{`[]`, "request body"},
		{`{`, "request body"},
		{`{"BatchSize":"10"}`, `BatchSize is "10": it is to be a whole number`},
		{`{"BatchSize":1.5}`, `BatchSize is 1.5: it is to be a whole number`},
		{`{"BatchSize":99999999999999999999}`, `BatchSize is 99999999999999999999: it is to be a whole number`},
		{`{"BatchSize":0}`, `BatchSize is 0: Member must have value greater than or equal to 1`},
		{`{"BatchSize":-0}`, `BatchSize is 0: Member must have value`},
		{`{"ParallelizationFactor":0}`, `ParallelizationFactor is 0: Member must have value`},
		{`{"Enabled":"yes"}`, `Enabled is "yes": it is to be true or false`},
		{`{"FunctionName":5}`, `FunctionName is 5: it is to be a string`},
		{`{"FunctionName":{}}`, `FunctionName is {}: it is to be a string`},
		{`{"FilterCriteria":[]}`, `FilterCriteria is []: it is to be an object`},
		{`{"FilterCriteria":{"Filters":{}}}`, `FilterCriteria.Filters is {}: it is to be a list`},
		{`{"FilterCriteria":{"Filters":[{},{"Pattern":{}}]}}`, `FilterCriteria.Filters[1].Pattern is {}: it is to be a string`},
		{`{"FilterCriteria":{"Filter":[]}}`, `FilterCriteria.Filter is []: it is to be absent`},
		{`{"FilterCriteria":{"Filters":[{"pattern":"x"}]}}`, `FilterCriteria.Filters[0].pattern is "x": it is to be absent`},
		{`{"FunctionResponseTypes":"ReportBatchItemFailures"}`, `it is to be a list`},
		{`{"StartingPositionTimestamp":"2026-01-02T03:04:05Z"}`, `it is to be a number of seconds since 1970`},
		{`{"StartingPositionTimestamp":1e300}`, `it is to be a number of seconds since 1970`},
		{`{"SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":"a:1"}}}`, `SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS is "a:1": it is to be a list`},
		{`{"Tags":["a"]}`, `Tags is ["a"]: it is to be an object`},
	}
	for _, tt := range tests {
		_, _, errs := DecodeCreate([]byte(tt.body))
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.body, errs, tt.want)
			continue
		}
		if e := errs[0]; e.Exception != SerializationException && e.Exception != ValidationException || e.Message == "" {
			t.Errorf("%s: %+v", tt.body, e)
		}
	}
	_, _, errs := DecodeCreate([]byte(`{"Enabled":1,"BatchSize":"x","FunctionName":true}`))
	if got := fmt.Sprint(errs); len(errs) != 3 || !strings.HasPrefix(got, "[FunctionName") {
		t.Errorf("all wrong members in order, got %s", got)
	}
}

func TestDecodeUnknown(t *testing.T) {
	cfg, unknown, errs := DecodeCreate([]byte(`{"batchSize":5,"Zeta":1,"Settings":{},"UUID":"x","-":1,"ScalingConfig":{"Maximum":5},"SourceAccessConfigurations":[{"Kind":1}]}`))
	want := []string{"ScalingConfig.Maximum", "SourceAccessConfigurations[0].Kind", "-", "Settings", "UUID", "Zeta", "batchSize"}
	if len(errs) > 0 || cfg.BatchSize != 0 || cfg.UUID != "" {
		t.Errorf("got %+v, %v", cfg, errs)
	}
	for _, name := range want {
		if !strings.Contains(fmt.Sprint(unknown), name) {
			t.Errorf("%s is not in %v", name, unknown)
		}
	}
	if len(unknown) != len(want) {
		t.Errorf("unknown %v", unknown)
	}
}

func TestDecodeUpdate(t *testing.T) {
	stored := with(onQueue(), func(c *Config) {
		c.UUID, c.BatchSize, c.Enabled = "u-1", 5, new(true)
		c.FilterCriteria = criteria(`{"a":[1]}`, `{"b":[1]}`)
		c.ScalingConfig = &ScalingConfig{MaximumConcurrency: new(5)}
		c.FunctionResponseTypes = []string{PartialFailures}
		c.Tags = map[string]string{"k": "v"}
	})
	before, _ := json.Marshal(stored)

	cfg, _, errs := DecodeUpdate(stored, []byte(`{"BatchSize":7,"FilterCriteria":{},"FunctionResponseTypes":[],"ScalingConfig":{},"Enabled":null,"EventSourceArn":"`+queueARN+`"}`))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if cfg.BatchSize != 7 || len(cfg.FilterCriteria.Filters) != 0 || cfg.Partial() || cfg.MaximumConcurrency() != 0 {
		t.Errorf("not replaced: %+v", cfg)
	}
	if cfg.UUID != "u-1" || cfg.FunctionName != "f" || !cfg.On() || cfg.Enabled == nil || cfg.Tags["k"] != "v" {
		t.Errorf("not kept: %+v", cfg)
	}
	if after, _ := json.Marshal(stored); string(after) != string(before) {
		t.Errorf("the stored value changed to %s", after)
	}
	// A list is replaced, not filled up.
	cfg, _, _ = DecodeUpdate(stored, []byte(`{"FilterCriteria":{"Filters":[{"Pattern":"{\"c\":[1]}"}]}}`))
	if got := cfg.FilterCriteria.Filters; len(got) != 1 || got[0].Pattern != `{"c":[1]}` || stored.FilterCriteria.Filters[0].Pattern != `{"a":[1]}` {
		t.Errorf("filters %v, stored %v", got, stored.FilterCriteria.Filters)
	}
	// What is wrong does not replace anything.
	if cfg, _, errs = DecodeUpdate(stored, []byte(`{"BatchSize":"x"}`)); len(errs) != 1 || cfg.BatchSize != 5 {
		t.Errorf("got %d, %v", cfg.BatchSize, errs)
	}
	if cfg, _, errs = DecodeUpdate(stored, []byte(`{"FilterCriteria":{"Filters":[{"Pattern":5}]}}`)); len(errs) != 1 || len(cfg.FilterCriteria.Filters) != 2 {
		t.Errorf("got %v, %v", cfg.FilterCriteria, errs)
	}
}

func TestDecodeUpdateFixed(t *testing.T) {
	kafka := with(onKafka(), func(c *Config) {
		c.SelfManagedKafkaEventSourceConfig = &KafkaEventSourceConfig{ConsumerGroupId: "g", ConsumptionMode: "Stream"}
	})
	rabbit := with(onBroker(), func(c *Config) {
		c.SourceAccessConfigurations = []SourceAccessConfiguration{{"VIRTUAL_HOST", "/"}, {"BASIC_AUTH", "s"}}
	})
	tests := []struct {
		stored     Config
		body, want string
	}{
		{onQueue(), `{"EventSourceArn":"` + fifoARN + `"}`, "EventSourceArn is"},
		{onStream(), `{"StartingPosition":"TRIM_HORIZON"}`, "StartingPosition is"},
		{onStream(), `{"StartingPosition":"LATEST"}`, ""},
		{onStream(), `{"StartingPositionTimestamp":5}`, "StartingPositionTimestamp is"},
		{onMSK(), `{"Topics":["other"]}`, "Topics is"},
		{onMSK(), `{"Topics":["orders"]}`, ""},
		{onBroker(), `{"Queues":["other"]}`, "Queues is"},
		{onQueue(), `{"Tags":{"a":"b"}}`, "Tags is"},
		{kafka, `{"SelfManagedEventSource":{"Endpoints":{}}}`, "SelfManagedEventSource is"},
		{kafka, `{"SelfManagedKafkaEventSourceConfig":{"ConsumerGroupId":"h"}}`, "ConsumerGroupId is"},
		{kafka, `{"SelfManagedKafkaEventSourceConfig":{"ConsumerGroupId":"g","ConsumptionMode":"Queue"}}`, "ConsumptionMode is"},
		{kafka, `{"SelfManagedKafkaEventSourceConfig":{"ConsumerGroupId":"g"}}`, ""},
		{rabbit, `{"SourceAccessConfigurations":[{"Type":"VIRTUAL_HOST","URI":"/x"}]}`, "SourceAccessConfigurations is"},
		{rabbit, `{"SourceAccessConfigurations":[{"Type":"VIRTUAL_HOST","URI":"/"},{"Type":"BASIC_AUTH","URI":"new"}]}`, ""},
	}
	for _, tt := range tests {
		_, _, errs := DecodeUpdate(tt.stored, []byte(tt.body))
		if (len(errs) > 0) != (tt.want != "") || len(errs) > 0 && !strings.Contains(errs[0].Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.body, errs, tt.want)
		}
	}
}

// What is stored is read back as it was.
func TestConfigRoundTrip(t *testing.T) {
	want := everything()
	want.Settings.Extra = nil // not stored
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Config
	if err := json.Unmarshal(data, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v: got %+v", err, got)
	}
	decoded, unknown, errs := DecodeCreate(data)
	if len(unknown)+len(errs) > 0 || !reflect.DeepEqual(decoded, want) {
		t.Errorf("decoded %+v, %v, %v", decoded, unknown, errs)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{}`, `{"BatchSize":0}`, `{"FilterCriteria":{"Filters":[{"Pattern":""}]}}`, `{"Tags":{"":null}}`, `{"Topics":[null]}`, `{"StartingPositionTimestamp":-1.5}`, `{"ScalingConfig":{"MaximumConcurrency":2}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		cfg, unknown, errs := DecodeCreate([]byte(body))
		for _, e := range append(errs, Validate(cfg, fine())...) {
			if e.Field == "" || e.Rule == "" || e.Exception == "" || e.Message == "" {
				t.Fatalf("incomplete: %+v", e)
			}
		}
		Warnings(cfg, fine())
		if _, err := json.Marshal(Describe(cfg, Status{State: Enabled})); err != nil {
			t.Fatal(err)
		}
		if len(errs) > 0 {
			return
		}
		// Whatever was read is read again from what is stored.
		data, err := json.Marshal(cfg)
		if err != nil {
			t.Fatal(err)
		}
		again, _, errs := DecodeCreate(data)
		if len(errs) > 0 {
			t.Fatalf("%s: %v", data, errs)
		}
		if twice, _ := json.Marshal(again); string(twice) != string(data) {
			t.Fatalf("%s became %s (unknown %v)", data, twice, unknown)
		}
	})
}

func ExampleDecodeUpdate() {
	stored := Config{FunctionName: "bill", EventSourceArn: "arn:aws:sqs:eu-west-1:111122223333:orders", BatchSize: 5}
	cfg, unknown, errs := DecodeUpdate(stored, []byte(`{"FunctionName":"bill:live","Batch":7}`))
	fmt.Println(cfg.FunctionName, cfg.BatchSize, unknown, errs)

	_, _, errs = DecodeUpdate(stored, []byte(`{"BatchSize":"7"}`))
	fmt.Println(errs[0].Exception, errs[0].Message)
	// Output:
	// bill:live 5 [Batch] []
	// SerializationException BatchSize: it is to be a whole number
}
