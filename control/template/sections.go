package template

import (
	"regexp"
	"slices"
)

// template reads the sections in the order in which they depend on each other.
func (e *evaluator) template(root *node) {
	if root.kind != mapKind {
		if root.kind != brokenKind {
			e.s.fail(root.pos, "a template is a map with a Resources section, not %s", root.kind)
		}
		return
	}
	for _, m := range root.entries {
		if m.key == macro {
			e.s.fail(m.pos, noMacros)
		} else if !slices.Contains(sections[:], m.key) {
			e.st.unknown(m.pos, m.key, "", "unknown section")
		}
	}
	if v := root.get("AWSTemplateFormatVersion"); v != nil && v.text != "2010-09-09" {
		e.s.fail(v.pos, "AWSTemplateFormatVersion must be 2010-09-09, not %s", v.describe())
	}
	for _, rule := range e.section(root.get("Rules"), "Rules") {
		if rule.key != "CheckBootstrapVersion" { // the CDK's own, about its tool stack
			e.st.warn(rule.pos, rule.key, "", "assertions about parameters are not checked")
		}
	}
	e.transforms(root.get("Transform"))
	e.mappings = &node{kind: mapKind, entries: e.section(root.get("Mappings"), "Mappings")}
	e.readParameters(root.get("Parameters"))
	list := e.section(root.get("Resources"), "Resources")
	if list == nil && len(e.s.errs) == 0 {
		e.s.fail(root.pos, "the template has no Resources")
		return
	}
	for _, m := range list { // before conditions and loops, which check names
		e.resources[m.key] = &resource{id: m.key, class: brokenResource}
	}
	e.readConditions(root.get("Conditions"))
	e.readResources(e.expand(list), e.globals(root.get("Globals")))
	e.st.sort()
}

var sections = [...]string{"AWSTemplateFormatVersion", "Conditions", "Description", "Globals", "Hooks", "Mappings", "Metadata",
	"Outputs", "Parameters", "Resources", "Rules", "Transform"}

// section is the members of a section that is a map; an empty one is absent.
func (e *evaluator) section(n *node, name string) []entry {
	switch {
	case n == nil || n.kind == nullKind || n.kind == brokenKind:
		return nil
	case n.kind != mapKind:
		e.s.fail(n.pos, "%s must be a map, not %s", name, n.kind)
		return nil
	}
	return n.entries
}

func (e *evaluator) transforms(n *node) {
	if n == nil {
		return
	}
	list := n.items
	if n.kind != listKind {
		list = []*node{n}
	}
	for _, t := range list {
		switch name := t.plain(); name {
		case "AWS::Serverless-2016-10-31":
			e.sam = true
		case "AWS::LanguageExtensions":
			e.language = true
		default:
			if t.kind == mapKind {
				name = t.get("Name").plain()
			}
			e.s.fail(t.pos, "the transform %q runs in an AWS account; penstock cannot run it", name)
		}
	}
}

// globals is the Function part of the Globals section. Parts for types that
// are not run are left alone.
func (e *evaluator) globals(n *node) *node {
	var out *node
	for _, m := range e.section(n, "Globals") {
		switch m.key {
		case "Function":
			if m.value.kind != mapKind {
				e.s.fail(m.value.pos, "Globals.Function must be a map, not %s", m.value.kind)
				continue
			}
			out = m.value
			for _, p := range m.value.entries {
				if slices.Contains(notGlobal[:], p.key) {
					e.s.fail(p.pos, "%s is not supported in Globals.Function", p.key)
				}
			}
		case "Api", "HttpApi", "SimpleTable", "StateMachine", "LayerVersion", "CapacityProvider", "WebSocketApi":
		default:
			e.s.fail(m.pos, "Globals has no section %q", m.key)
		}
	}
	return out
}

// notGlobal are the properties of functions that SAM refuses in Globals.
var notGlobal = [...]string{"FunctionName", "Role", "Policies", "Events", "InlineCode", "ImageUri", "ImageConfig", "PackageType",
	"AutoPublishCodeSha256", "VersionDescription"}

// merge adds a global value to a resource's own: maps merge, lists follow the
// global ones, everything else is the resource's. Functions count as scalars.
func (e *evaluator) merge(global, own *node) *node {
	if global == nil || !e.spend(own.pos, 0) || global.kind != own.kind {
		return own
	}
	switch own.kind {
	case listKind:
		c := own.at(own.pos)
		c.items = slices.Concat(global.items, own.items)
		return c
	case mapKind:
		if isFunction(global) || isFunction(own) {
			return own
		}
		c := own.at(own.pos)
		c.entries = nil
		mine := map[string]*node{}
		for _, m := range own.entries {
			mine[m.key] = m.value
		}
		theirs := map[string]bool{}
		for _, m := range global.entries {
			theirs[m.key] = true
			if v := mine[m.key]; v != nil {
				m.value = e.merge(m.value, v)
			}
			c.entries = append(c.entries, m)
		}
		for _, m := range own.entries {
			if !theirs[m.key] {
				c.entries = append(c.entries, m)
			}
		}
		return c
	}
	return own
}

var functionKey = regexp.MustCompile(`^(Ref|Condition|Fn::.*)$`)

func isFunction(n *node) bool {
	return len(n.entries) == 1 && functionKey.MatchString(n.entries[0].key)
}
