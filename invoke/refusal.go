package invoke

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// A Refusal is an ErrRefused in AWS's words.
type Refusal struct {
	// Exception is AWS's name for it: "ResourceNotFoundException".
	Exception string
	// Message is the text that clients see.
	Message string
}

func (r *Refusal) Error() string { return r.Exception + ": " + r.Message }

// Is makes every Refusal match ErrRefused.
func (r *Refusal) Is(target error) bool { return target == ErrRefused }

// Check refuses a request that no target takes, as the Invoke API does: an
// event of more than MaxRequest bytes, or one that is not JSON in UTF-8 (if it
// was not Rendered). Targets call it first.
func (r Request) Check() error {
	if len(r.Event) > MaxRequest {
		return &Refusal{"RequestEntityTooLargeException",
			fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", MaxRequest)}
	}
	if r.Rendered {
		return nil
	}
	if err := checkJSON(r.Payload()); err != nil {
		return &Refusal{"InvalidRequestContentException",
			"Could not parse request body into json: Could not parse payload into json: " + err.Error()}
	}
	return nil
}

func checkJSON(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("not UTF-8")
	}
	if json.Valid(text) {
		return nil
	}
	var v json.RawMessage
	return json.Unmarshal(text, &v) // the same once more, to say what is wrong
}

// Payload is the event as the function sees it: {} if it is empty.
func (r Request) Payload() []byte {
	if len(r.Event) == 0 {
		return []byte("{}")
	}
	return r.Event
}

// A Checker is a Target that may have been made wrongly: a handler whose
// signature is none, a URL that is none. Constructors of targets return one
// value, so that a table of functions is written in one expression; Check says
// what is wrong with it, NewFunctions asks, and until it is put right every
// Invoke is refused with the same error. Optional, found by type assertion.
type Checker interface {
	// Check returns nil if the target can be used. It does no I/O.
	Check() error
}

// Check is what t says about itself: nil for a target that is no Checker.
func Check(t Target) error {
	if t == nil {
		return &Refusal{"InvalidParameterValueException", "target is nil"}
	}
	if c, ok := t.(Checker); ok {
		return c.Check()
	}
	return nil
}
