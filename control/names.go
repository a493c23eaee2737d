package control

import (
	"fmt"
	"strings"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
)

// Names of exceptions that package mapping does not have.
const (
	accessDenied       = "AccessDeniedException"
	preconditionFailed = "PreconditionFailedException"
	entityTooLarge     = "RequestEntityTooLargeException"

	latest        = "$LATEST"
	onFunctions   = "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN."
	wrongRevision = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"

	// createPattern is the model's pattern of FunctionName where functions are
	// created and changed: no dots, unlike invoke's.
	createPattern = `(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`
)

func refuse(exception, format string, args ...any) error {
	return &invoke.Refusal{Exception: exception, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error {
	return refuse(mapping.InvalidParameterValue, format, args...)
}

func violation(value, member, constraint string) error {
	return refuse(mapping.ValidationException, "1 validation error detected: Value '%.300s' at '%s' failed to satisfy constraint: %s", value, member, constraint)
}

func notFound(arn string) error {
	return refuse(mapping.ResourceNotFound, "Function not found: %s", arn)
}

// fieldRefusal is the refusal of settings of a mapping.
func fieldRefusal(errs []mapping.FieldError) error {
	e := mapping.Answer(errs)
	return &invoke.Refusal{Exception: e.Exception, Message: e.Message}
}

// parse reads any form of a function's name, with a qualifier given beside it.
// What the name leaves open is filled in.
func (p *Plane) parse(name, qualifier string) (invoke.Name, error) {
	n, err := invoke.ParseName(name)
	if err != nil {
		return n, err
	}
	if n.Region != "" && n.Region != p.o.Region {
		return n, refuse(mapping.ResourceNotFound, "Functions from '%s' are not reachable in this region ('%s')", n.Region, p.o.Region)
	}
	if n.Qualifier != "" && qualifier != "" && n.Qualifier != qualifier {
		return n, invalid("The derived qualifier from the function name does not match the specified qualifier.")
	}
	if qualifier != "" {
		n.Qualifier = qualifier
	}
	n.Region = p.o.Region
	if n.Partition == "" {
		n.Partition = "aws"
	}
	if n.Account == "" {
		n.Account = p.o.Account
	}
	return n, nil
}

// plain is parse for operations on functions that exist without qualifier.
func (p *Plane) plain(name string) (invoke.Name, error) {
	n, err := p.parse(name, "")
	if err == nil && n.Qualifier != "" {
		err = invalid(onFunctions)
	}
	return n, err
}

// fresh reads the name of a function to be created.
func (p *Plane) fresh(name string) (invoke.Name, error) {
	n, err := p.parse(name, "")
	switch {
	case err != nil && n.Name == "", strings.Contains(n.Name, "."):
		return n, violation(name, "functionName", "Member must satisfy regular expression pattern: "+createPattern)
	case err != nil:
		return n, err
	case len(name) > 140:
		return n, violation(name, "functionName", "Member must have length less than or equal to 140")
	case n.Qualifier != "":
		return n, invalid("1 validation error detected: Value '%s' at 'functionName' failed to satisfy constraint: Member must be an unqualified function name", name)
	case n.Account != p.o.Account:
		return n, refuse(accessDenied, "")
	case len(n.Name) > 64:
		return n, invalid("1 validation error detected: Value '%s' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64", n.Name)
	}
	return n, nil
}

// find is the function of a name that was parsed. No versions and aliases are
// there, so any qualifier but $LATEST is of none.
func (p *Plane) find(n invoke.Name) (*Function, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.functions[n.Name]
	if f == nil || n.Account != p.o.Account || n.Qualifier != "" && n.Qualifier != latest {
		return nil, notFound(n.ARN())
	}
	return f, nil
}

// arn is the ARN of a function of this account.
func (p *Plane) arn(name string) string {
	return invoke.Name{Partition: "aws", Region: p.o.Region, Account: p.o.Account, Name: name}.ARN()
}

// owned refuses to change what a template declares.
func owned(what, name string, o Owner) error {
	if o.Template == "" {
		return nil
	}
	return refuse(mapping.ResourceConflict, "The %s %s is declared by the template %s (%s). Change it there.", what, name, o.Template, o.LogicalID)
}
