package template

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
)

// A resource is a member of the Resources section.
type resource struct {
	id        string
	pos       Pos
	typ       string
	class     resourceClass
	props     *node // with Globals merged in; never nil
	meta      *node
	condition string
	name      *node // once computed
}

type resourceClass int

const (
	foreignResource resourceClass = iota // not run
	brokenResource                       // an error was reported for it
	functionResource
	queueResource
	mappingResource
)

func classOf(typ string) resourceClass {
	switch typ {
	case "AWS::Serverless::Function", "AWS::Lambda::Function":
		return functionResource
	case "AWS::SQS::Queue":
		return queueResource
	case "AWS::Lambda::EventSourceMapping":
		return mappingResource
	}
	return foreignResource
}

var resourceMembers = [...]string{"Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Description", "IgnoreGlobals", "Metadata",
	"Properties", "Type", "UpdatePolicy", "UpdateReplacePolicy", "Connectors"}

var logicalID = regexp.MustCompile(`^[A-Za-z0-9]{1,255}$`)

// readResources registers all resources, then reads each that is run.
func (e *evaluator) readResources(list []entry, globals *node) {
	e.resources = map[string]*resource{}
	var order []*resource
	for _, m := range list {
		if r := e.register(m, globals); r != nil {
			e.resources[m.key] = r
			order = append(order, r)
		}
	}
	for _, r := range order {
		if r.condition != "" {
			if value, ok := e.holds(r.pos, r.condition); !ok || !value {
				continue
			}
		}
		switch r.class {
		case functionResource:
			e.readFunction(r)
		case queueResource:
			e.readQueue(r)
		case mappingResource:
			e.readMapping(r)
		case foreignResource:
			e.skip(r)
		}
	}
	e.unique()
	e.targets()
}

func (e *evaluator) register(m entry, globals *node) *resource {
	r := &resource{id: m.key, pos: m.pos, class: brokenResource, props: &node{kind: mapKind, pos: m.pos}}
	if m.key == macro {
		e.s.fail(m.pos, noMacros)
		return r
	}
	if !logicalID.MatchString(m.key) {
		e.s.fail(m.pos, "the logical ID %q must have only letters and digits", m.key)
	}
	if m.value.kind != mapKind {
		e.s.fail(m.pos, "resource %s must be a map with a Type, not %s", m.key, m.value.kind)
		return r
	}
	for _, member := range m.value.entries {
		if !slices.Contains(resourceMembers[:], member.key) {
			e.st.unknown(member.pos, m.key, member.key, "not a member of resources")
		}
	}
	typ := m.value.get("Type")
	if typ == nil || typ.kind != stringKind {
		e.s.fail(m.pos, "resource %s has no Type", m.key)
		return r
	}
	r.typ, r.meta = typ.text, m.value.get("Metadata")
	if c := m.value.get("Condition"); c != nil {
		if r.condition = c.plain(); c.kind != stringKind {
			e.s.fail(c.pos, "the Condition of resource %s must be the name of a condition", m.key)
			return r
		}
	}
	if p := m.value.get("Properties"); p != nil && p.kind != nullKind {
		r.props = p
	}
	r.class = classOf(r.typ)
	if strings.HasPrefix(r.typ, "AWS::Serverless::") && !e.sam {
		e.s.fail(typ.pos, "%s needs Transform: AWS::Serverless-2016-10-31", r.typ)
	}
	if r.typ == "AWS::Serverless::Function" {
		e.applyGlobals(r, globals, m.value.get("IgnoreGlobals"))
	}
	return r
}

// applyGlobals merges Globals into a function, but for what it ignores: "*" or
// a list of properties.
func (e *evaluator) applyGlobals(r *resource, globals, ignore *node) {
	if globals == nil || ignore.plain() == "*" {
		return
	}
	if ignore != nil {
		kept := &node{kind: mapKind, pos: globals.pos}
		for _, g := range globals.entries {
			if !slices.ContainsFunc(ignore.items, func(n *node) bool { return n.plain() == g.key }) {
				kept.entries = append(kept.entries, g)
			}
		}
		globals = kept
	}
	r.props = e.merge(globals, r.props)
}

// name is the physical name of a function or queue; broken after an error.
func (e *evaluator) name(r *resource) *node {
	if r.name != nil {
		return r.name
	}
	if slices.Contains(e.open, r.id) {
		e.s.fail(r.pos, "the name of %s depends on itself", r.id)
		return newBroken(r.pos)
	}
	e.open = append(e.open, r.id)
	if r.class == queueResource {
		r.name = e.queueName(r)
	} else {
		r.name = e.functionName(r)
	}
	e.open = e.open[:len(e.open)-1]
	return r.name
}

// ownName resolves the property that names a resource; nil if there is none.
func (e *evaluator) ownName(r *resource, property string) *node {
	raw := r.props.get(property)
	if raw == nil {
		return nil
	}
	v := e.eval(raw)
	switch {
	case v.kind == noValueKind:
		return nil
	case !e.wantText(v, property+" of "+r.id):
		return newBroken(r.pos)
	case len(v.unknown) > 0:
		e.s.fail(v.pos, "%s: %s is not known: %s", r.id, property, v.unknown[0])
		return newBroken(r.pos)
	}
	return v
}

// shorten cuts a made-up name to a length; a hash keeps it unique.
func shorten(name string, most int) string {
	if len(name) <= most {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return name[:most-9] + "-" + hex.EncodeToString(sum[:4])
}

// unique reports names that two resources share.
func (e *evaluator) unique() {
	functions, queues := map[string]string{}, map[string]string{}
	for _, f := range e.st.Functions {
		if other, dup := functions[f.Name]; dup && f.Name != "" && other != f.LogicalID {
			e.s.fail(f.Pos, "functions %s and %s have the same name %s", other, f.LogicalID, f.Name)
		}
		functions[f.Name] = f.LogicalID
	}
	for _, q := range e.st.Queues {
		if other, dup := queues[q.Name]; dup && q.Name != "" && other != q.LogicalID {
			e.s.fail(q.Pos, "queues %s and %s have the same name %s", other, q.LogicalID, q.Name)
		}
		queues[q.Name] = q.LogicalID
	}
	mappings := map[string]bool{}
	for _, m := range e.st.Mappings {
		if mappings[m.LogicalID] {
			e.s.fail(m.Pos, "two event source mappings have the logical ID %s: an event's is the function's and its own name joined", m.LogicalID)
		}
		mappings[m.LogicalID] = true
	}
}
