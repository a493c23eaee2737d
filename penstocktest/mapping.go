package penstocktest

import (
	"errors"
	"fmt"
	"github.com/penstock/penstock/events"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

// A Mapping is an event source mapping with its queue and its function. The
// zero value is what AWS has by default. Settings that AWS would refuse fail
// the test with AWS's rule.
type Mapping struct {
	// BatchSize is the most messages of one event, 1 to 10 000; more than 10
	// need a Window. Zero: 10.
	BatchSize int
	// Window is the batching window, up to 300 seconds. Zero: none.
	Window time.Duration
	// Partial says that the function reports failures message by message
	// (ReportBatchItemFailures).
	Partial bool
	// Filters are event patterns; a message is delivered if one matches.
	// Empty: all are.
	Filters []string
	// MaximumConcurrency bounds the mapping's invocations, 2 to 1 000. Zero:
	// only Concurrency does.
	MaximumConcurrency int

	// FIFO makes the queue a FIFO queue; groups are those of the messages.
	FIFO bool
	// Visibility is the queue's visibility timeout: the gap between tries. It
	// must not be below Timeout. Zero: 30 seconds.
	Visibility time.Duration
	// MaxReceives is how often a message is received before it becomes a dead
	// letter (maxReceiveCount), up to 1 000. Zero: there is no dead-letter
	// queue.
	MaxReceives int

	// Timeout is the function's. Zero: 3 seconds.
	Timeout time.Duration
	// Concurrency is how many invocations the function takes at once. Zero: 10.
	Concurrency int

	// Limit ends a scenario that does not come to an end, so long after the
	// last message was sent. Zero: an hour, or 20 visibility timeouts if that
	// is longer; for a Target in real time five minutes.
	Limit time.Duration
}

// A Message is sent to the queue.
type Message struct {
	Body string
	// Group is the MessageGroupId. Empty on a FIFO queue: "default".
	Group string
	// Attributes are message attributes of type String.
	Attributes map[string]string
	// Delay is DelaySeconds: how long the queue hides the message at first, up
	// to 15 minutes; standard queues only.
	Delay time.Duration
	// After is when the message is sent, from the beginning of the test.
	After time.Duration
}

// What the function sees and the settings are checked with.
const (
	region   = "us-east-1"
	account  = "000000000000"
	queueARN = "arn:aws:sqs:" + region + ":" + account + ":test"
	function = "arn:aws:lambda:" + region + ":" + account + ":function:test"
)

// limits are those of Amazon SQS.
var limits = sources.Limits{
	BatchSize: 10, MaxBatchSize: 10000, Call: 10, Wait: 20 * time.Second,
	Window: true, PartialFailures: true, FilterKey: "body", FilterView: events.SQSView, Mismatch: true,
}

func (m Mapping) arn() string {
	if m.FIFO {
		return queueARN + ".fifo"
	}
	return queueARN
}

// withDefaults fills in what is zero.
func (m Mapping) withDefaults(realTime bool) Mapping {
	m.BatchSize = orDefault(m.BatchSize, limits.BatchSize)
	m.Visibility = orDefault(m.Visibility, 30*time.Second)
	m.Timeout = orDefault(m.Timeout, invoke.DefaultTimeout)
	m.Concurrency = orDefault(m.Concurrency, invoke.DefaultConcurrency)
	if realTime {
		m.Limit = orDefault(m.Limit, 5*time.Minute)
	}
	m.Limit = orDefault(m.Limit, max(time.Hour, 20*m.Visibility))
	return m
}

func orDefault[T int | time.Duration](v, fallback T) T {
	if v == 0 {
		return fallback
	}
	return v
}

// visibility is for how long a receive hides messages: as on AWS, longer than
// the queue says where the window would not leave the function its time.
func (m Mapping) visibility() time.Duration {
	if m.Window > 0 && m.Window+m.Timeout > m.Visibility {
		return m.Window + m.Timeout + 30*time.Second
	}
	return m.Visibility
}

// config is the mapping as the Lambda API knows it.
func (m Mapping) config() mapping.Config {
	c := mapping.Config{FunctionName: function, EventSourceArn: m.arn(), BatchSize: m.BatchSize}
	if m.Window > 0 {
		seconds := int((m.Window + time.Second - 1) / time.Second)
		c.MaximumBatchingWindowInSeconds = &seconds
	}
	if m.Partial {
		c.FunctionResponseTypes = []string{mapping.PartialFailures}
	}
	if len(m.Filters) > 0 {
		c.FilterCriteria = &mapping.FilterCriteria{}
		for _, f := range m.Filters {
			c.FilterCriteria.Filters = append(c.FilterCriteria.Filters, mapping.FilterPattern{Pattern: f})
		}
	}
	if m.MaximumConcurrency != 0 {
		c.ScalingConfig = &mapping.ScalingConfig{MaximumConcurrency: &m.MaximumConcurrency}
	}
	return c
}

// check refuses what AWS refuses.
func (m Mapping) check() error {
	for _, d := range []struct {
		name  string
		value time.Duration
		most  time.Duration
	}{
		{"Window", m.Window, 300 * time.Second}, {"Visibility", m.Visibility, 12 * time.Hour},
		{"Timeout", m.Timeout, 15 * time.Minute}, {"Limit", m.Limit, 14 * 24 * time.Hour},
	} {
		if d.value < 0 || d.value > d.most {
			return fmt.Errorf("Mapping.%s is %v, must be 0 to %v", d.name, d.value, d.most)
		}
	}
	switch {
	case m.MaxReceives < 0 || m.MaxReceives > 1000:
		return fmt.Errorf("Mapping.MaxReceives is %d, must be 1 to 1000, or 0 for no dead-letter queue", m.MaxReceives)
	case m.Concurrency < 0:
		return fmt.Errorf("Mapping.Concurrency is %d, must be at least 1", m.Concurrency)
	}
	var errs []error
	for _, e := range mapping.Validate(m.config(), mapping.Facts{
		Region: region, Account: account, Limits: &limits, Timeout: m.Timeout,
		Queue: &mapping.QueueFacts{VisibilityTimeout: m.Visibility, MaxReceiveCount: m.MaxReceives},
	}) {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// largest is the most bytes of a message that SQS takes.
const largest = 1 << 20

func (m Message) check(fifo bool) error {
	switch {
	case m.Body == "":
		return errors.New("Body is empty, must have at least one character")
	case len(m.Body) > largest:
		return fmt.Errorf("Body has %d bytes, limit %d", len(m.Body), largest)
	case m.After < 0:
		return fmt.Errorf("After is %v, must not be negative", m.After)
	case m.Delay < 0 || m.Delay > 15*time.Minute:
		return fmt.Errorf("Delay is %v, must be 0 to 15m0s", m.Delay)
	case fifo && m.Delay > 0:
		return fmt.Errorf("Delay is %v, but the messages of a FIFO queue have none of their own", m.Delay)
	case len(m.Attributes) > 10:
		return fmt.Errorf("Attributes are %d, limit 10", len(m.Attributes))
	}
	for name, value := range m.Attributes {
		if name == "" || value == "" {
			return fmt.Errorf("Attributes has %q=%q, name and value must have at least one character", name, value)
		}
	}
	return nil
}
