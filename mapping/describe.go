package mapping

import (
	"time"

	"github.com/penstock/penstock/sources"
)

// A Status is what changes about a mapping while its settings do not.
type Status struct {
	// Region and Account complete a function name that does not say.
	Region, Account string
	// Limits are those of the source's kind, for the default BatchSize.
	Limits sources.Limits
	State  State
	// Reason is why it is in that state. Empty: a user wanted it.
	Reason       string
	LastModified time.Time
	// LastProcessingResult: empty means NoRecordsProcessed.
	LastProcessingResult string
}

// A Description is an EventSourceMappingConfiguration, what the Lambda API
// answers: as JSON it has exactly the members that AWS shows for that source.
type Description struct {
	UUID                  string    `json:"UUID"`
	EventSourceMappingArn string    `json:"EventSourceMappingArn"`
	FunctionArn           string    `json:"FunctionArn"`
	LastModified          Timestamp `json:"LastModified"`
	LastProcessingResult  string    `json:"LastProcessingResult,omitempty"`
	State                 State     `json:"State"`
	StateTransitionReason string    `json:"StateTransitionReason"`
	// FunctionResponseTypes takes the place of the list of the same name in
	// Config: SQS and streams show it even when it is empty.
	FunctionResponseTypes *[]string `json:"FunctionResponseTypes,omitempty"`
	// Config has the settings with the defaults that AWS shows, and without
	// what it does not: FunctionName, Enabled and Tags.
	Config
}

// Describe describes a mapping whose settings are valid.
func Describe(cfg Config, s Status) Description {
	source, _ := cfg.Source()
	arn, _ := FunctionARN(cfg.FunctionName, s.Region, s.Account)
	d := Description{
		UUID:                  cfg.UUID,
		EventSourceMappingArn: MappingARN(arn, cfg.UUID),
		FunctionArn:           arn,
		LastModified:          Timestamp{s.LastModified},
		State:                 s.State,
		StateTransitionReason: s.Reason,
		Config:                cfg,
	}
	if d.StateTransitionReason == "" {
		d.StateTransitionReason = userReason(source)
	}
	c := &d.Config
	c.FunctionName, c.Enabled, c.Tags = "", nil, nil
	c.BatchSize = cfg.Batch(s.Limits)
	if source.Service == SQS || source.Service == Own || source.Stream() || len(cfg.FunctionResponseTypes) > 0 {
		types := append([]string{}, cfg.FunctionResponseTypes...)
		d.FunctionResponseTypes = &types
	}
	if source.Service == SQS || source.Service == Own || source.Stream() {
		c.MaximumBatchingWindowInSeconds = new(valueOr(cfg.MaximumBatchingWindowInSeconds, 0))
	}
	if source.Service != SQS && source.Service != Own {
		d.LastProcessingResult = s.LastProcessingResult
		if d.LastProcessingResult == "" {
			d.LastProcessingResult = NoRecordsProcessed
		}
	}
	switch {
	case source.Stream():
		c.showStream()
	case source.Kafka():
		c.showKafka(source)
	case source.Service == DocumentDB && c.DocumentDBEventSourceConfig != nil && c.DocumentDBEventSourceConfig.FullDocument == "":
		changed := *c.DocumentDBEventSourceConfig
		changed.FullDocument = "Default"
		c.DocumentDBEventSourceConfig = &changed
	}
	c.hideEmpty()
	return d
}

// MappingARN is the ARN of a mapping, in the place of its function.
func MappingARN(functionARN, uuid string) string {
	colons := 0
	for i, c := range functionARN {
		if c == ':' {
			if colons++; colons == 5 {
				return functionARN[:i] + ":event-source-mapping:" + uuid
			}
		}
	}
	return ""
}

// showStream fills in the defaults that Kinesis and DynamoDB mappings show.
func (c *Config) showStream() {
	c.BisectBatchOnFunctionError = new(valueOr(c.BisectBatchOnFunctionError, false))
	c.MaximumRecordAgeInSeconds = new(valueOr(c.MaximumRecordAgeInSeconds, -1))
	c.MaximumRetryAttempts = new(valueOr(c.MaximumRetryAttempts, -1))
	c.TumblingWindowInSeconds = new(valueOr(c.TumblingWindowInSeconds, 0))
	c.ParallelizationFactor = max(c.ParallelizationFactor, 1)
	destination := Destination{}
	if c.DestinationConfig != nil && c.DestinationConfig.OnFailure != nil {
		destination = *c.DestinationConfig.OnFailure
	}
	c.DestinationConfig = &DestinationConfig{OnFailure: &destination}
}

// showKafka fills in the defaults that Kafka mappings show.
func (c *Config) showKafka(s Source) {
	if c.StartingPosition == "" && !c.shared() {
		c.StartingPosition = "TRIM_HORIZON"
	}
	at := &c.SelfManagedKafkaEventSourceConfig
	if s.Service == MSK {
		at = &c.AmazonManagedKafkaEventSourceConfig
	}
	shown := valueOr(*at, KafkaEventSourceConfig{})
	if shown.ConsumerGroupId == "" {
		shown.ConsumerGroupId = c.UUID
	}
	*at = &shown
}

// hideEmpty leaves out what an update emptied.
func (c *Config) hideEmpty() {
	if c.FilterCriteria != nil && len(c.FilterCriteria.Filters) == 0 {
		c.FilterCriteria = nil
	}
	if c.MaximumConcurrency() == 0 {
		c.ScalingConfig = nil
	}
	if c.ProvisionedPollerConfig != nil && *c.ProvisionedPollerConfig == (ProvisionedPollerConfig{}) {
		c.ProvisionedPollerConfig = nil
	}
	if c.MetricsConfig != nil && len(c.MetricsConfig.Metrics) == 0 {
		c.MetricsConfig = nil
	}
}
