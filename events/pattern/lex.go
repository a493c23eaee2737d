package pattern

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// The functions of this file recognise the tokens of RFC 8259 at b[i]. They accept what encoding/json accepts;
// like it they let malformed UTF-8 pass. A reason other than "" means that the token is malformed at the returned index.

// Reasons that patterns and events are refused for alike.
const (
	tooDeep      = "nested too deeply"
	wantKey      = "a key in quotes is expected"
	wantColon    = "':' is expected after a key"
	wantEndOrKey = "',' or '}' is expected"
	wantEndOrVal = "',' or ']' is expected"
)

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special returns a word whose lowest set bit is in the first byte of x that is a quote, a backslash or a control character.
func special(x uint64) uint64 {
	quote := x ^ ones*'"'
	slash := x ^ ones*'\\'
	return ((quote-ones)&^quote | (slash-ones)&^slash | (x-ones*0x20)&^x) & highs
}

// skipString passes a string whose opening quote is at b[i] and returns the index after the closing one.
func skipString(b []byte, i int) (end int, escaped bool, reason string) {
	i++
	for {
		for len(b)-i >= 8 {
			if hit := special(binary.LittleEndian.Uint64(b[i:])); hit != 0 {
				i += bits.TrailingZeros64(hit) >> 3
				break
			}
			i += 8
		}
		for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= 0x20 {
			i++
		}
		if i >= len(b) {
			return i, escaped, "the text ends inside a string"
		}
		switch b[i] {
		case '"':
			return i + 1, escaped, ""
		case '\\':
			escaped = true
			n := escapeLen(b[i:])
			if n == 0 {
				return i, escaped, "invalid escape in a string"
			}
			i += n
		default:
			return i, escaped, "control character in a string"
		}
	}
}

// escapeLen returns the length of the escape that b begins with, 0 if it is invalid.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) >= 6 && hex4(b[2:6]) >= 0 {
			return 6
		}
	}
	return 0
}

// hex4 returns the number written in four hexadecimal digits, -1 if b is something else.
func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// unescape appends the meaning of the inside of a valid string to dst. Half a surrogate pair becomes U+FFFD.
func unescape(dst, inside []byte) []byte {
	for i := 0; i < len(inside); {
		c := inside[i]
		if c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		c = inside[i+1]
		i += 2
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := hex4(inside[i:])
			i += 4
			if utf16.IsSurrogate(r) {
				var low rune = -1
				if rest := inside[i:]; len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
					low = hex4(rest[2:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

// skipNumber passes a number that begins at b[i].
func skipNumber(b []byte, i int) (end int, reason string) {
	const malformed = "malformed number"
	if b[i] == '-' {
		i++
	}
	switch digits := skipDigits(b, i); {
	case digits == i:
		return i, malformed
	case b[i] == '0':
		i++
	default:
		i = digits
	}
	if i < len(b) && b[i] == '.' {
		digits := skipDigits(b, i+1)
		if digits == i+1 {
			return digits, malformed
		}
		i = digits
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		digits := skipDigits(b, i)
		if digits == i {
			return i, malformed
		}
		i = digits
	}
	return i, ""
}

func skipDigits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

// skipLiteral passes true, false or null at b[i].
func skipLiteral(b []byte, i int) (end int, reason string) {
	want := ""
	switch b[i] {
	case 't':
		want = "true"
	case 'f':
		want = "false"
	case 'n':
		want = "null"
	default:
		return i, "no JSON value begins here"
	}
	if len(b)-i < len(want) || string(b[i:i+len(want)]) != want {
		return i, "no JSON value begins here"
	}
	return i + len(want), ""
}
