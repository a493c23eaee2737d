package mapping

import (
	"time"

	"github.com/penstock/penstock/sources"
)

// A Config holds the settings of one event source mapping under the names of
// the Lambda API. REST body, SAM properties, stored value and listing are this
// one struct. A nil pointer, a nil list and a zero BatchSize or
// ParallelizationFactor mean "not given"; the methods below apply the defaults.
// Validate says whether the values fit together.
type Config struct {
	// UUID is the mapping's identity, which checkpoints, steps and logs go by.
	// The API neither takes nor shows it here. Empty: whoever runs the mapping
	// derives one from function and source.
	UUID string `json:"-" yaml:"UUID,omitempty"`
	// FunctionName is any form that Lambda takes: name, name:qualifier, partial
	// or full ARN. See FunctionARN.
	FunctionName string `json:"FunctionName,omitempty"`
	// EventSourceArn names the queue, stream, cluster or broker. A source that
	// AWS does not have is arn:penstock:KIND:...
	EventSourceArn string `json:"EventSourceArn,omitempty"`
	// Enabled: nil means true.
	Enabled *bool `json:"Enabled,omitempty"`
	// BatchSize is the most records of one event, 1 to 10 000. Zero: the
	// source's default (10 for SQS, 100 for AWS's other sources).
	BatchSize int `json:"BatchSize,omitempty"`
	// MaximumBatchingWindowInSeconds is 0 to 300. nil: no window.
	MaximumBatchingWindowInSeconds *int `json:"MaximumBatchingWindowInSeconds,omitempty"`

	// ParallelizationFactor is how many batches of one shard run at once, 1 to
	// 10. Zero: 1. Streams only.
	ParallelizationFactor int `json:"ParallelizationFactor,omitempty"`
	// StartingPosition is TRIM_HORIZON, LATEST or AT_TIMESTAMP.
	StartingPosition string `json:"StartingPosition,omitempty"`
	// StartingPositionTimestamp belongs to AT_TIMESTAMP.
	StartingPositionTimestamp *Timestamp `json:"StartingPositionTimestamp,omitempty"`
	// MaximumRecordAgeInSeconds is -1 (no limit) or 60 to 604 800. nil: -1.
	MaximumRecordAgeInSeconds *int `json:"MaximumRecordAgeInSeconds,omitempty"`
	// MaximumRetryAttempts is -1 (no limit) to 10 000. nil: -1.
	MaximumRetryAttempts *int `json:"MaximumRetryAttempts,omitempty"`
	// BisectBatchOnFunctionError: nil means false.
	BisectBatchOnFunctionError *bool `json:"BisectBatchOnFunctionError,omitempty"`
	// TumblingWindowInSeconds is 0 (none) to 900. nil: 0.
	TumblingWindowInSeconds *int `json:"TumblingWindowInSeconds,omitempty"`

	// FunctionResponseTypes is empty or holds ReportBatchItemFailures.
	FunctionResponseTypes []string           `json:"FunctionResponseTypes,omitempty"`
	DestinationConfig     *DestinationConfig `json:"DestinationConfig,omitempty"`
	FilterCriteria        *FilterCriteria    `json:"FilterCriteria,omitempty"`
	// KMSKeyArn would encrypt the filters; recorded only.
	KMSKeyArn     string         `json:"KMSKeyArn,omitempty"`
	MetricsConfig *MetricsConfig `json:"MetricsConfig,omitempty"`
	LoggingConfig *LoggingConfig `json:"LoggingConfig,omitempty"`

	ScalingConfig           *ScalingConfig           `json:"ScalingConfig,omitempty"`
	ProvisionedPollerConfig *ProvisionedPollerConfig `json:"ProvisionedPollerConfig,omitempty"`

	Topics                              []string                     `json:"Topics,omitempty"`
	Queues                              []string                     `json:"Queues,omitempty"`
	SourceAccessConfigurations          []SourceAccessConfiguration  `json:"SourceAccessConfigurations,omitempty"`
	SelfManagedEventSource              *SelfManagedEventSource      `json:"SelfManagedEventSource,omitempty"`
	AmazonManagedKafkaEventSourceConfig *KafkaEventSourceConfig      `json:"AmazonManagedKafkaEventSourceConfig,omitempty"`
	SelfManagedKafkaEventSourceConfig   *KafkaEventSourceConfig      `json:"SelfManagedKafkaEventSourceConfig,omitempty"`
	DocumentDBEventSourceConfig         *DocumentDBEventSourceConfig `json:"DocumentDBEventSourceConfig,omitempty"`

	// Tags are never part of the mapping's description.
	Tags map[string]string `json:"Tags,omitempty"`

	// Settings are what kinds that are not AWS's need beside an ARN. They come
	// from Go and YAML only; the API neither takes nor shows them.
	Settings sources.Settings `json:"-" yaml:"Settings,omitempty"`
}

// PartialFailures is the one value of Config.FunctionResponseTypes.
const PartialFailures = "ReportBatchItemFailures"

// Window is the batching window; zero without one.
func (c Config) Window() time.Duration {
	return time.Duration(valueOr(c.MaximumBatchingWindowInSeconds, 0)) * time.Second
}

// Batch is the most records of one event: BatchSize, or the default of the
// source whose limits are given.
func (c Config) Batch(l sources.Limits) int {
	switch {
	case c.BatchSize != 0:
		return c.BatchSize
	case l.BatchSize != 0:
		return l.BatchSize
	}
	return 10
}

// On says whether the mapping is to be enabled.
func (c Config) On() bool { return valueOr(c.Enabled, true) }

// Partial says whether the function reports failures record by record.
func (c Config) Partial() bool {
	for _, t := range c.FunctionResponseTypes {
		if t == PartialFailures {
			return true
		}
	}
	return false
}

// MaximumConcurrency bounds the invocations that run at once; zero: no bound.
func (c Config) MaximumConcurrency() int {
	if c.ScalingConfig == nil {
		return 0
	}
	return valueOr(c.ScalingConfig.MaximumConcurrency, 0)
}

// Pollers are the bounds on how many pollers read the source, with Lambda's
// defaults for the one that is not given: 2 (Kafka: 1) and 200. Zeros: neither
// is given, and pollers come and go on demand.
func (c Config) Pollers() (min, max int) {
	p := c.ProvisionedPollerConfig
	if p == nil || p.MinimumPollers == nil && p.MaximumPollers == nil {
		return 0, 0
	}
	fewest := 2
	if source, err := c.Source(); err == nil && source.Kafka() {
		fewest = 1
	}
	return valueOr(p.MinimumPollers, fewest), valueOr(p.MaximumPollers, 200)
}

func valueOr[T any](p *T, absent T) T {
	if p == nil {
		return absent
	}
	return *p
}
