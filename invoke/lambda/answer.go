package lambda

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/penstock/penstock/invoke"
)

var errTooLarge = errors.New("answer is too large")

// cappedBody fails with errTooLarge when there are more than left bytes.
type cappedBody struct {
	io.ReadCloser
	left int
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if len(p) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return n, errTooLarge
	}
	return n, err
}

// unmask recognises the failures that the emulator answers like successes.
func unmask(r invoke.Result) invoke.Result {
	if bytes.HasPrefix(r.Payload, []byte("Task timed out after ")) {
		failed := invoke.Failed(r.RequestID, "Sandbox.Timedout", string(r.Payload))
		failed.Status = r.Status
		return failed
	}
	if isErrorObject(r.Payload) {
		r.Failure = invoke.Unhandled
	}
	return r
}

// isErrorObject says whether an answer has the members of a runtime's error
// object and no others.
func isErrorObject(payload []byte) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) != nil || members["errorMessage"] == nil {
		return false
	}
	if members["errorType"] == nil && len(members) > 1 {
		return false
	}
	known := []string{"errorMessage", "errorType", "requestId", "stackTrace", "trace", "cause"}
	for name := range members {
		if !slices.Contains(known, name) {
			return false
		}
	}
	return true
}
