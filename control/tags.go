package control

import (
	"context"
	"maps"
	"regexp"
	"strings"

	"github.com/penstock/penstock/mapping"
)

// taggable is the model's pattern of what has tags.
const taggable = `arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[a-z0-9]{8}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{12}|capacity-provider:[a-zA-Z0-9-_]+)`

var taggableForm = regexp.MustCompile("^" + taggable + "$")

// Tags lists the tags of a function or mapping by its ARN. The map is not nil.
func (p *Plane) Tags(arn string) (map[string]string, error) {
	_, tags, err := p.tagged(arn)
	if tags == nil {
		tags = map[string]string{}
	}
	return tags, err
}

// Tag puts tags to a function or mapping; equal keys are overwritten.
func (p *Plane) Tag(ctx context.Context, arn string, tags map[string]string) error {
	if len(tags) == 0 {
		return invalid("An error occurred and the request cannot be processed.")
	}
	return p.retag(ctx, arn, func(there map[string]string) error {
		if err := checkTags(there, tags); err != nil {
			return err
		}
		maps.Copy(there, tags)
		return nil
	})
}

// Untag removes tags; those that are not there are no error.
func (p *Plane) Untag(ctx context.Context, arn string, keys []string) error {
	if len(keys) == 0 {
		return refuse(mapping.ValidationException, "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null")
	}
	return p.retag(ctx, arn, func(there map[string]string) error {
		for _, key := range keys {
			delete(there, key)
		}
		return nil
	})
}

// tagged finds what an ARN names.
func (p *Plane) tagged(arn string) (e edit, tags map[string]string, err error) {
	if !taggableForm.MatchString(arn) {
		return e, nil, violation(arn, "resource", "Member must satisfy regular expression pattern: "+taggable)
	}
	parts := strings.SplitN(arn, ":", 8) // arn, partition, lambda, region, account, kind, name, qualifier
	kind, name := parts[5], parts[6]
	ours := parts[3] == p.o.Region && parts[4] == p.o.Account
	switch {
	case kind == "function" && len(parts) > 7:
		return e, nil, invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	case kind == "function":
		n, err := p.parse(arn, "")
		if err != nil {
			return e, nil, err
		}
		f, err := p.find(n)
		if err != nil {
			return e, nil, err
		}
		return edit{key: functionKey(n.Name), function: f}, f.Tags, nil
	case kind == "event-source-mapping":
		p.mu.Lock()
		defer p.mu.Unlock()
		if m := p.mappings[name]; m != nil && ours {
			return edit{key: mappingKey(name), mapping: m}, m.Config.Tags, nil
		}
		return e, nil, refuse(mapping.ResourceNotFound, "Event source mapping not found: %s", arn)
	case kind == "capacity-provider":
		return e, nil, refuse(mapping.ResourceNotFound, "Capacity provider not found: %s", arn)
	}
	return e, nil, refuse(mapping.ResourceNotFound, "The resource you requested does not exist.")
}

// retag changes the tags of what an ARN names.
func (p *Plane) retag(ctx context.Context, arn string, change func(map[string]string) error) error {
	e, _, err := p.tagged(arn)
	if err != nil {
		return err
	}
	give, err := p.take(ctx, e.key)
	if err != nil {
		return err
	}
	defer give()
	e, tags, err := p.tagged(arn)
	if err != nil {
		return err
	}
	if tags = maps.Clone(tags); tags == nil {
		tags = map[string]string{}
	}
	if err := change(tags); err != nil {
		return err
	}
	if len(tags) == 0 {
		tags = nil
	}
	if e.function != nil {
		if err := owned("function", e.function.Name, e.function.Owner); err != nil {
			return err
		}
		next := *e.function
		next.Tags, next.RevisionID = tags, p.o.NewID()
		e.function = &next
	} else {
		if err := owned("event source mapping", e.mapping.Config.UUID, e.mapping.Owner); err != nil {
			return err
		}
		next := *e.mapping
		next.Config.Tags = tags
		e.mapping = &next
	}
	return p.write(ctx, e)
}
