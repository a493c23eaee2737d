package mapping

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// FilterCriteria hold the filters of a mapping; a record passes when one of
// them matches. No filters: every record passes.
type FilterCriteria struct {
	Filters []FilterPattern `json:"Filters,omitempty"`
}

// A FilterPattern is one filter: an event pattern as JSON text, at most 4 096
// characters.
type FilterPattern struct {
	Pattern string `json:"Pattern"`
}

// DestinationConfig says where the records of failed batches are told of.
// OnSuccess exists to be refused, as Lambda does.
type DestinationConfig struct {
	OnSuccess *Destination `json:"OnSuccess,omitempty"`
	OnFailure *Destination `json:"OnFailure,omitempty"`
}

// A Destination is an ARN (SQS, SNS, S3) or kafka://topic; empty: none.
type Destination struct {
	Destination string `json:"Destination,omitempty"`
}

// A ScalingConfig bounds an SQS mapping. Empty: no bound, which is also how an
// update removes one.
type ScalingConfig struct {
	// MaximumConcurrency is 2 to 1 000.
	MaximumConcurrency *int `json:"MaximumConcurrency,omitempty"`
}

// A ProvisionedPollerConfig sets how many pollers read the source. Empty:
// on demand.
type ProvisionedPollerConfig struct {
	MinimumPollers *int `json:"MinimumPollers,omitempty"`
	MaximumPollers *int `json:"MaximumPollers,omitempty"`
	// PollerGroupName is Kafka's.
	PollerGroupName string `json:"PollerGroupName,omitempty"`
}

// MetricsConfig names extra metrics: EventCount, ErrorCount, KafkaMetrics.
type MetricsConfig struct {
	Metrics []string `json:"Metrics,omitempty"`
}

// LoggingConfig sets the log level of a Kafka mapping: DEBUG, INFO or WARN.
type LoggingConfig struct {
	SystemLogLevel string `json:"SystemLogLevel,omitempty"`
}

// A SourceAccessConfiguration names credentials or network of a Kafka, MQ or
// DocumentDB source. URI names a secret, and never is one.
type SourceAccessConfiguration struct {
	Type string `json:"Type,omitempty"`
	URI  string `json:"URI,omitempty"`
}

// SelfManagedEventSource holds the addresses of a self-managed Kafka cluster,
// host:port, under the key KAFKA_BOOTSTRAP_SERVERS.
type SelfManagedEventSource struct {
	Endpoints map[string][]string `json:"Endpoints,omitempty"`
}

// KafkaEventSourceConfig is for MSK and for self-managed clusters.
type KafkaEventSourceConfig struct {
	// ConsumerGroupId: empty means the mapping's UUID.
	ConsumerGroupId      string                `json:"ConsumerGroupId,omitempty"`
	SchemaRegistryConfig *SchemaRegistryConfig `json:"SchemaRegistryConfig,omitempty"`
	// ConsumptionMode is Stream or Queue; self-managed only.
	ConsumptionMode string `json:"ConsumptionMode,omitempty"`
}

// A SchemaRegistryConfig says how Kafka records are decoded.
type SchemaRegistryConfig struct {
	SchemaRegistryURI       string                      `json:"SchemaRegistryURI,omitempty"`
	EventRecordFormat       string                      `json:"EventRecordFormat,omitempty"`
	AccessConfigs           []SourceAccessConfiguration `json:"AccessConfigs,omitempty"`
	SchemaValidationConfigs []SchemaValidationConfig    `json:"SchemaValidationConfigs,omitempty"`
}

// A SchemaValidationConfig names a part of a record to validate: KEY or VALUE.
type SchemaValidationConfig struct {
	Attribute string `json:"Attribute,omitempty"`
}

// DocumentDBEventSourceConfig says which changes of a cluster are read.
type DocumentDBEventSourceConfig struct {
	DatabaseName   string `json:"DatabaseName,omitempty"`
	CollectionName string `json:"CollectionName,omitempty"`
	// FullDocument is UpdateLookup or Default; empty means Default.
	FullDocument string `json:"FullDocument,omitempty"`
}

// A Timestamp is a time that Lambda's JSON writes as Unix seconds, possibly
// with a fraction. It keeps milliseconds.
type Timestamp struct{ time.Time }

// MarshalJSON writes seconds with at most three decimals.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(t.UnixMilli())/1000, 'f', -1, 64), nil
}

// UnmarshalJSON reads a JSON number of seconds.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	seconds, err := strconv.ParseFloat(string(data), 64)
	if err != nil || math.Abs(seconds) > maxTimestamp {
		return fmt.Errorf("%s is not a number of seconds since 1970", data)
	}
	t.Time = time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	return nil
}

// maxTimestamp is the end of the year 9999.
const maxTimestamp = 253402300799
