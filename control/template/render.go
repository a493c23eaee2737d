package template

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// json renders a resolved value as compact JSON, members in the order of the
// file. Numbers that JSON cannot write (0123, 0x1f) become strings.
func (n *node) json() []byte {
	var b bytes.Buffer
	n.write(&b)
	return b.Bytes()
}

func (n *node) write(b *bytes.Buffer) {
	switch n.kind {
	case boolKind:
		b.WriteString(n.text)
	case numberKind:
		if jsonNumber.MatchString(n.text) {
			b.WriteString(n.text)
			return
		}
		writeString(b, n.text)
	case stringKind:
		writeString(b, n.text)
	case listKind:
		b.WriteByte('[')
		for i, c := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			c.write(b)
		}
		b.WriteByte(']')
	case mapKind:
		b.WriteByte('{')
		for i, c := range n.entries {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, c.key)
			b.WriteByte(':')
			c.value.write(b)
		}
		b.WriteByte('}')
	default:
		b.WriteString("null")
	}
}

// writeString writes a JSON string and leaves <, > and & as they are.
func writeString(b *bytes.Buffer, s string) {
	var quoted strings.Builder
	enc := json.NewEncoder(&quoted)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		b.WriteString(`""`) // unreachable: strings always encode
		return
	}
	b.WriteString(strings.TrimSuffix(quoted.String(), "\n"))
}
