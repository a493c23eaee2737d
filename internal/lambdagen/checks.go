package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// emitChecks writes the rules of the shapes and, for each input, the walk that
// applies them: members in the order of the model, those of the path last.
func emitChecks(m *model, p *page) error {
	used := map[string]bool{}
	structures := m.from(true)
	for _, name := range structures {
		s := m.Shapes.of[name]
		if m.isInput(name) {
			p.printf("// Validate reports every violation of the model, in one ValidationException.\n")
			p.printf("func (in *%s) Validate() error {\nvar v violations\nin.check(&v, \"\")\nreturn v.err()\n}\n\n", name)
		}
		p.printf("func (in *%s) check(v *violations, at string) {\n", name)
		members := slices.Clone(s.Members.names)
		slices.SortStableFunc(members, func(a, b string) int {
			return last(s.Members.of[a]) - last(s.Members.of[b])
		})
		for _, member := range members {
			m.emitCheck(p, s, member, used)
		}
		p.printf("}\n\n")
	}
	for _, name := range m.Shapes.names {
		if used[name] {
			if err := m.emitRule(p, name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func last(r ref) int {
	if r.Location == "uri" {
		return 1
	}
	return 0
}

func (m *model) isInput(name string) bool {
	for _, op := range m.served() {
		if in := m.Operations.of[op].Input; in != nil && in.Shape == name {
			return true
		}
	}
	return false
}

// emitCheck writes the check of one member of a structure.
func (m *model) emitCheck(p *page, s *shape, member string, used map[string]bool) {
	r := s.Members.of[member]
	of := m.Shapes.of[r.Shape]
	if s.Payload == member {
		return // an empty body is a payload too
	}
	field, name := "in."+upper(member), lower(member)
	if slices.Contains(s.Required, member) {
		p.printf("v.required(at, %q, %s != nil)\n", name, field)
	}
	if of.Type == "structure" {
		p.printf("if %s != nil {\n%s.check(v, at+%q)\n}\n", field, field, name+".")
		return
	}
	if !m.constrained(r.Shape) {
		return
	}
	call := map[string]string{"string": "text", "integer": "integer", "long": "long", "double": "double", "blob": "bytes", "list": "list", "map": "dictionary"}[of.Type]
	if call == "" {
		return // booleans and timestamps have no rules
	}
	if m.ruled(r.Shape) {
		m.use(r.Shape, used)
		generic := map[string]string{"list": "list(v, ", "map": "dictionary(v, "}[of.Type]
		if generic == "" {
			generic = "v." + call + "("
		}
		p.printf("%sat, %q, %s, &rule%s)\n", generic, name, field, r.Shape)
	}
	if of.Type == "list" && m.Shapes.of[of.Member.Shape].Type == "structure" {
		p.printf("for i := range %s {\n%s[i].check(v, element(at, %q, i))\n}\n", field, field, name)
	}
}

// use marks a rule and the rules it names.
func (m *model) use(name string, used map[string]bool) {
	if used[name] || !m.ruled(name) {
		return
	}
	used[name] = true
	s := m.Shapes.of[name]
	for _, r := range []*ref{s.Member, s.Key, s.Value} {
		if r != nil {
			m.use(r.Shape, used)
		}
	}
}

// ruled says whether a shape gets a rule of its own: it has a constraint, or
// what it holds has.
func (m *model) ruled(name string) bool {
	s := m.Shapes.of[name]
	if s.Type == "structure" {
		return false
	}
	if s.Min != nil || s.Max != nil || s.Pattern != "" || len(s.Enum) > 0 && !openEnums[name] {
		return true
	}
	for _, r := range []*ref{s.Member, s.Key, s.Value} {
		if r != nil && m.ruled(r.Shape) {
			return true
		}
	}
	return false
}

// constrained says whether anything in a list or under a member can be wrong.
func (m *model) constrained(name string) bool {
	s := m.Shapes.of[name]
	return m.ruled(name) || s.Type == "list" && m.Shapes.of[s.Member.Shape].Type == "structure"
}

func (m *model) emitRule(p *page, name string) error {
	s := m.Shapes.of[name]
	var parts []string
	add := func(text string, args ...any) { parts = append(parts, fmt.Sprintf(text, args...)) }
	if s.Max != nil {
		max := s.Max.String()
		if lower, ok := highest[name]; ok {
			max = lower
		}
		add("max: new(float64(%s))", max)
	}
	if s.Min != nil {
		add("min: new(float64(%s))", s.Min)
	}
	if s.Pattern != "" {
		text, err := translate(s.Pattern)
		if err != nil {
			return err
		}
		if more := also[name]; more != "" {
			text = strings.TrimSuffix(text, ")$") + "|" + more + ")$"
		}
		add("pattern: newForm(%s, %s)", literal(s.Pattern), literal(text))
	}
	if len(s.Enum) > 0 && !openEnums[name] {
		set, err := m.enum(name)
		if err != nil {
			return err
		}
		add("enum: []string{%s}", set)
	}
	if s.Type == "double" {
		add("decimal: true")
	}
	if s.Sensitive {
		add("secret: true")
	}
	for kind, r := range map[string]*ref{"member": s.Member, "key": s.Key, "value": s.Value} {
		if r != nil && m.ruled(r.Shape) {
			add("%s: &rule%s", kind, r.Shape)
		}
	}
	slices.Sort(parts) // the order of the map above does not show
	p.printf("var rule%s = rule{%s}\n\n", name, strings.Join(parts, ", "))
	return nil
}

// enum is a set of values in the order of AWS's errors.
func (m *model) enum(name string) (string, error) {
	set := m.Shapes.of[name].Enum
	if order, ok := enumOrder[name]; ok {
		if !slices.Equal(slices.Sorted(slices.Values(order)), slices.Sorted(slices.Values(set))) {
			return "", fmt.Errorf("the values %q are not those of enumOrder, %q", set, order)
		}
		set = order
	}
	quoted := make([]string, len(set))
	for i, value := range set {
		quoted[i] = strconv.Quote(value)
	}
	return strings.Join(quoted, ", "), nil
}
