package template

import (
	"bytes"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Limits of what is read. CloudFormation takes templates up to 1 MB; ours is
// larger because inline code and cdk.out templates are read before they are
// packaged.
const (
	maxBytes = 4 << 20
	maxDepth = 100
	maxNodes = 400_000 // also the budget of evaluation: aliases and loops multiply
)

// parseText reads YAML or JSON into nodes. A nil result means that errors were
// recorded in s.
func parseText(s *source, data []byte) *node {
	whole := Pos{File: s.file}
	switch {
	case len(data) > maxBytes:
		s.fail(whole, "the template has %d bytes; at most %d are read", len(data), maxBytes)
		return nil
	case !utf8.Valid(data):
		s.fail(whole, "the template is not UTF-8 text")
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) == 0 {
		s.fail(whole, "the template is empty")
		return nil
	}
	if strings.EqualFold(filepath.Ext(s.file), ".json") {
		return parseJSON(s, data)
	}
	if trimmed[0] == '{' {
		// JSON under a YAML name is common, and our own reader of it knows more
		// escapes than YAML has. A YAML flow map begins alike.
		trial := newSource(s.file, data)
		if n := parseJSON(trial, data); n != nil && len(trial.errs) == 0 {
			return n
		}
	}
	return parseYAML(s, data)
}

// duplicate reports a key that a map already has.
func (s *source) duplicate(key string, pos, first Pos) {
	s.fail(pos, "duplicate key %q: already given on line %d", key, first.Line)
}

// shortTags are the YAML tags of intrinsic functions and their long names.
func longName(tag string) (string, bool) {
	switch tag {
	case "!Ref", "!Condition":
		return tag[1:], true
	case "!Base64", "!Cidr", "!FindInMap", "!GetAtt", "!GetAZs", "!ImportValue", "!Join", "!Select", "!Split",
		"!Sub", "!If", "!Equals", "!And", "!Or", "!Not", "!Transform", "!Length", "!ToJsonString", "!ForEach":
		return "Fn::" + tag[1:], true
	}
	return "", false
}
