package mapping

import "slices"

// A Treatment says what penstock does with a member of Config. There are no
// others: nothing that touches delivery is silently left out.
type Treatment string

// Refused is the treatment of a member that a service's mappings do not have;
// Lambda refuses it too.
const (
	Honoured Treatment = "honoured"
	Recorded Treatment = "recorded"
	Refused  Treatment = "refused"
)

// A Member is one member of Config and what becomes of it.
type Member struct {
	Name      string
	Treatment Treatment
	// Reason says why it is not honoured. Empty if it is.
	Reason string
}

// Members lists what becomes of every member in mappings of a service, in the
// order of Config.
func Members(s Service) []Member {
	list := make([]Member, 0, len(members))
	for _, row := range members {
		m := Member{row.name, Honoured, ""}
		switch {
		case row.of != nil && !slices.Contains(row.of, s):
			m.Treatment, m.Reason = Refused, "mappings of this source do not have it"
		case row.recorded != "":
			m.Treatment, m.Reason = Recorded, row.recorded
		}
		list = append(list, m)
	}
	return list
}

var (
	streams  = []Service{Kinesis, DynamoDB}
	kafka    = []Service{MSK, SelfManagedKafka}
	logs     = []Service{Kinesis, DynamoDB, MSK, SelfManagedKafka}
	retrying = append(slices.Clip(logs), Own)
)

// members has a row for each member of Config but UUID, which is no setting.
var members = []struct {
	name string
	// of are the services whose mappings have it. nil: all.
	of []Service
	// recorded is why it is kept and shown but changes nothing.
	recorded string
	given    func(Config) bool
}{
	{name: "FunctionName", given: func(c Config) bool { return c.FunctionName != "" }},
	{name: "EventSourceArn", of: []Service{SQS, Kinesis, DynamoDB, MSK, MQ, DocumentDB, Own}, given: func(c Config) bool { return c.EventSourceArn != "" }},
	{name: "Enabled", given: func(c Config) bool { return c.Enabled != nil }},
	{name: "BatchSize", given: func(c Config) bool { return c.BatchSize != 0 }},
	{name: "MaximumBatchingWindowInSeconds", given: func(c Config) bool { return c.MaximumBatchingWindowInSeconds != nil }},
	{name: "ParallelizationFactor", of: streams, given: func(c Config) bool { return c.ParallelizationFactor != 0 }},
	{name: "StartingPosition", of: append(slices.Clip(logs), DocumentDB), given: func(c Config) bool { return c.StartingPosition != "" }},
	{name: "StartingPositionTimestamp", of: append(slices.Clip(logs), DocumentDB), given: func(c Config) bool { return c.StartingPositionTimestamp != nil }},
	{name: "MaximumRecordAgeInSeconds", of: retrying, given: func(c Config) bool { return c.MaximumRecordAgeInSeconds != nil }},
	{name: "MaximumRetryAttempts", of: retrying, given: func(c Config) bool { return c.MaximumRetryAttempts != nil }},
	{name: "BisectBatchOnFunctionError", of: retrying, given: func(c Config) bool { return c.BisectBatchOnFunctionError != nil }},
	{name: "TumblingWindowInSeconds", of: streams, given: func(c Config) bool { return c.TumblingWindowInSeconds != nil }},
	{name: "FunctionResponseTypes", of: append(slices.Clip(retrying), SQS), given: func(c Config) bool { return len(c.FunctionResponseTypes) > 0 }},
	{name: "DestinationConfig", of: logs, given: func(c Config) bool {
		return c.DestinationConfig != nil && c.DestinationConfig.OnFailure != nil && c.DestinationConfig.OnFailure.Destination != ""
	}},
	{name: "FilterCriteria", given: func(c Config) bool { return c.FilterCriteria != nil }},
	{name: "KMSKeyArn", recorded: "filters are stored as they are", given: func(c Config) bool { return c.KMSKeyArn != "" }},
	{name: "MetricsConfig", recorded: "every mapping is always counted", given: func(c Config) bool { return c.MetricsConfig != nil && len(c.MetricsConfig.Metrics) > 0 }},
	{name: "LoggingConfig", of: kafka, recorded: "the daemon has one log level", given: func(c Config) bool { return c.LoggingConfig != nil }},
	{name: "ScalingConfig", of: []Service{SQS, Own}, given: func(c Config) bool { return c.MaximumConcurrency() != 0 }},
	{name: "ProvisionedPollerConfig", of: []Service{SQS, MSK, SelfManagedKafka, Own}, given: func(c Config) bool {
		return c.ProvisionedPollerConfig != nil && *c.ProvisionedPollerConfig != ProvisionedPollerConfig{}
	}},
	{name: "Topics", of: kafka, given: func(c Config) bool { return len(c.Topics) > 0 }},
	{name: "Queues", of: []Service{MQ}, given: func(c Config) bool { return len(c.Queues) > 0 }},
	{name: "SourceAccessConfigurations", of: []Service{MSK, SelfManagedKafka, MQ, DocumentDB}, given: func(c Config) bool { return len(c.SourceAccessConfigurations) > 0 }},
	{name: "SelfManagedEventSource", of: []Service{SelfManagedKafka}, given: func(c Config) bool { return c.SelfManagedEventSource != nil }},
	{name: "AmazonManagedKafkaEventSourceConfig", of: []Service{MSK}, given: func(c Config) bool { return c.AmazonManagedKafkaEventSourceConfig != nil }},
	{name: "SelfManagedKafkaEventSourceConfig", of: []Service{SelfManagedKafka}, given: func(c Config) bool { return c.SelfManagedKafkaEventSourceConfig != nil }},
	{name: "DocumentDBEventSourceConfig", of: []Service{DocumentDB}, given: func(c Config) bool { return c.DocumentDBEventSourceConfig != nil }},
	{name: "Tags", recorded: "they only describe", given: func(c Config) bool { return len(c.Tags) > 0 }},
	{name: "Settings", of: []Service{Own}, given: func(c Config) bool { return len(c.Settings.Topics)+len(c.Settings.Queues)+len(c.Settings.Extra) > 0 }},
}

// unsupported lists the members of cfg that mappings of its source do not have.
func unsupported(cfg Config, s Service) []FieldError {
	var errs []FieldError
	for _, row := range members {
		if row.of != nil && !slices.Contains(row.of, s) && row.given(cfg) {
			errs = append(errs, invalid(row.name, "", "Unsupported "+row.name+" parameter for given event source mapping type."))
		}
	}
	return errs
}
