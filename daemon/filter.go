package daemon

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/penstock/penstock/events/pattern"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

// maxInput bounds a pattern or event given to "filter test".
const maxInput = 8 << 20

func (c *command) filter() *cobra.Command {
	group := &cobra.Command{Use: "filter", Short: "Work with event patterns"}
	var dialect, source string
	var strict bool
	test := &cobra.Command{
		Use:   "test PATTERN EVENT",
		Short: "Say whether an event matches a pattern, and why",
		Long: `test matches an event against an event pattern and says for each key of the
pattern why it did or did not match. PATTERN and EVENT are JSON text, @FILE, or -
for standard input. The exit code is 0 if it matches, 1 if not, 2 if the pattern
or the event is not valid.

With --source the event is a record as the function would see it, and the
pattern is applied as that source's event source mapping does: for SQS, "body"
reaches into a JSON body.`,
		Example: `  penstock filter test '{"level": ["error"]}' '{"level": "info"}'
  penstock filter test --source sqs @pattern.json @record.json`,
		Args: takes(2, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := c.argument(args[0])
			if err != nil {
				return err
			}
			event, err := c.argument(args[1])
			if err != nil {
				return err
			}
			if source != "" {
				return c.testMapping(source, string(text), event)
			}
			d, err := dialectOf(dialect)
			if err != nil {
				return err
			}
			if strict {
				d = d.Strict()
			}
			return c.testPattern(d, string(text), event)
		},
	}
	test.Flags().StringVar(&dialect, "dialect", "mapping", "mapping (event source mapping), rule (EventBridge), policy or policy-body (SNS)")
	test.Flags().BoolVar(&strict, "strict", false, "refuse operators that AWS refuses in places")
	test.Flags().StringVar(&source, "source", "", "apply the pattern as a mapping of this kind of source does, e.g. sqs")
	group.AddCommand(test)
	return group
}

func (c *command) testPattern(d pattern.Dialect, text string, event []byte) error {
	p, err := pattern.Compile(text, d)
	if err != nil {
		return &exit{exitUsage, err}
	}
	x, err := p.Explain(event)
	if err != nil {
		return &exit{exitUsage, err}
	}
	fmt.Fprint(c.out, x)
	if !x.Matched {
		return errExpectation
	}
	return nil
}

// testMapping applies a pattern by the rules of a source.
func (c *command) testMapping(name, text string, event []byte) error {
	for _, k := range c.kinds {
		if k.Name != name {
			continue
		}
		f, err := mapping.NewFilter(&mapping.FilterCriteria{Filters: []mapping.FilterPattern{{Pattern: text}}}, k.Limits)
		if err != nil {
			return &exit{exitUsage, err}
		}
		ok, err := f.Match(sources.Record{ID: "event", Body: json.RawMessage(event)})
		if err != nil {
			return &exit{exitUsage, err}
		}
		if !ok {
			fmt.Fprintln(c.out, "does not match: the mapping would drop this record")
			return errExpectation
		}
		fmt.Fprintln(c.out, "matches: the mapping would deliver this record")
		return nil
	}
	return usage("--source %q: see \"penstock sources\" for the kinds there are", name)
}

func dialectOf(name string) (pattern.Dialect, error) {
	switch name {
	case "mapping":
		return pattern.Mapping, nil
	case "rule":
		return pattern.Rule, nil
	case "policy":
		return pattern.Policy, nil
	case "policy-body":
		return pattern.PolicyBody, nil
	}
	return 0, usage("--dialect %q: must be mapping, rule, policy or policy-body", name)
}

// argument is the text of an argument: itself, a file's, or standard input's.
func (c *command) argument(arg string) ([]byte, error) {
	var from io.Reader
	switch {
	case arg == "-":
		from = c.in
	case strings.HasPrefix(arg, "@"):
		f, err := os.Open(arg[1:])
		if err != nil {
			return nil, usage("%w", err)
		}
		defer f.Close()
		from = f
	default:
		return []byte(arg), nil
	}
	text, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err == nil && len(text) > maxInput {
		err = fmt.Errorf("%s: larger than %d bytes", arg, maxInput)
	}
	if err != nil {
		return nil, usage("%w", err)
	}
	return text, nil
}
