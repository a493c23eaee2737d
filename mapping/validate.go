package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/penstock/penstock/events/pattern"
	"github.com/penstock/penstock/sources"
)

// Facts are what Validate and Warnings need to know beside the settings.
type Facts struct {
	// Region and Account complete function names that do not say.
	Region, Account string
	// Now is the time, for StartingPositionTimestamp.
	Now time.Time
	// Limits are those of the kind that would read the source. nil: there is no
	// such kind.
	Limits *sources.Limits
	// Function is why the function cannot be resolved. nil: it exists.
	Function error
	// Timeout is the function's. Zero: 3 seconds.
	Timeout time.Duration
	// Source is why the source cannot be read: sources.ErrGone and
	// sources.ErrDenied are errors of the settings, anything else is taken as
	// passing and only warned about. nil: it exists.
	Source error
	// Queue is what is known of an SQS queue. nil: nothing.
	Queue *QueueFacts
	// MaxFilters is how many filters a mapping may have. Zero: 5, AWS's quota.
	MaxFilters int
	// Existing are the other mappings. One whose UUID is that of the settings
	// is the mapping itself, before an update.
	Existing []Config
}

// QueueFacts are attributes of an SQS queue.
type QueueFacts struct {
	VisibilityTimeout time.Duration
	// MaxReceiveCount is that of the redrive policy. Zero: it has none.
	MaxReceiveCount int
}

func (f Facts) timeout() time.Duration {
	if f.Timeout == 0 {
		return 3 * time.Second
	}
	return f.Timeout
}

// Validate lists everything that is wrong with the settings of a mapping, in
// the order in which AWS finds it and in AWS's words where they are known. The
// API answers with Answer of it, "plan" prints all. Settings that Validate
// passes work as they do on AWS.
func Validate(cfg Config, facts Facts) []FieldError {
	errs := model(cfg)
	if d := cfg.DestinationConfig; d != nil && d.OnSuccess != nil {
		errs = append(errs, invalid("DestinationConfig.OnSuccess", d.OnSuccess.Destination, destinationConfigNotSupported))
	}
	source, err := cfg.Source()
	if err != nil {
		if cfg.EventSourceArn == "" || arnForm.MatchString(cfg.EventSourceArn) {
			errs = append(errs, invalid("EventSourceArn", cfg.EventSourceArn, unrecognizedEventSource))
		}
		errs = append(errs, filters(cfg, source, facts)...)
		return append(errs, function(cfg, facts)...)
	}
	if source.Service == SelfManagedKafka && len(cfg.SourceAccessConfigurations) == 0 {
		errs = append(errs, invalid("SourceAccessConfigurations", "", "Required 'sourceAccessConfigurations' parameter is missing."))
	}
	errs = append(errs, unsupported(cfg, source.Service)...)
	if facts.Limits == nil {
		errs = append(errs, broken("EventSourceArn", cfg.EventSourceArn, "penstock has no source of the kind "+string(source.Service)))
	}
	errs = append(errs, start(cfg, source, facts)...)
	errs = append(errs, names(cfg, source)...)
	errs = append(errs, batching(cfg, source, facts)...)
	errs = append(errs, retrial(cfg, source)...)
	errs = append(errs, scaling(cfg, source)...)
	errs = append(errs, filters(cfg, source, facts)...)
	errs = append(errs, function(cfg, facts)...)
	errs = append(errs, reachable(cfg, source, facts)...)
	return append(errs, duplicates(cfg, source, facts)...)
}

func filters(cfg Config, s Source, facts Facts) (errs []FieldError) {
	if cfg.FilterCriteria == nil {
		return nil
	}
	most := facts.MaxFilters
	if most == 0 {
		most = 5
	}
	if n := len(cfg.FilterCriteria.Filters); n > most {
		errs = append(errs, broken("FilterCriteria.Filters", strconv.Itoa(n), fmt.Sprintf("a mapping has at most %d filters", most)))
	}
	for i, one := range cfg.FilterCriteria.Filters {
		p, err := pattern.Compile(one.Pattern, pattern.Mapping)
		switch {
		case err != nil:
		case s.Service == Kinesis && p.Key("data")&pattern.Values != 0:
			err = errors.New("the data of a Kinesis record is matched as a JSON object")
		default:
			continue
		}
		e := invalid(fmt.Sprintf("FilterCriteria.Filters[%d].Pattern", i), one.Pattern, invalidFilterPattern)
		e.Rule = err.Error()
		errs = append(errs, e)
	}
	return errs
}

func function(cfg Config, facts Facts) []FieldError {
	if facts.Function == nil || cfg.FunctionName == "" {
		return nil
	}
	e := invalid("FunctionName", cfg.FunctionName, functionDoesNotExist)
	e.Rule = facts.Function.Error()
	return []FieldError{e}
}

// reachable says whether the source is there and goes with the function.
func reachable(cfg Config, s Source, facts Facts) []FieldError {
	arn := cfg.EventSourceArn
	switch {
	case facts.Function == nil && (s.Kafka() || s.Service == MQ || s.Service == DocumentDB) && facts.timeout() > 14*time.Minute:
		return []FieldError{broken("FunctionName", cfg.FunctionName, "the timeout of a function that this source invokes is at most 14 minutes")}
	case errors.Is(facts.Source, sources.ErrGone):
		text := "Event source not found: " + arn
		switch {
		case s.Service == SQS:
			text = "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist."
		case s.Stream():
			text = "Stream not found: " + arn
		}
		return []FieldError{invalid("EventSourceArn", arn, text)}
	case errors.Is(facts.Source, sources.ErrDenied):
		if s.Service == SQS {
			return []FieldError{invalid("EventSourceArn", arn, "The provided execution role does not have permissions to call ReceiveMessage on SQS")}
		}
		return []FieldError{broken("EventSourceArn", arn, facts.Source.Error())}
	case s.Service == SQS && facts.Queue != nil && facts.Function == nil && facts.Queue.VisibilityTimeout < facts.timeout():
		return []FieldError{invalid("EventSourceArn", arn, fmt.Sprintf("Queue visibility timeout: %d seconds is less than Function timeout: %d seconds",
			int(facts.Queue.VisibilityTimeout.Seconds()), int(facts.timeout().Seconds())))}
	}
	return nil
}
