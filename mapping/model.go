package mapping

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/penstock/penstock/invoke"
)

// A checker collects breaches of the service's model: lengths, ranges, sets of
// values and forms that hold whatever the source is.
type checker struct{ errs []FieldError }

func (c *checker) add(field, value, constraint string) {
	c.errs = append(c.errs, violation(field, value, constraint))
}

// number checks a number that is given.
func (c *checker) number(field string, n *int, low, high int) {
	switch {
	case n == nil:
	case *n < low:
		c.add(field, strconv.Itoa(*n), fmt.Sprintf("Member must have value greater than or equal to %d", low))
	case *n > high:
		c.add(field, strconv.Itoa(*n), fmt.Sprintf("Member must have value less than or equal to %d", high))
	}
}

// length checks the characters of a text that is given.
func (c *checker) length(field, text string, high int) {
	if utf8.RuneCountInString(text) > high {
		c.add(field, text, fmt.Sprintf("Member must have length less than or equal to %d", high))
	}
}

// size checks how many elements a list has.
func (c *checker) size(field string, n, high int) {
	if n > high {
		c.add(field, fmt.Sprintf("[%d elements]", n), fmt.Sprintf("Member must have length less than or equal to %d", high))
	}
}

// form checks a text that is given.
func (c *checker) form(field, text string, form *regexp.Regexp) {
	if text != "" && !form.MatchString(text) {
		c.add(field, text, "Member must satisfy regular expression pattern: "+strings.TrimSuffix(strings.TrimPrefix(form.String(), "^(?:"), ")$"))
	}
}

// enum checks a text that is given.
func (c *checker) enum(field, text string, set ...string) {
	if text != "" && !slices.Contains(set, text) {
		c.add(field, text, "Member must satisfy enum value set: ["+strings.Join(set, ", ")+"]")
	}
}

// enums checks the elements of a list, as AWS words it for lists.
func (c *checker) enums(field string, list []string, set ...string) {
	for _, text := range list {
		if !slices.Contains(set, text) {
			c.add(field, "["+strings.Join(list, ", ")+"]", "Member must satisfy constraint: [Member must satisfy enum value set: ["+strings.Join(set, ", ")+"]]")
			return
		}
	}
}

var (
	keyForm         = regexp.MustCompile(`^(?:(arn:(aws[a-zA-Z0-9-]*):[a-z0-9-.]+:.*)|())$`)
	destinationForm = regexp.MustCompile(`^(?:$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*))$`)
	topicForm       = regexp.MustCompile(`^(?:[^.]([a-zA-Z0-9\-_.]+))$`)
	groupForm       = regexp.MustCompile(`^(?:[a-zA-Z0-9-_]*)$`)
	sourceForm      = regexp.MustCompile(`^(?:` + arnPattern + `)$`)
	addressForm     = regexp.MustCompile(`^(?:(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9\-]*[A-Za-z0-9]):[0-9]{1,5})$`)
	accessTypes     = []string{
		"BASIC_AUTH", "VPC_SUBNET", "VPC_SECURITY_GROUP", "SASL_SCRAM_512_AUTH", "SASL_SCRAM_256_AUTH", "VIRTUAL_HOST",
		"CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE", "OAUTHBEARER_AUTH", "OAUTHBEARER_SCOPE", "OAUTHBEARER_AUDIENCE",
		"OAUTHBEARER_LOGICAL_CLUSTER", "OAUTHBEARER_IDENTITY_POOL", "IAM_AUTH", "IAM_OAUTHBEARER_AUTH",
	}
)

// model lists the breaches of the service's model, in the order of Config.
func model(cfg Config) []FieldError {
	var c checker
	c.function(cfg.FunctionName)
	if cfg.EventSourceArn != "" && !ownForm.MatchString(cfg.EventSourceArn) {
		c.form("EventSourceArn", cfg.EventSourceArn, sourceForm)
	}
	c.length("EventSourceArn", cfg.EventSourceArn, 10000)
	if cfg.BatchSize != 0 {
		c.number("BatchSize", &cfg.BatchSize, 1, 10000)
	}
	c.number("MaximumBatchingWindowInSeconds", cfg.MaximumBatchingWindowInSeconds, 0, 300)
	if cfg.ParallelizationFactor != 0 {
		c.number("ParallelizationFactor", &cfg.ParallelizationFactor, 1, 10)
	}
	c.enum("StartingPosition", cfg.StartingPosition, "LATEST", "AT_TIMESTAMP", "TRIM_HORIZON")
	c.number("MaximumRecordAgeInSeconds", cfg.MaximumRecordAgeInSeconds, -1, 604800)
	c.number("MaximumRetryAttempts", cfg.MaximumRetryAttempts, -1, 10000)
	c.number("TumblingWindowInSeconds", cfg.TumblingWindowInSeconds, 0, 900)
	c.size("FunctionResponseTypes", len(cfg.FunctionResponseTypes), 1)
	c.enums("FunctionResponseTypes", cfg.FunctionResponseTypes, PartialFailures)
	if d := cfg.DestinationConfig; d != nil && d.OnFailure != nil {
		c.length("DestinationConfig.OnFailure.Destination", d.OnFailure.Destination, 350)
		c.form("DestinationConfig.OnFailure.Destination", d.OnFailure.Destination, destinationForm)
	}
	if f := cfg.FilterCriteria; f != nil {
		for i, one := range f.Filters {
			c.length(fmt.Sprintf("FilterCriteria.Filters[%d].Pattern", i), one.Pattern, 4096)
		}
	}
	c.form("KMSKeyArn", cfg.KMSKeyArn, keyForm)
	if m := cfg.MetricsConfig; m != nil {
		c.size("MetricsConfig.Metrics", len(m.Metrics), 3)
		c.enums("MetricsConfig.Metrics", m.Metrics, "EventCount", "ErrorCount", "KafkaMetrics")
	}
	if l := cfg.LoggingConfig; l != nil {
		c.enum("LoggingConfig.SystemLogLevel", l.SystemLogLevel, "DEBUG", "INFO", "WARN")
	}
	if s := cfg.ScalingConfig; s != nil {
		c.number("ScalingConfig.MaximumConcurrency", s.MaximumConcurrency, 2, 1000)
	}
	if p := cfg.ProvisionedPollerConfig; p != nil {
		c.number("ProvisionedPollerConfig.MinimumPollers", p.MinimumPollers, 1, 200)
		c.number("ProvisionedPollerConfig.MaximumPollers", p.MaximumPollers, 1, 10000)
		c.length("ProvisionedPollerConfig.PollerGroupName", p.PollerGroupName, 128)
		c.form("ProvisionedPollerConfig.PollerGroupName", p.PollerGroupName, groupForm)
	}
	c.brokers(cfg)
	return c.errs
}

// function checks the name, which is the one member that must be given.
func (c *checker) function(name string) {
	if name == "" {
		c.add("FunctionName", null, "Member must not be null")
		return
	}
	n, err := invoke.ParseName(name)
	var refusal *invoke.Refusal
	switch {
	case errors.As(err, &refusal):
		_, constraint, _ := strings.Cut(refusal.Message, "constraint: ")
		c.add("FunctionName", name, constraint)
	case len(n.Name) > 64:
		c.add("FunctionName", name, "Member must have length less than or equal to 64")
	}
}

// brokers checks what Kafka, MQ and DocumentDB have.
func (c *checker) brokers(cfg Config) {
	c.size("Topics", len(cfg.Topics), 1)
	for i, topic := range cfg.Topics {
		c.length(fmt.Sprintf("Topics[%d]", i), topic, 249)
		c.form(fmt.Sprintf("Topics[%d]", i), topic, topicForm)
	}
	c.size("Queues", len(cfg.Queues), 1)
	for i, queue := range cfg.Queues {
		c.length(fmt.Sprintf("Queues[%d]", i), queue, 1000)
	}
	c.size("SourceAccessConfigurations", len(cfg.SourceAccessConfigurations), 23)
	for i, a := range cfg.SourceAccessConfigurations {
		c.enum(fmt.Sprintf("SourceAccessConfigurations[%d].Type", i), a.Type, accessTypes...)
		c.length(fmt.Sprintf("SourceAccessConfigurations[%d].URI", i), a.URI, 200)
	}
	if s := cfg.SelfManagedEventSource; s != nil {
		c.size("SelfManagedEventSource.Endpoints", len(s.Endpoints), 2)
		for _, key := range slices.Sorted(maps.Keys(s.Endpoints)) {
			if key != bootstrapServers {
				c.enum("SelfManagedEventSource.Endpoints", key, bootstrapServers)
			}
		}
		servers := s.Endpoints[bootstrapServers]
		c.size("SelfManagedEventSource.Endpoints", len(servers), 10)
		for _, server := range servers {
			c.length("SelfManagedEventSource.Endpoints", server, 300)
			c.form("SelfManagedEventSource.Endpoints", server, addressForm)
		}
	}
	c.kafka("AmazonManagedKafkaEventSourceConfig", cfg.AmazonManagedKafkaEventSourceConfig)
	c.kafka("SelfManagedKafkaEventSourceConfig", cfg.SelfManagedKafkaEventSourceConfig)
	if d := cfg.DocumentDBEventSourceConfig; d != nil {
		c.length("DocumentDBEventSourceConfig.DatabaseName", d.DatabaseName, 63)
		c.length("DocumentDBEventSourceConfig.CollectionName", d.CollectionName, 57)
		c.enum("DocumentDBEventSourceConfig.FullDocument", d.FullDocument, "UpdateLookup", "Default")
	}
}

// bootstrapServers is the one key of a self-managed source's endpoints.
const bootstrapServers = "KAFKA_BOOTSTRAP_SERVERS"

func (c *checker) kafka(field string, k *KafkaEventSourceConfig) {
	if k == nil {
		return
	}
	c.length(field+".ConsumerGroupId", k.ConsumerGroupId, 200)
	c.enum(field+".ConsumptionMode", k.ConsumptionMode, "Stream", "Queue")
	if r := k.SchemaRegistryConfig; r != nil {
		c.enum(field+".SchemaRegistryConfig.EventRecordFormat", r.EventRecordFormat, "JSON", "SOURCE")
		for i, a := range r.AccessConfigs {
			c.enum(fmt.Sprintf("%s.SchemaRegistryConfig.AccessConfigs[%d].Type", field, i), a.Type,
				"BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE", "OAUTHBEARER_AUTH")
		}
		for i, v := range r.SchemaValidationConfigs {
			c.enum(fmt.Sprintf("%s.SchemaRegistryConfig.SchemaValidationConfigs[%d].Attribute", field, i), v.Attribute, "KEY", "VALUE")
		}
	}
}
