package daemon

import (
	"strings"

	"github.com/spf13/cobra"
)

// takes checks the number of arguments and says how the command is used; most
// below zero is any number.
func takes(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usage("%s: an argument is missing\nusage: %s", cmd.Name(), cmd.UseLine())
		case most >= 0 && len(args) > most:
			return usage("%s: there is nothing to do with %q\nusage: %s", cmd.Name(), args[most], cmd.UseLine())
		}
		return nil
	}
}

// onlyGroups makes a command with subcommands print its help, and refuse a
// subcommand that it does not have.
func onlyGroups(cmd *cobra.Command) {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(cmd, args[0])
	}
}

func unknownCommand(under *cobra.Command, name string) error {
	var names []string
	for _, sub := range under.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	under.SuggestionsMinimumDistance = 2
	meant := ""
	if similar := under.SuggestionsFor(name); len(similar) > 0 {
		meant = ": did you mean " + strings.Join(similar, " or ") + "?"
	}
	return usage("%q is no command%s\ncommands of %s: %s", name, meant, under.CommandPath(), strings.Join(names, ", "))
}

func (c *command) help() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(cmd.Root(), strings.Join(args, " "))
			}
			return found.Help()
		},
	}
}
