package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/invoke/process"
	"github.com/penstock/penstock/local/sqs"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

func (c *command) up() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "up [TEMPLATE|DIR]",
		Short: "Run a template's functions and mappings as a daemon",
		Long: `up runs the functions of a SAM or CloudFormation template as processes, polls the
queues that its event source mappings name, and invokes the functions as AWS
Lambda does. Without a template it serves its endpoint alone.

With --local the template's queues are served by the daemon itself, in memory,
at the address of --listen; any SQS client can use them:

  penstock up examples/orders --local
  aws --endpoint-url http://127.0.0.1:9330 sqs send-message \
    --queue-url orders --message-body '{"order": 7}'

Without it queues are where the AWS configuration says, or where --endpoint says:

  penstock up . --endpoint arn:aws:sqs:us-east-1:=http://127.0.0.1:9324

SIGTERM and Ctrl-C settle the batches in hand and stop; a second one stops at
once. SIGHUP, or --watch, applies changes of code and template; a function whose
settings and code folder are as before keeps its processes.`,
		Args: takes(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := ""
			if len(args) > 0 {
				path = args[0]
			}
			return c.runUp(cmd.Context(), path)
		},
	}
	c.common(cmd.Flags())
	c.service(cmd.Flags())
	return cmd
}

// A service is a running daemon.
type service struct {
	*command
	path       string // of the template; empty: none
	data       string
	url        string // of the port
	local      *sqs.Service
	deployment *deployment
	server     *penstock.Server
	endpoints  awsclient.Endpoints
	hangup     chan os.Signal

	watching sync.WaitGroup
	mu       sync.Mutex // guards what follows
	stack    *template.Stack
	fleet    *fleet
}

func (c *command) runUp(ctx context.Context, path string) error {
	s := &service{command: c, path: path, data: dataFolder(c.Data, cmp.Or(path, ".")), hangup: make(chan os.Signal, 1)}
	signal.Notify(s.hangup, syscall.SIGHUP)
	defer signal.Stop(s.hangup)
	endpoints, err := awsclient.ParseEndpoints(c.Endpoints)
	if err != nil {
		return &exit{exitUsage, fmt.Errorf("--endpoint: %w", err)}
	}
	l, err := listen(c.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	s.url = url(l)
	served := ""
	if c.Local {
		served = s.url
	}
	host, err := c.newHost(s.data, served, c.logLine, func(text string) { c.log.Warn(text) })
	if err != nil {
		return err
	}
	s.deployment = c.on(host, s.data, c.console.show)
	stack, err := s.read() // before the data folder: a path that is wrong leaves nothing behind
	if err != nil {
		return err
	}
	unlock, err := lock(s.data)
	if err != nil {
		return err
	}
	defer unlock()
	var routes []awswire.Route
	if c.Local {
		s.local = &sqs.Service{Region: c.Region, Account: c.Account}
		defer s.local.Close()
		routes = []awswire.Route{s.local.Route()}
	}
	s.endpoints = endpoints
	if s.fleet, err = s.prepare(ctx, stack); err != nil {
		if ctx.Err() != nil {
			return ended(ctx)
		}
		return err
	}
	s.stack = stack
	defer func() { s.fleet.close(context.WithoutCancel(ctx), nil) }()
	s.server = &penstock.Server{
		Kinds: c.kinds, Functions: s.fleet.functions, Mappings: mappings(s.stack),
		Region: c.Region, Account: c.Account, Grace: c.Grace, Log: c.log,
		Endpoint: s.endpoint,
	}
	return s.run(ctx, func(ctx context.Context) error { return serve(ctx, l, routes, c.Hosts, c.log) })
}

// run runs port and server until ctx is done. The port stays open until the
// server has settled what it had in hand: local queues are behind it.
func (s *service) run(ctx context.Context, port func(context.Context) error) error {
	open, closePort := context.WithCancel(context.WithoutCancel(ctx))
	defer closePort()
	running, stop := context.WithCancel(ctx)
	defer stop()
	var portErr error
	var wg sync.WaitGroup
	wg.Go(func() {
		if portErr = port(open); portErr != nil {
			stop()
		}
	})
	s.announce()
	wg.Go(func() { s.reloads(running, open); s.watching.Wait() })
	told := make(chan struct{})
	quiet := context.AfterFunc(ctx, func() {
		s.log.Info("stopping: what is in hand is finished first; a second signal stops at once", "grace", s.Grace.String())
		close(told)
	})
	err := s.server.Run(running)
	if !quiet() {
		<-told
	}
	s.logAttempts()
	if err != nil {
		err = &exit{exitUsage, err}
	} else if ctx.Err() != nil {
		s.log.Info("stopped: everything in hand is settled")
	}
	stop()
	closePort()
	wg.Wait()
	if portErr != nil {
		err = errors.Join(err, &exit{exitEnvironment, portErr})
	}
	if err == nil {
		err = ended(ctx)
	}
	return err
}

// read loads the template and checks its functions.
func (s *service) read() (*template.Stack, error) {
	if s.path == "" {
		return &template.Stack{}, nil
	}
	queues := ""
	if s.Local {
		queues = s.url
	}
	stack, err := s.load(s.path, queues)
	if err != nil {
		return nil, err
	}
	return stack, s.deployment.check(stack)
}

// prepare makes a stack's local queues, builds its functions and looks for its
// sources. Functions that run already are taken over.
func (s *service) prepare(ctx context.Context, stack *template.Stack) (*fleet, error) {
	for _, note := range stack.Warnings {
		s.log.Warn(noteLine(note))
	}
	for _, note := range stack.Unknown {
		s.log.Warn("unknown to penstock and to AWS's model: " + noteLine(note))
	}
	if n := len(stack.Functions); n > 0 {
		s.log.Info("preparing functions", "count", n)
	}
	f, err := s.deployment.deploy(ctx, stack, s.fleet)
	if err != nil {
		return nil, err
	}
	if err = f.complete(); err == nil {
		err = s.inspect(ctx, stack)
	}
	if err == nil && s.local != nil {
		err = createQueues(ctx, s.local, stack)
	}
	if err != nil {
		f.close(ctx, s.fleet)
		return nil, err
	}
	return f, nil
}

// endpoint says where sources are: local queues behind our own port, the rest
// where the flags say.
func (s *service) endpoint(arn string) sources.Endpoint {
	source, err := mapping.ParseSource(arn)
	if s.local != nil && err == nil && source.Service == mapping.SQS {
		return sources.Endpoint{URL: s.url}
	}
	return sources.Endpoint(s.endpoints.For(arn))
}

// announce says in a line each what runs where.
func (s *service) announce() {
	for _, f := range s.stack.Functions {
		s.log.Info("function", "name", f.Name, "runtime", f.Runtime, "code", codeName(f), "timeout", f.Timeout.String())
	}
	for _, m := range s.stack.Mappings {
		at := "AWS configuration"
		if e := s.endpoint(m.Config.EventSourceArn); e.URL != "" {
			at = e.URL
		}
		s.log.Info("mapping", "source", sourceName(m.Config), "function", functionName(m.Config), "at", at, "uuid", m.UUID)
	}
	if s.path == "" && s.local == nil {
		s.log.Warn("there is nothing to run: name a template, or serve queues with --local")
	}
	s.log.Info("ready", "listen", s.url, "data", s.data, "local", s.local != nil)
}

func (c *command) logLine(line process.LogLine) {
	c.log.Info(line.Text, "function", line.Function, "request", line.RequestID)
}
