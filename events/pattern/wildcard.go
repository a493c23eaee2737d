package pattern

import "bytes"

// A glob is a wildcard operand cut at its stars.
type glob struct {
	parts [][]byte // n stars leave n+1 parts
}

// parseGlob reads a wildcard operand: * is any run of characters, \* a star, \\ a backslash.
func parseGlob(s string) (g glob, reason string) {
	var part []byte
	star := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '*' && star:
			return g, "consecutive wildcards: use one *"
		case s[i] == '*':
			g.parts, part = append(g.parts, part), nil
			star = true
			continue
		case s[i] == '\\':
			i++
			if i == len(s) || s[i] != '*' && s[i] != '\\' {
				return g, `a backslash in a wildcard must be followed by * or \`
			}
		}
		part = append(part, s[i])
		star = false
	}
	g.parts = append(g.parts, part)
	if len(g.parts)-1 > maxStars {
		return g, "rule is too complex: try using fewer wildcard characters"
	}
	return g, ""
}

// matches takes each part at its first place, which is enough: time is linear in the text for each part.
func (g *glob) matches(s []byte) bool {
	first, last := g.parts[0], g.parts[len(g.parts)-1]
	if len(g.parts) == 1 {
		return bytes.Equal(s, first)
	}
	if len(s) < len(first)+len(last) || !bytes.HasPrefix(s, first) || !bytes.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range g.parts[1 : len(g.parts)-1] {
		at := bytes.Index(s, part)
		if at < 0 {
			return false
		}
		s = s[at+len(part):]
	}
	return true
}
