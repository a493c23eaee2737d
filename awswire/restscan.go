package awswire

import (
	"bytes"
	"encoding/json"
)

// What follows walks JSON that is known to be valid, without copying it.

func trimmed(raw []byte) []byte { return bytes.Trim(raw, " \t\r\n") }

// members calls f with each name and value of an object, in order.
func members(raw []byte, f func(name string, value []byte) error) error {
	for rest := raw[1:]; ; {
		rest = bytes.TrimLeft(rest, " \t\r\n,")
		if rest[0] == '}' {
			return nil
		}
		end := valueEnd(rest)
		name := unquoted(rest[:end])
		rest = bytes.TrimLeft(rest[end:], " \t\r\n:")
		end = valueEnd(rest)
		if err := f(name, rest[:end]); err != nil {
			return err
		}
		rest = rest[end:]
	}
}

// elements calls f with each value of a list, in order.
func elements(raw []byte, f func(value []byte) error) error {
	for rest := raw[1:]; ; {
		rest = bytes.TrimLeft(rest, " \t\r\n,")
		if rest[0] == ']' {
			return nil
		}
		end := valueEnd(rest)
		if err := f(rest[:end]); err != nil {
			return err
		}
		rest = rest[end:]
	}
}

// valueEnd is where the value at the beginning of raw ends.
func valueEnd(raw []byte) int {
	switch raw[0] {
	case '"':
		return stringEnd(raw)
	case '{', '[':
		return nestEnd(raw)
	}
	if i := bytes.IndexAny(raw, " \t\r\n,]}"); i >= 0 {
		return i
	}
	return len(raw)
}

// stringEnd is the end of a string: a quote before which the number of
// backslashes is even.
func stringEnd(raw []byte) int {
	for at := 1; ; at++ {
		at += bytes.IndexByte(raw[at:], '"')
		slashes := 0
		for raw[at-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return at + 1
		}
	}
}

func nestEnd(raw []byte) int {
	depth := 0
	for i := 0; ; i++ {
		switch raw[i] {
		case '"':
			i += stringEnd(raw[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

func escaped(text []byte) bool { return bytes.IndexByte(text, '\\') >= 0 }

// unquoted is the text of a JSON string.
func unquoted(raw []byte) string {
	if inner := raw[1 : len(raw)-1]; !escaped(inner) {
		return string(inner)
	}
	var s string
	json.Unmarshal(raw, &s) // valid, so it cannot fail
	return s
}
