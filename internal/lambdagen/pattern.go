package main

import (
	"fmt"
	"regexp"
	"strings"
)

// notBreak is Java's dot, which stops at more ends of lines than Go's.
const notBreak = `[^\n\r\x{85}\x{2028}\x{2029}]`

// translate says a Java pattern in Go's syntax, for matching a whole text. It
// fails where the two languages would differ in a way that it does not know.
func translate(java string) (string, error) {
	text, known := translated[java]
	if !known {
		var err error
		if text, err = rewritten(java); err != nil {
			return "", fmt.Errorf("pattern %s: %w", java, err)
		}
	}
	text = `^(?:` + text + `)$`
	if _, err := regexp.Compile(text); err != nil {
		return "", fmt.Errorf("pattern %s: %w; say it in Go's syntax in the table translated", java, err)
	}
	return text, nil
}

// rewritten goes through a pattern and replaces what Java reads otherwise.
func rewritten(java string) (string, error) {
	var b strings.Builder
	class := false
	for i := 0; i < len(java); i++ {
		c := java[i]
		switch {
		case c == '\\' && i+1 == len(java):
			return "", fmt.Errorf("ends in a backslash")
		case c == '\\':
			i++
			said, err := escape(java[i], class, java)
			if err != nil {
				return "", err
			}
			b.WriteString(said)
		case class && c == '[':
			return "", fmt.Errorf("a class inside a class, which Go reads as a bracket")
		case class && c == '&' && strings.HasPrefix(java[i:], "&&"):
			return "", fmt.Errorf("an intersection of classes")
		case c == '[':
			class = true
			b.WriteByte(c)
			if i+1 < len(java) && java[i+1] == '^' {
				i++
				b.WriteByte('^')
			}
		case c == ']':
			class = false
			b.WriteByte(c)
		case c == '.' && !class:
			b.WriteString(notBreak)
		case c == '+' && !class && i > 0 && strings.IndexByte("*+?}", java[i-1]) >= 0:
			return "", fmt.Errorf("a possessive repetition")
		case c == '(' && strings.HasPrefix(java[i:], "(?") && !strings.HasPrefix(java[i:], "(?:"):
			return "", fmt.Errorf("a group that looks around or sets a flag; say it in Go's syntax in the table translated")
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// escape is the character or class \c in Go's syntax.
func escape(c byte, class bool, java string) (string, error) {
	switch {
	case strings.IndexByte(`\.$-_/:[](){}*+?|^=@#,`, c) >= 0:
		if c == '_' { // no escape in Go
			return "_", nil
		}
		return `\` + string(c), nil
	case strings.IndexByte("dxpnrt", c) >= 0:
		return `\` + string(c), nil
	case c == 's' && class: // Java's has the vertical tab
		return `\s\v`, nil
	case c == 's':
		return `[\s\v]`, nil
	case c == 'S' && class && strings.Contains(java, `[\s\S]`): // together: any character
		return `\S`, nil
	case c == 'S' && !class:
		return `[^\s\v]`, nil
	}
	return "", fmt.Errorf(`\%c is not known here`, c)
}
