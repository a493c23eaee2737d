package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A format is what the payload in a view turns out to be.
type format uint8

const (
	absent     format = iota // no payload, or one that is no string: the view is taken as it is
	plain                    // text that is not JSON
	scalar                   // a JSON string, number, boolean or null
	structured               // a JSON object or list
)

// A payload is a view with the payload looked at.
type payload struct {
	format format
	raw    []byte // the view as it is
	// spliced is the view with the payload's JSON in the place of the string
	// that held it. Only with format structured.
	spliced []byte
}

var errNotObject = errors.New("not a JSON object")

// open finds the payload, the string under a top-level key of view, in one
// pass. The spliced view is built in buffer and valid as long as that is not
// used again.
func open(view []byte, key string, buffer *[]byte) (payload, error) {
	p := payload{raw: view}
	start, end, err := find(view, key)
	if err != nil || start == end || view[start] != '"' {
		return p, err
	}
	b := append((*buffer)[:0], view[:start]...)
	b = appendUnquoted(b, view[start+1:end-1])
	stop := len(b)
	text := bytes.TrimLeft(b[start:stop], " \t\r\n")
	switch {
	case !json.Valid(text):
		p.format = plain
	case text[0] != '{' && text[0] != '[':
		p.format = scalar
	default:
		b = append(b, view[end:]...)
		p.format, p.spliced = structured, b
	}
	*buffer = b
	return p, nil
}

// find returns the place of the value of a top-level key; start equals end if
// the key is not there. The view's syntax is checked as far as it is needed.
func find(view []byte, key string) (start, end int, err error) {
	i := skipSpace(view, 0)
	if i == len(view) || view[i] != '{' {
		return 0, 0, errNotObject
	}
	i = skipSpace(view, i+1)
	for i < len(view) && view[i] == '"' {
		name := i + 1
		if i = skipString(view, i); i > len(view) {
			return 0, 0, errNotObject
		}
		found := string(view[name:i-1]) == key
		if i = skipSpace(view, i); i == len(view) || view[i] != ':' {
			return 0, 0, errNotObject
		}
		i = skipSpace(view, i+1)
		end := skipValue(view, i)
		if end > len(view) || end == i {
			return 0, 0, errNotObject
		}
		if found {
			return i, end, nil
		}
		if i = skipSpace(view, end); i < len(view) && view[i] == ',' {
			i = skipSpace(view, i+1)
		}
	}
	if i == len(view) || view[i] != '}' {
		return 0, 0, errNotObject
	}
	return 0, 0, nil
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// skipString returns the place after the string that begins at i, and a place
// past the end of b if it does not end.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return len(b) + 1
}

// skipValue returns the place after the value that begins at i, and a place
// past the end of b if it does not end.
func skipValue(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			i = skipString(b, i)
			if depth == 0 {
				return i
			}
			continue
		case c == '{' || c == '[':
			depth++
		case (c == '}' || c == ']') && depth > 0:
			depth--
			if depth == 0 {
				return i + 1
			}
		case depth == 0 && (c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			return i
		}
		i++
	}
	return len(b) + 1
}

// appendUnquoted appends the text of a JSON string whose quotes are cut off.
// Escapes that JSON does not have are left as they are; halves of surrogate
// pairs become U+FFFD.
func appendUnquoted(dst, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		c := s[i+1]
		if c == 'u' {
			r, size := unescape(s[i:])
			dst = utf8.AppendRune(dst, r)
			s = s[i+size:]
			continue
		}
		if at := bytes.IndexByte([]byte(`"\/bfnrt`), c); at >= 0 {
			dst = append(dst, "\"\\/\b\f\n\r\t"[at])
		} else {
			dst = append(dst, '\\', c)
		}
		s = s[i+2:]
	}
}

// unescape reads the \uXXXX, or pair of them, that s begins with.
func unescape(s []byte) (r rune, size int) {
	first, ok := hex4(s)
	if !ok {
		return utf8.RuneError, 2
	}
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	if second, ok := hex4(s[6:]); ok {
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	return rune(n), err == nil
}
