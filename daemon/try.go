package daemon

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/invoke/process"
	"github.com/penstock/penstock/local/sqs"
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
		Args:    takes(1, -1),
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
	if o.limit <= 0 || o.receives < 1 {
		return usage("--limit %v, --max-receives %d: must be more than zero", o.limit, o.receives)
	}
	l, err := listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	stack, err := c.load(dir, url(l))
	if err != nil {
		return err
	}
	messages, err := readAllMessages(dir, files, stack)
	if err != nil {
		return err
	}
	warn := func(text string) { fmt.Fprintf(c.err, "warning: %s\n", text) }
	for _, note := range stack.Warnings {
		warn(noteLine(note))
	}
	data := dataFolder("", dir)
	host, err := c.newHost(data, url(l), c.printLine, warn)
	if err != nil {
		return err
	}
	deployment := c.on(host, data, c.console.progress)
	if err := deployment.check(stack); err != nil {
		return err
	}
	fleet, err := deployment.deploy(ctx, stack, nil)
	if err != nil {
		return err
	}
	defer func() { fleet.close(context.WithoutCancel(ctx), nil) }()
	if o.requireAll {
		if err := fleet.complete(); err != nil {
			return err
		}
	}
	return c.perform(ctx, l, stack, fleet, messages, o)
}

// perform runs the messages through the functions, with the stack's queues in
// memory behind l, and reports.
func (c *command) perform(ctx context.Context, l net.Listener, stack *template.Stack, fleet *fleet, messages []message, o tryOptions) error {
	cast := c.choose(stack, fleet, messages)
	names := map[string]string{}
	for _, m := range cast.mappings {
		names[m.UUID] = functionName(m)
	}
	story, ledger := newStory(names), &penstock.Ledger{}
	service := &sqs.Service{Region: c.Region, Account: c.Account, Observe: story.fate}
	defer service.Close()
	if err := createQueues(ctx, service, stack); err != nil {
		return err
	}
	server := &penstock.Server{
		Kinds: c.kinds, Functions: fleet.functions, Mappings: cast.mappings,
		Region: c.Region, Account: c.Account, Grace: 10 * time.Second, Log: c.log,
		Endpoint: func(string) sources.Endpoint { return sources.Endpoint{URL: url(l)} },
		Observe:  func(s poller.Step) { ledger.Observe(s); story.step(s) },
	}
	r := &rehearsal{service: service, ledger: ledger, story: story, receives: o.receives, out: c.out, progress: c.console.progress}
	r.watch(stack, cast.mappings)
	why, err := r.run(ctx, server, func(ctx context.Context) error {
		return serve(ctx, l, []awswire.Route{service.Route()}, nil, c.log)
	}, cast.messages, o.limit)
	if err != nil {
		return err
	}
	if n := story.left(cast.blocked); why == nil && n > 0 {
		why = fmt.Errorf("%s for a function that is blocked", count(n, "message"))
	}
	return c.report(r, cast, why)
}

// report prints stories and ledger, and judges.
func (c *command) report(r *rehearsal, cast cast, why error) error {
	failed, expected := r.story.tell(c.out)
	printLedger(c.out, r.ledger, cast.mappings)
	fmt.Fprintln(c.out)
	if why != nil {
		fmt.Fprintf(c.out, "not settled: %v\n", why)
	}
	skipped := ""
	if len(cast.skipped) > 0 {
		skipped = "; skipped: " + strings.Join(cast.skipped, ", ")
	}
	switch settled, of := r.story.settled(); {
	case failed > 0 && expected == 1:
		fmt.Fprintf(c.out, "the expectation failed%s\n", skipped)
	case failed > 0:
		fmt.Fprintf(c.out, "%d of %d expectations failed%s\n", failed, expected, skipped)
	case expected == 1 && why == nil:
		fmt.Fprintf(c.out, "the expectation is met%s\n", skipped)
	case expected > 0 && why == nil:
		fmt.Fprintf(c.out, "all %d expectations met%s\n", expected, skipped)
	default:
		fmt.Fprintf(c.out, "messages settled: %d of %d%s\n", settled, of, skipped)
	}
	if failed > 0 || why != nil {
		return errExpectation
	}
	return nil
}

// printLine prints what a function wrote. Of what the host reports about
// invocations nothing is printed: the story tells it.
func (c *command) printLine(line process.LogLine) {
	if !line.Platform {
		margin := fmt.Sprintf("  %s | ", line.Function)
		fmt.Fprintln(c.out, margin+strings.ReplaceAll(line.Text, "\r", "\n"+margin))
	}
}

func noteLine(n template.Note) string {
	subject := n.Resource
	if n.Property != "" {
		subject += "." + n.Property
	}
	return fmt.Sprintf("%s: %s: %s", n.Pos, subject, n.Reason)
}
