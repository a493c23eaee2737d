package lambdaapi

import (
	"net/http"

	"github.com/penstock/penstock/awswire"
)

// Names of exceptions that AWS answers although the service's model does not
// have them.
const (
	// ValidationException is for an input that breaks the model. Its body has no
	// Type.
	ValidationException = "ValidationException"
	// AccessDeniedException has status 403.
	AccessDeniedException = "AccessDeniedException"
	// RequestEntityTooLargeException is what AWS says for the model's
	// RequestTooLargeException.
	RequestEntityTooLargeException = "RequestEntityTooLargeException"
)

// Exception returns the error that AWS answers under that name: with its status,
// and with Type and message in its body as the model spells them. An exception
// that neither the model nor the list above has gets status 400.
func Exception(name, message string) *awswire.Error {
	e := &awswire.Error{Code: name, Message: message, Members: map[string]string{"Type": "User"}}
	e.Status, e.MessageKey = shapeOf(name)
	switch name {
	case ValidationException:
		e.Members = nil
	case AccessDeniedException:
		e.Status, e.MessageKey = http.StatusForbidden, "Message"
	case RequestEntityTooLargeException:
		e.Status = http.StatusRequestEntityTooLarge
	}
	if e.Status >= http.StatusInternalServerError {
		e.Members["Type"] = "Server"
	}
	return e
}
