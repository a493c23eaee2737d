package daemon

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
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
				l := k.Limits
				fmt.Fprintf(c.out, "%s\n\n%s\n\n", k.Name, k.Doc)
				w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
				fmt.Fprintf(w, "batch size\t%d, at most %d\n", l.BatchSize, l.MaxBatchSize)
				fmt.Fprintf(w, "batching window\t%s\n", yes(l.Window))
				fmt.Fprintf(w, "partial failures\t%s\n", yes(l.PartialFailures))
				fmt.Fprintf(w, "filters match\t%s\n", filterKey(l.FilterKey))
				fmt.Fprintf(w, "records a call\t%d\n", l.Call)
				return w.Flush()
			}
			return usage("no kind of source is named %q; there is %s", args[0], strings.Join(names, ", "))
		},
	}
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
