package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control/template"
	"github.com/penstock/penstock/local/sqs"
	"github.com/penstock/penstock/mapping"
)

// load reads the template at path. queues is the base of local queue URLs;
// empty: URLs are those of AWS.
func (c *command) load(path, queues string) (*template.Stack, error) {
	parameters, err := pairs("parameter", c.Parameters)
	if err != nil {
		return nil, err
	}
	imports, err := pairs("import", c.Imports)
	if err != nil {
		return nil, err
	}
	o := template.Options{StackName: c.Stack, Account: c.Account, Region: c.Region, Parameters: parameters, Imports: imports}
	if queues != "" {
		o.QueueURL = func(name string) string { return queues + "/" + c.Account + "/" + name }
	}
	stack, err := template.Load(path, o)
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	return stack, nil
}

// dataFolder is where a template's data folder is by default.
func dataFolder(set, templatePath string) string {
	if set != "" {
		return set
	}
	return filepath.Join(folder(templatePath), ".penstock")
}

// folder is a path itself, or the folder of a file.
func folder(path string) string {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return filepath.Dir(path)
	}
	return path
}

// mappings are those of a stack as a Server takes them.
func mappings(stack *template.Stack) []mapping.Config {
	list := make([]mapping.Config, len(stack.Mappings))
	for i, m := range stack.Mappings {
		list[i] = m.Config
		list[i].UUID = m.UUID
	}
	return list
}

// createQueues makes a stack's queues in the local service, or gives those that
// exist the template's attributes. Redrive policies come last, because they
// must name a queue that is there.
func createQueues(ctx context.Context, service *sqs.Service, stack *template.Stack) error {
	var errs []error
	fail := func(q template.Queue, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: queue %s: %w", q.Pos, q.Name, err))
		}
	}
	for _, q := range stack.Queues {
		first := maps.Clone(q.Attributes)
		delete(first, "RedrivePolicy")
		_, err := service.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: q.Name, Attributes: first, Tags: q.Tags})
		if wire := (*awswire.Error)(nil); errors.As(err, &wire) && wire.Code == "QueueNameExists" {
			delete(first, "FifoQueue")
			_, err = service.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueURL: q.Name, Attributes: first})
		}
		fail(q, err)
	}
	for _, q := range stack.Queues {
		if redrive, ok := q.Attributes["RedrivePolicy"]; ok {
			_, err := service.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueURL: q.Name, Attributes: map[string]string{"RedrivePolicy": redrive}})
			fail(q, err)
		}
	}
	if len(errs) > 0 {
		return &exit{exitUsage, errors.Join(errs...)}
	}
	return nil
}
