package pattern

import (
	"fmt"
	"strings"
)

// An Error says why a text is not a pattern and where.
type Error struct {
	Offset       int    // byte offset into the pattern text, from 0
	Line, Column int    // the same place, from 1; columns count bytes
	Path         string // keys from the top, dotted, with [i] for list elements; empty at the top
	Reason       string // the rule that was broken
}

func (e *Error) Error() string {
	at := ""
	if e.Path != "" {
		at = fmt.Sprintf(" at %q", e.Path)
	}
	return fmt.Sprintf("event pattern: line %d column %d (offset %d)%s: %s", e.Line, e.Column, e.Offset, at, e.Reason)
}

// An EventError says why an event could not be matched: it is no JSON object, or it exceeds a limit.
type EventError struct {
	Offset int    // byte offset into the event, from 0
	Reason string // the rule that was broken
}

func (e *EventError) Error() string {
	return fmt.Sprintf("event: offset %d: %s", e.Offset, e.Reason)
}

// locate fills in line and column of e from the pattern text.
func (e *Error) locate(text string) *Error {
	e.Offset = min(e.Offset, len(text))
	before := text[:e.Offset]
	e.Line = 1 + strings.Count(before, "\n")
	e.Column = e.Offset - strings.LastIndexByte(before, '\n')
	return e
}
