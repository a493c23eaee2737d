package daemon

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

func (c *command) plan() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "plan TEMPLATE|DIR",
		Short: "Say what a template would run, and what becomes of each setting",
		Long: `plan reads a template and prints what would run, without starting anything or
calling any service. Every setting is honoured, recorded (it describes an
environment that is not here, and changes nothing) or refused by name. Unknown
properties are listed. The exit code is 2 if something is refused or wrong.`,
		Args: takes(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all {
				return c.printSettings()
			}
			if len(args) == 0 {
				return takes(1, 1)(cmd, args)
			}
			stack, err := c.load(args[0], "")
			if err != nil {
				return err
			}
			host, err := c.newHost("", "", nil, nil)
			if err != nil {
				return err
			}
			return c.printPlan(stack, c.on(host, "", nil).faults(stack))
		},
	}
	c.common(cmd.Flags())
	cmd.Flags().BoolVar(&all, "settings", false, "list every known property and what becomes of it")
	return cmd
}

// printSettings prints the table behind plan.
func (c *command) printSettings() error {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, s := range template.Settings() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Type, s.Property, s.Class, s.Reason)
	}
	return w.Flush()
}

// printPlan prints what a stack runs; unable is what is wrong with its functions.
func (c *command) printPlan(stack *template.Stack, unable []error) error {
	fmt.Fprintf(c.out, "stack %s (%s)\n", stack.Name, stack.File)
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	heading := func(title string, n int) {
		if n > 0 {
			fmt.Fprintf(w, "\n%s\n", title)
		}
	}
	heading("functions", len(stack.Functions))
	for _, f := range stack.Functions {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\ttimeout %v\t%s\n", f.Name, f.Runtime, f.Handler, codeName(f), f.Timeout, limitText(f))
	}
	heading("queues", len(stack.Queues))
	for _, q := range stack.Queues {
		fmt.Fprintf(w, "  %s\tvisibility timeout %v\t%s\t%s\n", q.Name, visibility(q), redriveText(q), q.ARN)
	}
	heading("mappings", len(stack.Mappings))
	errs, warnings := c.printMappings(w, stack)
	for i, err := range unable {
		errs = slices.Insert(errs, i, err.Error())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, n := range stack.Warnings {
		warnings = append(warnings, noteLine(n))
	}
	printNotes(c.out, "recorded: these change nothing", stack.Recorded)
	printNotes(c.out, "unknown: neither AWS's model nor penstock has these", stack.Unknown)
	printLines(c.out, "warnings", warnings)
	printLines(c.out, "refused", errs)
	if len(errs) > 0 {
		return &exit{exitUsage, errors.New("the template cannot be run as it is")}
	}
	return nil
}

// printMappings writes a line for each mapping and returns what is wrong or
// doubtful about them.
func (c *command) printMappings(w io.Writer, stack *template.Stack) (errs, warnings []string) {
	var existing []mapping.Config
	for i, m := range mappings(stack) {
		pos, id := stack.Mappings[i].Pos, stack.Mappings[i].LogicalID
		facts, limits := c.facts(stack, m, existing)
		fmt.Fprintf(w, "  %s\t-> %s\t%s\n", sourceName(m), functionName(m), describe(m, limits))
		for _, e := range mapping.Validate(m, facts) {
			errs = append(errs, fmt.Sprintf("%s: %s: %v", pos, id, e))
		}
		for _, e := range mapping.Warnings(m, facts) {
			warnings = append(warnings, fmt.Sprintf("%s: %s: %v", pos, id, e))
		}
		existing = append(existing, m)
	}
	return errs, warnings
}

func codeName(f template.Function) string {
	if f.Code.Inline != "" {
		return "inline"
	}
	return f.Code.Path
}

func limitText(f template.Function) string {
	if n := concurrency(f); n > 0 {
		return "at most " + strconv.Itoa(n) + " at once"
	}
	return "blocked: its reserved concurrency is 0"
}

func redriveText(q template.Queue) string {
	to, receives := redrive(q)
	if to == "" {
		return "no dead-letter queue"
	}
	return fmt.Sprintf("to %s after %s", to, count(receives, "receive"))
}

// count is a number of things in words.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}

// describe is a mapping's settings in words.
func describe(cfg mapping.Config, l sources.Limits) string {
	words := []string{fmt.Sprintf("batches of %d", cfg.Batch(l))}
	if cfg.Window() > 0 {
		words = append(words, fmt.Sprintf("window %v", cfg.Window()))
	}
	if cfg.Partial() {
		words = append(words, "partial failures")
	}
	if cfg.FilterCriteria != nil && len(cfg.FilterCriteria.Filters) > 0 {
		words = append(words, count(len(cfg.FilterCriteria.Filters), "filter"))
	}
	if n := cfg.MaximumConcurrency(); n > 0 {
		words = append(words, fmt.Sprintf("at most %d at once", n))
	}
	if !cfg.On() {
		words = append(words, "disabled")
	}
	return strings.Join(words, ", ")
}

func printNotes(w io.Writer, title string, notes []template.Note) {
	lines := make([]string, len(notes))
	for i, n := range notes {
		lines[i] = noteLine(n)
	}
	printLines(w, title, lines)
}

func printLines(w io.Writer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, l := range lines {
		fmt.Fprintf(w, "  %s\n", l)
	}
}
