package sqs

import (
	"fmt"
	"net/http"

	"github.com/penstock/penstock/awswire"
)

// The errors of SQS, each with its JSON shape, its query code and AWS's text.

const (
	coral  = "com.amazon.coral.service#" // namespace of AWS's own front end
	prefix = "AWS.SimpleQueueService."   // of most query codes
)

func noSuchQueue() *awswire.Error {
	return &awswire.Error{Code: "QueueDoesNotExist", QueryCode: prefix + "NonExistentQueue",
		Message:      "The specified queue does not exist.",
		QueryMessage: "The specified queue does not exist for this wsdl version."}
}

func queueExists(attribute string) *awswire.Error {
	return &awswire.Error{Code: "QueueNameExists", QueryCode: "QueueAlreadyExists",
		Message: "A queue already exists with the same name and a different value for attribute " + attribute}
}

func deletedRecently() *awswire.Error {
	return &awswire.Error{Code: "QueueDeletedRecently", QueryCode: prefix + "QueueDeletedRecently",
		Message: "You must wait 60 seconds after deleting a queue before you can create another with the same name."}
}

func purgeInProgress(name string) *awswire.Error {
	return &awswire.Error{Code: "PurgeQueueInProgress", QueryCode: prefix + "PurgeQueueInProgress", Status: http.StatusForbidden,
		Message: "Only one PurgeQueue operation on " + name + " is allowed every 60 seconds."}
}

func invalidValue(message string) *awswire.Error {
	return &awswire.Error{Code: coral + "InvalidParameterValueException", QueryCode: "InvalidParameterValue", Message: message}
}

// badValue is the commonest form of invalidValue.
func badValue(value any, parameter, reason string) *awswire.Error {
	return invalidValue(fmt.Sprintf("Value %v for parameter %s is invalid. Reason: %s", value, parameter, reason))
}

func missing(parameter string) *awswire.Error {
	return &awswire.Error{Code: coral + "MissingRequiredParameterException", QueryCode: "MissingParameter",
		Message: missingText(parameter)}
}

func missingText(parameter string) string {
	return "The request must contain the parameter " + parameter + "."
}

func unknownAttribute(name string) *awswire.Error {
	return invalidAttributeName("Unknown Attribute " + name + ".")
}

func invalidAttributeName(message string) *awswire.Error {
	return &awswire.Error{Code: "InvalidAttributeName", Message: message}
}

// invalidAttributeValue names the attribute; reason may be empty.
func invalidAttributeValue(name, reason string) *awswire.Error {
	message := "Invalid value for the parameter " + name + "."
	if reason != "" {
		message += " Reason: " + reason
	}
	return &awswire.Error{Code: "InvalidAttributeValue", Message: message}
}

func invalidContents() *awswire.Error {
	return &awswire.Error{Code: "InvalidMessageContents",
		Message: "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"}
}

func invalidHandle(handle string) *awswire.Error {
	return &awswire.Error{Code: "ReceiptHandleIsInvalid",
		Message: `The input receipt handle "` + handle + `" is not a valid receipt handle.`}
}

func handleExpired(handle string) *awswire.Error {
	return badValue(handle, "ReceiptHandle", "The receipt handle has expired.")
}

func notAvailable(handle string) *awswire.Error {
	return badValue(handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.")
}

func overLimit(message string) *awswire.Error {
	return &awswire.Error{Code: "OverLimit", Status: http.StatusForbidden, Message: message}
}

func unsupported(message string) *awswire.Error {
	return &awswire.Error{Code: "UnsupportedOperation", QueryCode: prefix + "UnsupportedOperation", Message: message}
}

// batchError is an error about the shape of a whole batch.
func batchError(code, message string) *awswire.Error {
	return &awswire.Error{Code: code, QueryCode: prefix + code, Message: message}
}

func noSuchResource(message string) *awswire.Error {
	return &awswire.Error{Code: "ResourceNotFoundException", Status: http.StatusNotFound, Message: message}
}
