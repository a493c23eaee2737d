package invoke

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A Resolver finds functions.
type Resolver interface {
	// Resolve finds a function by any form of its name: "f", "f:1",
	// "function:f", "000000000000:function:f" or an ARN, each with a qualifier
	// or without. arn is the function as it was named, with its qualifier if
	// there was one: the FunctionARN of its requests. The error is ErrRefused
	// if there is no such function.
	Resolve(name string) (arn string, f Function, err error)
}

// Functions is a Resolver of a fixed table of functions.
type Functions struct {
	region, account string
	byName          map[string]Function
}

// NewFunctions makes a Resolver of table, for one region and account. Its keys
// are names, or names with an alias or version: "greet", "greet:live". The
// targets it returns are the table's as callers use them, one for all callers:
// Timed with the function's timeout and newID (nil: the function NewID), and
// Limited to its concurrency, unless the target has room of its own to reserve.
// The error joins those of all functions that cannot be used.
func NewFunctions(region, account string, table map[string]Function, newID func() string) (*Functions, error) {
	fs := &Functions{region, account, make(map[string]Function, len(table))}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(table)) {
		name, err := ParseName(key)
		if err == nil && name.Name != key && name.Name+":"+name.Qualifier != key {
			err = errors.New("the table's keys are NAME or NAME:QUALIFIER")
		} else if err == nil && name.Qualifier == "$LATEST" {
			err = errors.New("the unpublished version is NAME alone")
		}
		f := table[key]
		if err == nil {
			f, err = f.usable(newID)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("function %s: %w", key, err))
		}
		fs.byName[key] = f
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return fs, nil
}

// usable is f with its defaults applied and its target wrapped.
func (f Function) usable(newID func() string) (Function, error) {
	if err := Check(f.Target); err != nil {
		return f, err
	}
	if f.Timeout < 0 || f.Concurrency < 0 {
		return f, fmt.Errorf("Timeout %v, Concurrency %d: less than zero", f.Timeout, f.Concurrency)
	}
	if f.Timeout == 0 {
		f.Timeout = DefaultTimeout
	}
	if f.Concurrency == 0 {
		f.Concurrency = DefaultConcurrency
	}
	_, reserves := f.Target.(Reserver)
	f.Target = Timed{Target: f.Target, Timeout: f.Timeout, NewID: newID}
	if !reserves {
		f.Target = Limited(f.Target, f.Concurrency)
	}
	return f, nil
}

// Resolve implements Resolver. An unqualified name and $LATEST are the same
// function.
func (fs *Functions) Resolve(name string) (string, Function, error) {
	n, err := ParseName(name)
	if err != nil {
		return "", Function{}, err
	}
	if n.Region != "" && n.Region != fs.region {
		return "", Function{}, &Refusal{"ResourceNotFoundException",
			fmt.Sprintf("Functions from '%s' are not reachable in this region ('%s')", n.Region, fs.region)}
	}
	n = n.In(fs.region, fs.account)
	key := n.Name
	if n.Qualifier != "" && n.Qualifier != "$LATEST" {
		key += ":" + n.Qualifier
	}
	f, ok := fs.byName[key]
	if !ok || n.Account != fs.account {
		if n.Qualifier == "" {
			n.Qualifier = "$LATEST" // AWS's text names it
		}
		return "", Function{}, &Refusal{"ResourceNotFoundException", "Function not found: " + n.ARN()}
	}
	return n.ARN(), f, nil
}
