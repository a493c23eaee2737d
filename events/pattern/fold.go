package pattern

import (
	"unicode"
	"unicode/utf8"
)

// foldRune returns the representative of r among the characters equal to it when case is ignored (simple Unicode case
// folding, as strings.EqualFold).
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}

// appendFold appends s with every character replaced by its representative. Bytes that are no character stay.
func appendFold(dst, s []byte) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, s[0])
		} else {
			dst = utf8.AppendRune(dst, foldRune(r))
		}
		s = s[n:]
	}
	return dst
}

func foldString(s string) string { return string(appendFold(nil, []byte(s))) }

// cutFolded returns what follows folded in s, ignoring case.
func cutFolded(s []byte, folded string) (rest []byte, ok bool) {
	var one [utf8.UTFMax]byte
	for len(folded) > 0 {
		_, n := utf8.DecodeRune(s)
		f := appendFold(one[:0], s[:n])
		if n == 0 || len(f) > len(folded) || string(f) != folded[:len(f)] {
			return s, false
		}
		s, folded = s[n:], folded[len(f):]
	}
	return s, true
}

func hasFoldedSuffix(s []byte, folded string) bool {
	var one [utf8.UTFMax]byte
	for len(folded) > 0 {
		_, n := utf8.DecodeLastRune(s)
		f := appendFold(one[:0], s[len(s)-n:])
		if n == 0 || len(f) > len(folded) || string(f) != folded[len(folded)-len(f):] {
			return false
		}
		s, folded = s[:len(s)-n], folded[:len(folded)-len(f)]
	}
	return true
}
