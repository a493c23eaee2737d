package main

import (
	"fmt"
	"net/http"
	"strings"
)

// emitOperations writes the struct of functions that carry operations out, and
// the table that the router takes.
func emitOperations(m *model, p *page) error {
	p.use("context")
	p.use(awswire)
	p.printf("// Operations are the functions that carry out the operations of the service. A\n// nil one is answered with an error that names the operation.\ntype Operations struct {\n")
	for _, name := range m.served() {
		in, out, err := m.ends(name)
		if err != nil {
			return err
		}
		p.printf("%s func(context.Context, *%s) (*%s, error)\n", name, in, out)
	}
	p.printf("}\n\n")
	p.printf("// Nothing is the output of operations that answer without members.\ntype Nothing struct{}\n\n")

	p.printf("// table has every operation of the service, those without structs too.\nfunc (o *Operations) table() []awswire.RESTOperation {\nreturn []awswire.RESTOperation{\n")
	for _, name := range m.Operations.names {
		op := m.Operations.of[name]
		line := fmt.Sprintf("%q, %q, %q, %d", name, op.HTTP.Method, op.HTTP.RequestURI, op.HTTP.ResponseCode)
		if _, ok := served[name]; ok {
			p.printf("awswire.RESTOp(%s, screened(%q, o.%s)),\n", line, name, name)
		} else {
			p.printf("awswire.RESTOp[Nothing, Nothing](%s, nil),\n", line)
		}
	}
	p.printf("}\n}\n\n")

	p.printf("// partOf says which part of the project brings an operation; empty: none will.\nfunc partOf(operation string) string {\nswitch operation {\n")
	byPart := map[string][]string{}
	var parts []string
	for _, name := range m.served() {
		part := served[name]
		if byPart[part] == nil {
			parts = append(parts, part)
		}
		byPart[part] = append(byPart[part], fmt.Sprintf("%q", name))
	}
	for _, part := range parts {
		p.printf("case %s:\nreturn %q\n", strings.Join(byPart[part], ",\n"), part)
	}
	p.printf("}\nreturn \"\"\n}\n")
	return nil
}

// ends are the types of an operation's input and output.
func (m *model) ends(name string) (in, out string, err error) {
	op := m.Operations.of[name]
	if op.Input == nil {
		return "", "", fmt.Errorf("%s has no input", name)
	}
	if op.Output == nil {
		return op.Input.Shape, "Nothing", nil
	}
	return op.Input.Shape, op.Output.Shape, nil
}

// emitExceptions writes what the bodies of errors look like.
func emitExceptions(m *model, p *page) error {

	p.printf("// Names of the service's exceptions.\nconst (\n")
	var rows strings.Builder
	for _, name := range m.Shapes.names {
		s := m.Shapes.of[name]
		if !s.Exception {
			continue
		}
		status := http.StatusBadRequest
		if s.Fault {
			status = http.StatusInternalServerError
		}
		if s.Error != nil && s.Error.Status != 0 {
			status = s.Error.Status
		}
		key := ""
		for _, member := range s.Members.names {
			if strings.EqualFold(member, "message") {
				key = member
			}
		}
		if key == "" {
			return fmt.Errorf("%s has no message", name)
		}
		p.printf("%s = %q\n", name, name)
		fmt.Fprintf(&rows, "case %s:\nreturn %d, %q\n", name, status, key)
	}
	p.printf(")\n\n// shapeOf returns the status of an exception and how its body spells the\n// message; zero for one that the model does not have.\n")
	p.printf("func shapeOf(exception string) (status int, key string) {\nswitch exception {\n%s}\nreturn 0, \"\"\n}\n\n", rows.String())
	return nil
}
