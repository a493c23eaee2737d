package mapping

import (
	"fmt"
	"strconv"
	"time"
)

// start checks where reading begins.
func start(cfg Config, s Source, facts Facts) (errs []FieldError) {
	at := cfg.StartingPosition
	switch {
	case s.Stream() && at == "":
		e := invalid("StartingPosition", "", validationPrefix+"Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.")
		e.Rule = "Member must not be null"
		errs = append(errs, e)
	case s.Service == DynamoDB && at == "AT_TIMESTAMP":
		errs = append(errs, invalid("StartingPosition", at, "Unsupported starting position for arn type: "+cfg.EventSourceArn))
	case at == "AT_TIMESTAMP" && cfg.StartingPositionTimestamp == nil:
		errs = append(errs, broken("StartingPositionTimestamp", "", "it belongs to StartingPosition AT_TIMESTAMP"))
	}
	if when := cfg.StartingPositionTimestamp; when != nil {
		switch {
		case at != "AT_TIMESTAMP":
			errs = append(errs, broken("StartingPositionTimestamp", when.Format(time.RFC3339), "it needs StartingPosition AT_TIMESTAMP"))
		case !facts.Now.IsZero() && when.After(facts.Now):
			errs = append(errs, broken("StartingPositionTimestamp", when.Format(time.RFC3339), "it must not be in the future"))
		}
	}
	return errs
}

// names checks what of a broker is read.
func names(cfg Config, s Source) (errs []FieldError) {
	if s.Kafka() && len(cfg.Topics) != 1 {
		errs = append(errs, broken("Topics", strconv.Itoa(len(cfg.Topics)), "a mapping reads exactly one topic"))
	}
	if s.Service == MQ && len(cfg.Queues) != 1 {
		errs = append(errs, broken("Queues", strconv.Itoa(len(cfg.Queues)), "a mapping reads exactly one queue"))
	}
	if s.Service == SelfManagedKafka && len(cfg.SelfManagedEventSource.Endpoints[bootstrapServers]) == 0 {
		errs = append(errs, broken("SelfManagedEventSource.Endpoints", "", bootstrapServers+" must name at least one server"))
	}
	if s.Service == DocumentDB && (cfg.DocumentDBEventSourceConfig == nil || cfg.DocumentDBEventSourceConfig.DatabaseName == "") {
		errs = append(errs, broken("DocumentDBEventSourceConfig.DatabaseName", "", "a mapping reads one database"))
	}
	if k := cfg.AmazonManagedKafkaEventSourceConfig; k != nil && k.ConsumptionMode != "" {
		errs = append(errs, broken("AmazonManagedKafkaEventSourceConfig.ConsumptionMode", k.ConsumptionMode, "only self-managed clusters have it"))
	}
	if !cfg.shared() {
		return errs
	}
	if cfg.StartingPosition != "" {
		errs = append(errs, broken("StartingPosition", cfg.StartingPosition, "the consumption mode Queue does not have it"))
	}
	if cfg.MaximumBatchingWindowInSeconds != nil {
		errs = append(errs, broken("MaximumBatchingWindowInSeconds", strconv.Itoa(*cfg.MaximumBatchingWindowInSeconds), "the consumption mode Queue does not have it"))
	}
	if valueOr(cfg.MaximumRetryAttempts, 0) == -1 {
		errs = append(errs, broken("MaximumRetryAttempts", "-1", "the consumption mode Queue needs a limit"))
	}
	return errs
}

// shared says that Kafka hands records out one by one (share groups).
func (c Config) shared() bool {
	return c.SelfManagedKafkaEventSourceConfig != nil && c.SelfManagedKafkaEventSourceConfig.ConsumptionMode == "Queue"
}

// batching checks size and window of batches, and what the source's kind says
// of them.
func batching(cfg Config, s Source, facts Facts) (errs []FieldError) {
	size, window := strconv.Itoa(cfg.BatchSize), cfg.Window()
	shown := strconv.Itoa(int(window.Seconds()))
	switch {
	case s.FIFO():
		if cfg.BatchSize > 10 {
			errs = append(errs, broken("BatchSize", size, "it is at most 10 for a FIFO queue"))
		}
		if window > 0 {
			errs = append(errs, broken("MaximumBatchingWindowInSeconds", shown, "a FIFO queue has no batching window"))
		}
	case s.Service == SQS && cfg.BatchSize > 10 && window == 0:
		errs = append(errs, invalid("BatchSize", size, "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"))
	}
	if l := facts.Limits; l != nil {
		if l.MaxBatchSize > 0 && cfg.BatchSize > l.MaxBatchSize && !s.FIFO() {
			errs = append(errs, broken("BatchSize", size, fmt.Sprintf("it is at most %d for this source", l.MaxBatchSize)))
		}
		if window > 0 && !l.Window && !s.FIFO() {
			errs = append(errs, broken("MaximumBatchingWindowInSeconds", shown, "this source has no batching window"))
		}
		if cfg.Partial() && !l.PartialFailures {
			errs = append(errs, broken("FunctionResponseTypes", PartialFailures, "functions cannot report single records of this source"))
		}
	}
	return errs
}

// retrial checks how failures of streams are handled.
func retrial(cfg Config, s Source) (errs []FieldError) {
	if age := valueOr(cfg.MaximumRecordAgeInSeconds, -1); age >= 0 && age < 60 {
		errs = append(errs, broken("MaximumRecordAgeInSeconds", strconv.Itoa(age), "it is -1 or at least 60"))
	}
	if window := valueOr(cfg.TumblingWindowInSeconds, 0); s.Stream() && window > 0 && cfg.ParallelizationFactor > 1 {
		errs = append(errs, broken("TumblingWindowInSeconds", strconv.Itoa(window), "it needs a ParallelizationFactor of 1"))
	}
	return errs
}

// scaling checks the numbers of pollers.
func scaling(cfg Config, s Source) (errs []FieldError) {
	p := cfg.ProvisionedPollerConfig
	if p == nil || *p == (ProvisionedPollerConfig{}) {
		return nil
	}
	low, high := cfg.Pollers()
	if s.Service == SQS {
		switch {
		case cfg.MaximumConcurrency() > 0:
			errs = append(errs, broken("ProvisionedPollerConfig", "", "it cannot be set together with ScalingConfig"))
		case low == 1:
			errs = append(errs, broken("ProvisionedPollerConfig.MinimumPollers", strconv.Itoa(low), "it is at least 2 for SQS"))
		case high == 1:
			errs = append(errs, broken("ProvisionedPollerConfig.MaximumPollers", strconv.Itoa(high), "it is at least 2 for SQS"))
		}
	}
	if s.Kafka() && high > 2000 {
		errs = append(errs, broken("ProvisionedPollerConfig.MaximumPollers", strconv.Itoa(high), "it is at most 2000 for Kafka"))
	}
	if p.PollerGroupName != "" && !s.Kafka() {
		errs = append(errs, broken("ProvisionedPollerConfig.PollerGroupName", p.PollerGroupName, "only Kafka has poller groups"))
	}
	if low > high {
		errs = append(errs, broken("ProvisionedPollerConfig.MinimumPollers", strconv.Itoa(low), fmt.Sprintf("it is more than MaximumPollers, %d", high)))
	}
	return errs
}
