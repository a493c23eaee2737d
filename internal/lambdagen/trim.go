package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// trim cuts botocore's model to what lambdaapi needs.
func trim(text []byte) ([]byte, error) {
	m, err := parse(text)
	if err != nil {
		return nil, err
	}
	short := &model{Metadata: map[string]any{}}
	for _, key := range []string{"apiVersion", "protocol", "serviceFullName", "signingName", "uid"} {
		short.Metadata[key] = m.Metadata[key]
	}
	for _, name := range slices.Sorted(maps.Keys(m.Operations.of)) {
		op := m.Operations.of[name]
		if _, ok := served[name]; !ok {
			op = &operation{HTTP: op.HTTP}
		}
		short.Operations.add(name, op)
	}
	for name := range served {
		if m.Operations.of[name] == nil {
			return nil, fmt.Errorf("no operation %s", name)
		}
	}
	kept := map[string]bool{}
	if err := m.walk(m.served(), func(name string, _ *shape) { kept[name] = true }); err != nil {
		return nil, err
	}
	for _, name := range m.Shapes.names {
		if kept[name] {
			short.Shapes.add(name, m.Shapes.of[name])
		}
	}
	text, err = plain(short)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", " "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
