package daemon

import (
	"fmt"
	"maps"
	"slices"

	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/mapping"
)

// A cast is what of a stack takes part in a rehearsal.
type cast struct {
	mappings []mapping.Config
	messages []message
	skipped  []string // functions whose interpreter is missing
	blocked  []string // queues that only a blocked function would read
}

// choose leaves out what cannot take part, and says so: functions without an
// interpreter and the messages that only they would read, functions with a
// reserved concurrency of zero, and disabled mappings.
func (c *command) choose(stack *template.Stack, f *fleet, messages []message) cast {
	chosen := cast{skipped: slices.Sorted(maps.Keys(f.skipped))}
	say := func(format string, args ...any) { fmt.Fprintf(c.err, format+"\n", args...) }
	for _, name := range chosen.skipped {
		say("skipping function %s: %v", name, f.skipped[name])
	}
	unread := map[string]bool{} // queues that only skipped functions would read
	for _, m := range mappings(stack) {
		function, source := functionName(m), sourceName(m)
		switch {
		case f.skipped[function] != nil:
			unread[source] = true
		case !m.On():
			say("skipping mapping %s -> %s: it is disabled", source, function)
		case f.functions[function].Concurrency < 0:
			say("function %s is blocked, its reserved concurrency is 0: messages of %s stay in the queue", function, source)
			chosen.blocked = append(chosen.blocked, source)
		default:
			if m.Window() > 0 {
				say("mapping %s -> %s: its batching window of %v passes in real time", source, function, m.Window())
			}
			chosen.mappings = append(chosen.mappings, m)
		}
	}
	for _, m := range chosen.mappings {
		delete(unread, sourceName(m))
	}
	for _, m := range messages {
		if !unread[m.To] {
			chosen.messages = append(chosen.messages, m)
		}
	}
	if n := len(messages) - len(chosen.messages); n > 0 {
		say("not sending %s that only skipped functions would read", count(n, "message"))
	}
	return chosen
}

// watch notes which queues the mappings read, and which of them keep messages
// for ever.
func (r *rehearsal) watch(stack *template.Stack, mappings []mapping.Config) {
	for _, m := range mappings {
		r.read = append(r.read, m.EventSourceArn)
	}
	slices.Sort(r.read)
	r.read = slices.Compact(r.read)
	for _, q := range stack.Queues {
		if to, _ := redrive(q); to == "" && slices.Contains(r.read, q.ARN) {
			r.endless = append(r.endless, q.ARN)
		}
	}
}
