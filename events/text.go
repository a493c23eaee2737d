package events

import "unicode/utf8"

const hexDigits = "0123456789abcdef"

// appendText appends s as a JSON string: quote, backslash and control
// characters escaped, everything else as it is, as AWS's encoder does it (Go's
// would also escape <, > and &). Each byte that is not UTF-8 becomes U+FFFD.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\uFFFD"...)
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}

// appendMember appends "name":"value" and a comma. The name needs no escapes.
func appendMember(dst []byte, name, value string) []byte {
	dst = append(dst, '"')
	dst = append(dst, name...)
	dst = append(dst, '"', ':')
	dst = appendText(dst, value)
	return append(dst, ',')
}

// closeObject ends an object whose members each left a comma behind.
func closeObject(dst []byte) []byte {
	if last := len(dst) - 1; dst[last] == ',' {
		dst[last] = '}'
		return dst
	}
	return append(dst, '}')
}

// after returns the smallest key of m that is greater than previous; the first
// call says first. Walking a small map that way sorts it without allocating.
func after[V any](m map[string]V, previous string, first bool) (next string, found bool) {
	for key := range m {
		if (first || key > previous) && (!found || key < next) {
			next, found = key, true
		}
	}
	return next, found
}
