package daemon

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

// facts are what is known of a mapping without asking any service.
func (c *command) facts(stack *template.Stack, m mapping.Config, existing []mapping.Config) (mapping.Facts, sources.Limits) {
	facts := mapping.Facts{Region: c.Region, Account: c.Account, Now: time.Now(), Existing: existing}
	name, err := invoke.ParseName(m.FunctionName)
	i := slices.IndexFunc(stack.Functions, func(f template.Function) bool { return f.Name == name.Name })
	switch {
	case err != nil:
		facts.Function = err
	case i < 0:
		facts.Function = fmt.Errorf("the template has no function %s", name.Name)
	default:
		facts.Timeout = stack.Functions[i].Timeout
	}
	for _, q := range stack.Queues {
		if q.ARN == m.EventSourceArn {
			_, receives := redrive(q)
			facts.Queue = &mapping.QueueFacts{VisibilityTimeout: visibility(q), MaxReceiveCount: receives}
		}
	}
	for _, k := range c.kinds {
		if k.Matches(sources.Spec{ARN: m.EventSourceArn, Settings: m.Settings}) {
			facts.Limits = &k.Limits
			return facts, k.Limits
		}
	}
	return facts, sources.Limits{}
}

func visibility(q template.Queue) time.Duration {
	n, err := strconv.Atoi(q.Attributes["VisibilityTimeout"])
	if err != nil {
		n = 30 // SQS's default
	}
	return time.Duration(n) * time.Second
}

// redrive is where a queue moves messages that were received too often, and
// after how many receives; empty without a redrive policy, whose form the
// template reader checked.
func redrive(q template.Queue) (to string, receives int) {
	var policy struct {
		DeadLetterTargetArn string
		MaxReceiveCount     json.Number
	}
	if json.Unmarshal([]byte(q.Attributes["RedrivePolicy"]), &policy) != nil {
		return "", 0
	}
	n, err := strconv.Atoi(policy.MaxReceiveCount.String())
	if err != nil {
		return "", 0
	}
	return lastPart(policy.DeadLetterTargetArn), n
}

// lastPart is what stands behind the last colon of an ARN.
func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

// functionName is the bare name of a mapping's function.
func functionName(m mapping.Config) string {
	name, err := invoke.ParseName(m.FunctionName)
	if err != nil {
		return m.FunctionName
	}
	return name.Name
}

// sourceName is the short name of a mapping's source for people.
func sourceName(cfg mapping.Config) string {
	source, err := mapping.ParseSource(cfg.EventSourceArn)
	if err != nil {
		return cfg.EventSourceArn
	}
	return source.Resource
}
