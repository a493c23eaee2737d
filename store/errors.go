package store

import (
	"errors"
	"fmt"
	"time"
)

// What can go wrong, to be asked for with errors.Is. Engines wrap them with
// what was attempted and, for trouble of the machine, with a remedy.
var (
	ErrConflict = errors.New("changed by somebody else") // a *ConflictError, or ErrLost
	ErrNotFound = errors.New("not found")
	ErrClosed   = errors.New("store is closed")
	ErrInvalid  = errors.New("invalid argument") // an *InvalidError
	ErrTrimmed  = errors.New("changes since then are forgotten")
	ErrHeld     = errors.New("lease is held by another") // a *HeldError
	ErrLost     = fmt.Errorf("lease is lost: %w", ErrConflict)

	ErrFull     = errors.New("disk is full")                             // later writes work once there is space
	ErrCorrupt  = errors.New("store is damaged or not one of penstock")  // nothing is repaired silently
	ErrNewer    = errors.New("store was written by a newer version")     // nothing was changed
	ErrReadOnly = errors.New("store cannot be written: it is read-only") // file, folder or file system
	ErrInUse    = errors.New("store is in use by another process")
)

// A TroubleError is trouble of the machine beneath an engine.
type TroubleError struct {
	Path   string // of the store
	Kind   error  // ErrFull, ErrCorrupt, ErrNewer, ErrReadOnly, ErrInUse; nil: another one
	Err    error  // what the machine said; may be nil
	Remedy string // what to do, for people; may be empty
}

func (e *TroubleError) Error() string {
	text := "store " + e.Path
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			text += ": " + err.Error()
		}
	}
	if e.Remedy != "" {
		text += " (" + e.Remedy + ")"
	}
	return text
}

// Unwrap finds Kind and Err.
func (e *TroubleError) Unwrap() []error {
	var list []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			list = append(list, err)
		}
	}
	return list
}

// A ConflictError says which condition of a Txn does not hold.
type ConflictError struct {
	Key  string
	Want Revision // Absent or a revision
	Have Revision // Absent or a revision
}

func (e *ConflictError) Error() string {
	name := func(r Revision) string {
		if r == Absent {
			return "no such key"
		}
		return fmt.Sprintf("revision %d", r)
	}
	return fmt.Sprintf("key %q: %v: want %s, have %s", e.Key, ErrConflict, name(e.Want), name(e.Have))
}

func (e *ConflictError) Unwrap() error { return ErrConflict }

// A HeldError says who has a lease, and until when.
type HeldError struct {
	Name, Holder string
	Until        time.Time
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("lease %q: %v: %s has it until %s", e.Name, ErrHeld, e.Holder, e.Until.UTC().Format(time.RFC3339))
}

func (e *HeldError) Unwrap() error { return ErrHeld }

// An InvalidError names the argument and the rule it breaks.
type InvalidError struct {
	Field string // as in Txn: "Put[2].Key"; or a parameter: "max"
	Rule  string
}

func (e *InvalidError) Error() string { return fmt.Sprintf("store: %s %s", e.Field, e.Rule) }

func (e *InvalidError) Unwrap() error { return ErrInvalid }
