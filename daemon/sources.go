package daemon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/sources"
)

func (c *command) sources() *cobra.Command {
	return &cobra.Command{
		Use:   "sources [NAME]",
		Short: "List the kinds of sources, or describe one",
		Args:  takes(0, 1),
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
			for _, k := range c.kinds {
				names = append(names, k.Name)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
				for _, k := range c.kinds {
					first, _, _ := strings.Cut(k.Doc, "\n")
					fmt.Fprintf(w, "%s\t%s\n", k.Name, first)
				}
				return w.Flush()
			}
			var names []string
			for _, k := range c.kinds {
				names = append(names, k.Name)
				if k.Name != args[0] {
					continue
				}
				return c.printKind(k)
			}
			return usage("no kind of source is named %q; there is %s", args[0], strings.Join(names, ", "))
		},
	}
}

// printKind prints the manual page of a kind.
func (c *command) printKind(k sources.Kind) error {
	l := k.Limits
	fmt.Fprintf(c.out, "%s\n\n%s\n\nmappings\n", k.Name, strings.TrimSpace(k.Doc))
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  batch size\t%d, at most %d\n", l.BatchSize, l.MaxBatchSize)
	fmt.Fprintf(w, "  batching window\t%s\n", yes(l.Window))
	fmt.Fprintf(w, "  partial failures\t%s\n", yes(l.PartialFailures))
	fmt.Fprintf(w, "  filters match\t%s\n", filterKey(l.FilterKey))
	fmt.Fprintf(w, "  records a call\t%d\n", l.Call)
	if err := w.Flush(); err != nil {
		return err
	}
	for _, e := range events.Catalogue() {
		if e.Shape.Name != k.Shape.Name {
			continue
		}
		var sample bytes.Buffer
		if err := json.Indent(&sample, e.Sample, "  ", "  "); err != nil {
			return fmt.Errorf("sample of %s: %w", e.Shape.Name, err)
		}
		fmt.Fprintf(c.out, "\na function gets\n  %s\n\na function answers\n  %s\n", sample.Bytes(),
			strings.ReplaceAll(strings.TrimSpace(e.Response), "\n", "\n  "))
	}
	return nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func filterKey(key string) string {
	if key == "" {
		return "the record"
	}
	return "the record; its payload under \"" + key + "\""
}
