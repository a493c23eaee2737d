package daemon

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// config prints the settings as "up" would see them. The flags are read like
// those of "up".
func (c *command) config() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print every setting, its value and where the value comes from",
		Long: `Settings come from flags, then PENSTOCK_* variables, then the file penstock.yaml
in the working folder (or --config FILE), then defaults. In the file they are
named like the flags:

  listen: 127.0.0.1:9400
  endpoint:
    - arn:aws:sqs:us-east-1:=http://127.0.0.1:9324`,
		Args: takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var flags []*pflag.Flag
			cmd.Flags().VisitAll(func(f *pflag.Flag) {
				if f.Name != "help" {
					flags = append(flags, f)
				}
			})
			slices.SortFunc(flags, func(a, b *pflag.Flag) int { return cmp.Compare(a.Name, b.Name) })
			w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "SETTING\tVALUE\tFROM")
			for _, f := range flags {
				fmt.Fprintf(w, "%s\t%s\t%s\n", f.Name, settingText(f.Value), c.origins[f.Name])
			}
			return w.Flush()
		},
	}
	c.common(cmd.Flags())
	c.service(cmd.Flags())
	return cmd
}

// settingText is a flag's value for people.
func settingText(v pflag.Value) string {
	text := v.String()
	if list, ok := v.(pflag.SliceValue); ok {
		text = strings.Join(list.GetSlice(), " ")
	}
	return cmp.Or(text, "-")
}
