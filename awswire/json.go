package awswire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"
)

// maxDepth bounds how deeply a request may nest, in JSON brackets and in the
// dotted parts of a query parameter. No operation of an AWS service here needs
// more than eight.
const maxDepth = 64

// decodeJSON reads body into in. An empty body counts as {}, as in botocore's
// requests for operations without input.
func decodeJSON(body []byte, in any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if nestsDeeper(body, maxDepth) {
		return Malformed(fmt.Sprintf("The request nests deeper than %d levels.", maxDepth))
	}
	if !utf8.Valid(body) { // the decoder would put U+FFFD in its place
		return Malformed("The request body is not valid UTF-8.")
	}
	err := json.Unmarshal(body, in)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind):
		return Malformed(fmt.Sprintf("%s can not be converted to %s%s", kind.Value, wanted(kind.Type), where(kind.Field)))
	case errors.As(err, &syntax):
		return Malformed(fmt.Sprintf("The request body is not valid JSON: %v at byte %d", syntax, syntax.Offset))
	}
	return Malformed("The request body cannot be read: " + err.Error())
}

// wanted is the JSON name of what a Go type holds: callers do not know ours.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 {
			return "array"
		}
		return "string" // base64
	}
	return t.Kind().String()
}

// where names the member that was wrong; the whole request has no name.
func where(member string) string {
	if member == "" {
		return ""
	}
	return " (member " + member + ")"
}

// nestsDeeper reports whether the brackets of a JSON text nest more than limit
// deep. It looks before the decoder does, which would follow 10 000 levels.
func nestsDeeper(text []byte, limit int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// encodeJSON renders an output. Characters that only matter inside HTML stay as
// they are, so that a message comes back in as many bytes as it was sent.
func encodeJSON(out any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return nil, fmt.Errorf("awswire: rendering %T: %w", out, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
