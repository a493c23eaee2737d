package awswire

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// A Fault says who is to blame for an error.
type Fault string

// The two faults AWS knows.
const (
	Sender   Fault = "Sender"
	Receiver Fault = "Receiver"
)

// An Error is an error as an AWS service answers it. Operations return it as a
// plain Go error, wrapped or not; any other error becomes InternalFailure with
// status 500, without its text.
type Error struct {
	Code         string // shape name, as JSON clients type it; may carry a namespace before '#'
	QueryCode    string // code of the query protocol; empty: Code
	Status       int    // HTTP status; zero: 400
	Message      string
	QueryMessage string // text of the query protocol where it differs; empty: Message
	Fault        Fault  // empty: Receiver from status 500 on, else Sender

	// For REST-JSON alone.
	MessageKey string            // how the body spells the message's name; empty: "message"
	Members    map[string]string // what else the body holds: Type, Reason
	Header     map[string]string // further headers: Retry-After
}

// Error returns "Code: Message".
func (e *Error) Error() string { return e.shape() + ": " + e.Message }

func (e *Error) shape() string { return e.Code[strings.LastIndexByte(e.Code, '#')+1:] }

// Short returns the code of the query protocol, which SQS also uses in the failed
// entries of a batch.
func (e *Error) Short() string {
	if e.QueryCode != "" {
		return e.QueryCode
	}
	return e.shape()
}

func (e *Error) status() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// Blame returns the fault with its default applied.
func (e *Error) Blame() Fault {
	switch {
	case e.Fault != "":
		return e.Fault
	case e.status() >= http.StatusInternalServerError:
		return Receiver
	}
	return Sender
}

// AsError returns err as an *Error. A foreign error becomes InternalFailure.
func AsError(err error) *Error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &Error{Code: "RequestTimeout", Status: http.StatusRequestTimeout, Message: "The request was cancelled."}
	}
	return &Error{Code: "InternalFailure", Status: http.StatusInternalServerError,
		Message: "The request processing has failed because of an unknown error, exception or failure."}
}

// Malformed returns the error for a request that cannot be read as its protocol
// demands.
func Malformed(message string) *Error {
	return &Error{Code: "com.amazon.coral.service#SerializationException", QueryCode: "MalformedInput", Message: message}
}

// tooLarge returns the error for a body over the limit.
func tooLarge() *Error {
	return &Error{Code: "RequestEntityTooLargeException", QueryCode: "RequestEntityTooLarge",
		Status: http.StatusRequestEntityTooLarge, Message: "The request body is larger than this endpoint accepts."}
}

// UnknownOperation returns the error for a request that names no operation of
// any service here.
func UnknownOperation(message string) *Error {
	return &Error{Code: "com.amazon.coral.service#UnknownOperationException",
		Status: http.StatusNotFound, Message: message}
}

// writeJSONError answers e in the JSON protocols. The X-Amzn-Query-Error header
// carries the query spelling for clients of services that once spoke query.
func writeJSONError(w http.ResponseWriter, contentType, namespace string, e *Error) {
	code := e.Code
	if namespace != "" && !strings.Contains(code, "#") {
		code = namespace + "#" + code
	}
	body, _ := encodeJSON(struct { // two strings cannot fail
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{code, e.Message})
	h := w.Header()
	h.Set("X-Amzn-Query-Error", e.Short()+";"+string(e.Blame()))
	h.Set("Content-Type", contentType)
	w.WriteHeader(e.status())
	w.Write(body)
}
