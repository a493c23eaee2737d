package daemon

import (
	"context"
	"errors"
	"fmt"
)

// Exit codes of the command.
const (
	exitFine        = 0
	exitExpectation = 1   // an expectation of "try" failed, a pattern did not match
	exitUsage       = 2   // wrong flags or arguments, or a template that cannot be used
	exitEnvironment = 3   // something around us is missing: a port, a queue, an interpreter
	exitInterrupted = 130 // stopped by the user
)

// An exit is an error with the code the command ends with.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string { return e.err.Error() }
func (e *exit) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return &exit{exitUsage, fmt.Errorf(format, args...)}
}

func environment(format string, args ...any) error {
	return &exit{exitEnvironment, fmt.Errorf(format, args...)}
}

// errInterrupted ends a command that the user stopped.
var errInterrupted = &exit{exitInterrupted, errors.New("interrupted")}

// errExpectation ends a command whose findings are already printed.
var errExpectation = &exit{exitExpectation, errors.New("")}

// code is the exit code that belongs to err.
func code(err error) int {
	var e *exit
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitUsage
}
