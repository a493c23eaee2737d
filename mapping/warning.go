package mapping

import (
	"fmt"
	"strconv"
	"time"
)

// Warnings lists what works and is likely not meant: a visibility timeout under
// six times the function's timeout plus the window, a redrive policy that gives
// up before the fifth try (both AWS's advice), a source that cannot be reached
// now, and members that are only recorded. They have no Exception.
func Warnings(cfg Config, facts Facts) (warnings []FieldError) {
	warn := func(field, value, rule string) {
		warnings = append(warnings, FieldError{Field: field, Value: value, Rule: rule})
	}
	for _, row := range members {
		if row.recorded != "" && row.given(cfg) {
			warn(row.name, "", "it is recorded and changes nothing: "+row.recorded)
		}
	}
	source, err := cfg.Source()
	if err != nil {
		return warnings
	}
	if facts.Source != nil {
		warn("EventSourceArn", cfg.EventSourceArn, facts.Source.Error())
	}
	if source.Service != SQS || facts.Queue == nil {
		return warnings
	}
	if advice := 6*facts.timeout() + cfg.Window(); facts.Queue.VisibilityTimeout < advice {
		warn("VisibilityTimeout", strconv.Itoa(int(facts.Queue.VisibilityTimeout/time.Second)), fmt.Sprintf(
			"six times the function's timeout plus the batching window, %d seconds, keeps messages hidden while throttled batches are retried", advice/time.Second))
	}
	if n := facts.Queue.MaxReceiveCount; n > 0 && n < 5 {
		warn("maxReceiveCount", strconv.Itoa(n), "at least 5 keeps throttled messages out of the dead-letter queue")
	}
	return warnings
}
