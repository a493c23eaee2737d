package lambdaapi

import (
	"bytes"
	"fmt"

	"github.com/penstock/penstock/invoke"
)

// Limits of requests, in bytes.
const (
	// MaxZip is the most that the zip file of a function may have.
	MaxZip = 52428800
	// maxCode bounds a request that carries a zip file in base64.
	maxCode = 70167211
	// maxSettings bounds every other request; AWS's own limit is not known.
	maxSettings = 1 << 20
)

func maxBody(operation string) int64 {
	switch operation {
	case "CreateFunction", "UpdateFunctionCode":
		return maxCode
	case "Invoke", "InvokeAsync", "InvokeWithResponseStream":
		return invoke.MaxRequest
	}
	return maxSettings
}

// tooLarge answers a body over its limit. AWS looks at the zip file first, so a
// request that is too large because of it is told of the file's limit.
func tooLarge(operation string, limit int64, begun []byte) error {
	if zipOverLimit(begun) {
		return ZipTooLarge()
	}
	name := operation
	if name == "Invoke" {
		name = "InvokeFunction"
	}
	return Exception(RequestEntityTooLargeException,
		fmt.Sprintf("Request must be smaller than %d bytes for the %s operation", limit, name))
}

// ZipTooLarge is the error for a zip file of more than MaxZip bytes.
func ZipTooLarge() error {
	return Exception(RequestEntityTooLargeException, fmt.Sprintf("Zipped size must be smaller than %d bytes", MaxZip))
}

// zipOverLimit says whether the member ZipFile of a body that was read up to its
// limit is longer than MaxZip bytes are in base64.
func zipOverLimit(begun []byte) bool {
	_, rest, found := bytes.Cut(begun, []byte(`"ZipFile"`))
	if !found {
		return false
	}
	rest = bytes.TrimLeft(rest, " \t\r\n:")
	if len(rest) == 0 || rest[0] != '"' {
		return false
	}
	length := bytes.IndexByte(rest[1:], '"')
	if length < 0 {
		length = len(rest) - 1
	}
	return length > (MaxZip+2)/3*4
}
