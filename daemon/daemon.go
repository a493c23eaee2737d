// Package daemon is the penstock command: flags, signals, files and the port,
// wired around package penstock. A program with sources of its own calls Main
// with them. It decides nothing about records; that is done below it.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/invoke/process"
	"github.com/penstock/penstock/sources"
)

// A Program is the command with the sources it knows.
type Program struct {
	// Kinds are the sources. Names must differ.
	Kinds []sources.Kind
	// Attempts is what the AWS client of the kinds counts; "up" logs it when it
	// stops. nil: there is nothing to log.
	Attempts *awsclient.Attempts
}

// Main runs the command with these sources, as Program.Main does.
func Main(kinds ...sources.Kind) int { return Program{Kinds: kinds}.Main() }

// Main runs the command with the process's arguments and returns its exit
// code. SIGINT and SIGTERM stop it gracefully; a second one ends the process
// at once.
func (p Program) Main() int {
	if process.Reap() { // the process that ends what functions leave behind
		return exitFine
	}
	if os.Getenv("GOGC") == "" {
		// A thousand pollers hold more in stacks than in the heap; by default the
		// collector would let as much garbage gather as both together.
		debug.SetGCPercent(50)
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	done := make(chan int, 1)
	go func() { done <- p.run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr) }()
	select {
	case code := <-done:
		return code
	case s := <-signals:
		cancel(stopped{s})
	}
	select {
	case code := <-done:
		return code
	case <-signals:
		return exitInterrupted
	}
}

// stopped is the cause of a context that a signal ended.
type stopped struct{ by os.Signal }

func (s stopped) Error() string { return "stopped by " + s.by.String() }

// ended is what a command that was stopped gracefully returns: SIGTERM is how
// daemons are told to go, anything else is the user's interruption.
func ended(ctx context.Context) error {
	var s stopped
	if errors.As(context.Cause(ctx), &s) && s.by != syscall.SIGTERM {
		return &exit{exitInterrupted, errors.New("")}
	}
	return nil
}

// A command holds what all subcommands share.
type command struct {
	settings
	kinds    []sources.Kind
	attempts *awsclient.Attempts // may be nil
	console  *console
	in       io.Reader
	out, err io.Writer // of the console
	log      *slog.Logger
}

func (p Program) run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	console := newConsole(out, errs)
	c := &command{kinds: p.Kinds, attempts: p.Attempts, console: console, in: in, out: stream{console, out}, err: stream{console, errs}}
	root := c.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && err.Error() != "" {
		fmt.Fprintln(c.err, "penstock:", err)
	}
	return code(err)
}

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "penstock",
		Short: "Run Lambda functions on the events of queues and streams, without Lambda",
		Long: `penstock runs Lambda event source mappings on your own machine: it polls queues,
filters and batches messages as AWS Lambda does, and invokes unmodified
functions as child processes.

Start with an example:   penstock try examples/orders
See what a template does: penstock plan template.yaml
Run it as a daemon:      penstock up template.yaml --local

Exit codes: 0 fine, 1 an expectation failed, 2 wrong usage or template, 3 something
of the environment is missing, 130 interrupted.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.resolve(cmd); err != nil {
				return err
			}
			if err := c.check(cmd); err != nil {
				return err
			}
			c.log = slog.New(c.logHandler(c.err, c.console.terminal))
			return nil
		},
	}
	c.logging(root.PersistentFlags())
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%w\nsee: %s --help", err, cmd.CommandPath())
	})
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpCommand(c.help())
	root.AddCommand(c.up(), c.try(), c.plan(), c.sources(), c.filter(), c.config(), c.version())
	root.InitDefaultCompletionCmd()
	onlyGroups(root)
	for _, cmd := range root.Commands() {
		if cmd.HasSubCommands() {
			onlyGroups(cmd)
		}
	}
	return root
}
