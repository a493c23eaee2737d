package mapping

import (
	"fmt"
	"strings"
)

// Names of exceptions, as AWS's clients see them.
const (
	ValidationException           = "ValidationException"
	InvalidParameterValue         = "InvalidParameterValueException"
	ResourceConflict              = "ResourceConflictException"
	ResourceInUse                 = "ResourceInUseException"
	ResourceNotFound              = "ResourceNotFoundException"
	SerializationException        = "SerializationException"
	validationPrefix              = "1 validation error detected: "
	maxValue                      = 300 // characters of a value that an error repeats
	unrecognizedEventSource       = "Unrecognized event source."
	invalidFilterPattern          = "Invalid filter pattern definition."
	functionDoesNotExist          = "Function does not exist"
	destinationConfigNotSupported = "Unsupported DestinationConfig parameter for given event source mapping type."
)

// A FieldError says which member of a mapping's settings is wrong, and why.
type FieldError struct {
	// Field is the member's name, with those around it: "BatchSize",
	// "FilterCriteria.Filters[0].Pattern".
	Field string
	// Value is what it is, as text, at most 300 characters. Empty: absent.
	Value string
	// Rule is what it breaks, in our words.
	Rule string
	// Exception and Message are what the Lambda API answers.
	Exception, Message string
}

func (e FieldError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("%s: %s", e.Field, e.Rule)
	}
	return fmt.Sprintf("%s is %s: %s", e.Field, e.Value, e.Rule)
}

// Answer is what the API answers for errors that are not none: the first, or
// all violations of the service's model in one message, as AWS reports them.
func Answer(errs []FieldError) FieldError {
	first := errs[0]
	var texts []string
	for _, e := range errs {
		text, is := strings.CutPrefix(e.Message, validationPrefix)
		if !is || e.Exception != ValidationException {
			break
		}
		texts = append(texts, text)
	}
	if len(texts) > 1 {
		first.Message = fmt.Sprintf("%d validation errors detected: %s", len(texts), strings.Join(texts, "; "))
	}
	return first
}

// null is the Value of a violation that AWS prints without quotes.
const null = ""

// violation is a breach of the service's model. constraint is AWS's words.
func violation(field, value, constraint string) FieldError {
	value = short(value)
	shown := "'" + value + "'"
	if value == null {
		shown = "null"
	}
	return FieldError{
		Field: field, Value: value, Rule: constraint,
		Exception: ValidationException,
		Message:   fmt.Sprintf("%sValue %s at '%s' failed to satisfy constraint: %s", validationPrefix, shown, wirePath(field), constraint),
	}
}

// invalid is an InvalidParameterValueException in AWS's words.
func invalid(field, value, message string) FieldError {
	return FieldError{Field: field, Value: short(value), Rule: message, Exception: InvalidParameterValue, Message: message}
}

// broken is an InvalidParameterValueException where AWS's words are not known:
// the message names the parameter.
func broken(field, value, rule string) FieldError {
	e := invalid(field, value, rule)
	e.Message = fmt.Sprintf("Invalid %s parameter: %s", field, rule)
	return e
}

func short(value string) string {
	if len(value) <= maxValue {
		return value
	}
	return strings.ToValidUTF8(value[:maxValue], "") + "..."
}

// wirePath is a field as AWS names it in violations: a dotted path whose names
// begin in lower case, and list elements as "1.member".
func wirePath(field string) string {
	var b strings.Builder
	for i, name := range strings.Split(field, ".") {
		if i > 0 {
			b.WriteByte('.')
		}
		name, index, listed := strings.Cut(name, "[")
		if name != "" {
			b.WriteString(strings.ToLower(name[:1]) + name[1:])
		}
		if listed {
			var n int
			fmt.Sscanf(index, "%d]", &n)
			fmt.Fprintf(&b, ".%d.member", n+1)
		}
	}
	return b.String()
}
