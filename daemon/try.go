package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/invoke/process"
	"github.com/penstock/penstock/local/sqs"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
)

// tryOptions are the flags of "try" alone.
type tryOptions struct {
	requireAll bool
	limit      time.Duration
	receives   int
}

func (c *command) try() *cobra.Command {
	var o tryOptions
	cmd := &cobra.Command{
		Use:   "try DIR [FILE...]",
		Short: "Run a template's functions on messages from files, with local queues",
		Long: `try runs the functions of the template in DIR once: with queues in memory, on the
messages of DIR/events/*.json or of the files named. It waits until every message
is settled, then prints what happened to each and a ledger. Nobody waits for a
visibility timeout: when nothing can happen, the queues' clock jumps ahead.

A file holds a message, or a list of them:

  {"to": "orders", "body": {"order": 1}, "expect": "delivered"}

  to          queue (may be left out if mappings read only one)
  body        a string is sent as it is, anything else as JSON
  attributes  message attributes: {"name": "text", "n": 1, "b": {"type": "Binary", "value": "AA=="}}
  group       message group, dedup: deduplication id (FIFO queues)
  delay       seconds, or "90s"
  times       how often it is sent
  expect      delivered, filtered or dead

Any other content is one message body for the only queue. The exit code is 1 if
an expectation fails or a message is never settled.`,
		Example: "  penstock try examples/orders\n  penstock try . events/poison.json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runTry(cmd.Context(), args[0], args[1:], o)
		},
	}
	c.common(cmd.Flags())
	cmd.Flags().BoolVar(&o.requireAll, "require-all", false, "fail if an interpreter is missing, instead of skipping its functions")
	cmd.Flags().DurationVar(&o.limit, "limit", 5*time.Minute, "how long to wait at most until all messages are settled")
	cmd.Flags().IntVar(&o.receives, "max-receives", 10, "stop when a message was received more often than this")
	return cmd
}

func (c *command) runTry(ctx context.Context, dir string, files []string, o tryOptions) error {
	l, err := listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	url := "http://" + l.Addr().String()
	stack, err := c.load(dir, url)
	if err != nil {
		return err
	}
	messages, err := readAllMessages(dir, files, stack)
	if err != nil {
		return err
	}
	for _, note := range stack.Warnings {
		fmt.Fprintf(c.err, "%s\n", noteLine(note))
	}

	data := dataFolder("", dir)
	host, err := c.newHost(data, url, func(line process.LogLine) {
		if !line.Platform {
			fmt.Fprintf(c.out, "  %s | %s\n", line.Function, line.Text)
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(c.err, "preparing %d functions ...\n", len(stack.Functions))
	fleet, err := deploy(ctx, host, data, stack, c.Region, c.Account)
	if err != nil {
		return err
	}
	defer fleet.close(context.WithoutCancel(ctx))
	if err := c.skipped(fleet, o.requireAll); err != nil {
		return err
	}
	kept := slices.DeleteFunc(mappings(stack), func(m mapping.Config) bool {
		return fleet.skipped[functionName(m)] != nil || !m.On()
	})

	messages = slices.DeleteFunc(messages, func(m message) bool { return onlyFor(fleet.skipped, stack, m.To) })

	names := map[string]string{}
	for _, m := range kept {
		names[m.UUID] = functionName(m)
	}
	story, ledger := newStory(names), &penstock.Ledger{}
	service := &sqs.Service{Region: c.Region, Account: c.Account, Observe: story.fate}
	defer service.Close()
	if err := createQueues(ctx, service, stack); err != nil {
		return err
	}
	server := &penstock.Server{
		Kinds: c.kinds, Functions: fleet.functions, Mappings: kept,
		Region: c.Region, Account: c.Account, Grace: 10 * time.Second, Log: c.log,
		Endpoint: func(string) sources.Endpoint { return sources.Endpoint{URL: url} },
		Observe:  func(s poller.Step) { ledger.Observe(s); story.step(s) },
	}
	r := &rehearsal{service: service, ledger: ledger, story: story, receives: o.receives, out: c.out}
	for _, m := range kept {
		r.read = append(r.read, m.EventSourceArn)
	}
	why, err := c.rehearse(ctx, r, server, func(ctx context.Context) error {
		return serve(ctx, l, []awswire.Route{service.Route()}, nil, c.log)
	}, messages, o.limit)
	if err != nil {
		return err
	}
	return c.report(r, kept, why)
}

// rehearse sends the messages while server and port run, and waits until they
// are settled. why is set if they are not all.
func (c *command) rehearse(ctx context.Context, r *rehearsal, server *penstock.Server, port func(context.Context) error, messages []message, limit time.Duration) (why, err error) {
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	fail := make(chan error, 2)
	go func() { fail <- port(context.WithoutCancel(running)) }()
	go func() { fail <- server.Run(running) }()

	if err := r.send(ctx, messages); err != nil {
		return nil, err
	}
	settled := make(chan error, 1)
	go func() { settled <- r.settle(ctx, limit) }()
	select {
	case err := <-fail:
		return nil, &exit{exitUsage, err}
	case why = <-settled:
	}
	cancel()
	if err := <-fail; err != nil {
		return nil, &exit{exitUsage, err}
	}
	if ctx.Err() != nil {
		return nil, &exit{exitInterrupted, errors.New("interrupted")}
	}
	return why, nil
}

// report prints stories and ledger, and judges.
func (c *command) report(r *rehearsal, mappings []mapping.Config, why error) error {
	failed, expected := r.story.tell(c.out)
	printLedger(c.out, r.ledger, mappings)
	fmt.Fprintln(c.out)
	if why != nil {
		fmt.Fprintf(c.out, "stopped: %v\n", why)
	}
	switch {
	case failed > 0:
		fmt.Fprintf(c.out, "%d of %d expectations failed\n", failed, expected)
		return errExpectation
	case why != nil:
		return errExpectation
	case expected > 0:
		fmt.Fprintf(c.out, "all %d expectations met\n", expected)
	}
	return nil
}

// skipped names the functions that cannot run here.
func (c *command) skipped(f *fleet, requireAll bool) error {
	var names []string
	for name, why := range f.skipped {
		fmt.Fprintf(c.err, "skipping function %s: %v\n", name, why)
		names = append(names, name)
	}
	if requireAll && len(names) > 0 {
		slices.Sort(names)
		return environment("--require-all: no interpreter for %s", strings.Join(names, ", "))
	}
	return nil
}

// onlyFor says whether a queue is read by skipped functions alone.
func onlyFor(skipped map[string]error, stack *template.Stack, queue string) bool {
	readers := 0
	for _, m := range stack.Mappings {
		if sourceName(m.Config) != queue {
			continue
		}
		if skipped[functionName(m.Config)] == nil {
			return false
		}
		readers++
	}
	return readers > 0
}

// functionName is the bare name of a mapping's function.
func functionName(m mapping.Config) string {
	return m.FunctionName[strings.LastIndexByte(m.FunctionName, ':')+1:]
}

func noteLine(n template.Note) string {
	subject := n.Resource
	if n.Property != "" {
		subject += "." + n.Property
	}
	return fmt.Sprintf("%s: %s: %s", n.Pos, subject, n.Reason)
}
