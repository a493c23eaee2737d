package mapping

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/penstock/penstock/invoke"
)

// duplicates finds another mapping of the same function, qualifier included,
// and the same source, and one that uses the same consumer group.
func duplicates(cfg Config, s Source, facts Facts) (errs []FieldError) {
	arn, err := FunctionARN(cfg.FunctionName, facts.Region, facts.Account)
	if err != nil {
		return nil
	}
	for _, other := range facts.Existing {
		if cfg.is(other) || !sameSource(cfg, other) { // most are not
			continue
		}
		theirs, err := FunctionARN(other.FunctionName, facts.Region, facts.Account)
		if err == nil && theirs == arn {
			text := conflict(cfg, s, arn) + " already exists. Please update or delete the existing mapping with UUID " + other.UUID
			errs = append(errs, FieldError{Field: "EventSourceArn", Value: cfg.EventSourceArn, Rule: text, Exception: ResourceConflict, Message: text})
		}
	}
	if group := cfg.consumerGroup(); group != "" {
		for _, other := range facts.Existing {
			if other.consumerGroup() == group && !cfg.is(other) {
				errs = append(errs, broken("ConsumerGroupId", group, "the mapping with UUID "+other.UUID+" uses it"))
			}
		}
	}
	return errs
}

// is says whether two configurations are of one mapping.
func (c Config) is(other Config) bool { return c.UUID != "" && c.UUID == other.UUID }

// sameSource says whether two mappings read the same records.
func sameSource(a, b Config) bool {
	if a.EventSourceArn != b.EventSourceArn {
		return false
	}
	if a.SelfManagedEventSource != nil {
		return b.SelfManagedEventSource != nil && meet(a.Topics, b.Topics) &&
			meet(a.SelfManagedEventSource.Endpoints[bootstrapServers], b.SelfManagedEventSource.Endpoints[bootstrapServers])
	}
	both := func(a, b []string) bool { return len(a) == 0 && len(b) == 0 || meet(a, b) }
	return b.SelfManagedEventSource == nil && both(a.Topics, b.Topics) && both(a.Queues, b.Queues) &&
		reflect.DeepEqual(a.DocumentDBEventSourceConfig, b.DocumentDBEventSourceConfig) && reflect.DeepEqual(a.Settings, b.Settings)
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// conflict is the beginning of AWS's message. Its quotes and spaces are AWS's.
func conflict(cfg Config, s Source, arn string) string {
	n, _ := invoke.ParseName(cfg.FunctionName)
	switch s.Service {
	case SQS:
		return fmt.Sprintf(`An event source mapping with SQS arn (" %s ") and function (" %s ")`, cfg.EventSourceArn, n.Name)
	case SelfManagedKafka:
		return fmt.Sprintf(`An event source mapping with event source ("%s"), function ("%s"), topics ("%s")`,
			strings.Join(cfg.SelfManagedEventSource.Endpoints[bootstrapServers], ","), arn, strings.Join(cfg.Topics, ","))
	}
	return fmt.Sprintf(`The event source arn (" %s ") and function (" %s ") provided mapping`, cfg.EventSourceArn, n.Name)
}

func (c Config) consumerGroup() string {
	for _, k := range []*KafkaEventSourceConfig{c.AmazonManagedKafkaEventSourceConfig, c.SelfManagedKafkaEventSourceConfig} {
		if k != nil && k.ConsumerGroupId != "" {
			return k.ConsumerGroupId
		}
	}
	return ""
}
