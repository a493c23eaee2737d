package template

import (
	"slices"
	"strings"
)

func (e *evaluator) ref(pos Pos, arg *node) *node {
	if arg.kind != stringKind {
		v := arg
		if arg.kind == mapKind && e.language { // Ref of a function is one of the extensions
			v = e.eval(arg)
		}
		if v.kind == brokenKind {
			return newBroken(pos)
		}
		if v.kind != stringKind {
			e.s.fail(pos, "Ref takes the name of a parameter or resource, not %s", v.kind)
			return newBroken(pos)
		}
		arg = v
	}
	return e.named(pos, arg.text)
}

// named is what Ref gives for a name.
func (e *evaluator) named(pos Pos, name string) *node {
	if strings.HasPrefix(name, "AWS::") {
		return e.pseudo(pos, name)
	}
	if p := e.params[name]; p != nil {
		return e.parameterValue(pos, p)
	}
	r := e.resource(pos, "Ref", name)
	if r == nil {
		return e.undefined(pos, "Ref", name, "")
	}
	switch r.class {
	case functionResource:
		return e.name(r).at(pos)
	case queueResource:
		return e.withName(pos, r, e.queueURL)
	case mappingResource:
		return newString(pos, mappingUUID(e.st.Name, r.id))
	}
	return e.foreignRef(pos, r)
}

func (e *evaluator) pseudo(pos Pos, name string) *node {
	id := e.o.StackID
	switch name {
	case "AWS::AccountId":
		return newString(pos, e.o.Account)
	case "AWS::Region":
		return newString(pos, e.o.Region)
	case "AWS::Partition":
		return newString(pos, e.o.Partition)
	case "AWS::StackName":
		return newString(pos, e.st.Name)
	case "AWS::StackId":
		return newString(pos, id)
	case "AWS::URLSuffix":
		return newString(pos, urlSuffix(e.o.Partition))
	case "AWS::NotificationARNs":
		return &node{kind: listKind, pos: pos}
	case "AWS::NoValue":
		return &node{kind: noValueKind, pos: pos}
	}
	e.s.fail(pos, "unknown pseudo parameter %s", name)
	return newBroken(pos)
}

// resource finds a resource that takes part in the stack; nil after an error
// or if there is none of that name.
func (e *evaluator) resource(pos Pos, how, name string) *resource {
	r := e.resources[name]
	if r == nil {
		return nil
	}
	if e.testing {
		e.s.fail(pos, "%s %s: conditions cannot name resources", how, name)
		return &resource{id: name, class: brokenResource}
	}
	if r.condition != "" {
		value, ok := e.holds(r.pos, r.condition)
		if ok && !value {
			e.s.fail(pos, "%s %s: the resource is left out because its condition %s is false", how, name, r.condition)
		}
		if !ok || !value {
			return &resource{id: name, class: brokenResource}
		}
	}
	return r
}

// undefined reports a name that the template does not define, unless SAM makes
// a resource of that name when it expands a function.
func (e *evaluator) undefined(pos Pos, how, name, attribute string) *node {
	generated := e.sam && strings.HasPrefix(name, "Serverless")
	for _, r := range e.resources {
		generated = generated || r.generates(name)
	}
	if generated {
		v := newString(pos, e.st.Name+"-"+strings.TrimSuffix(name+"."+attribute, "."))
		v.unknown = []string{how + " " + name + ": a resource that SAM generates when it deploys"}
		return v
	}
	e.s.fail(pos, "%s %s: there is no parameter or resource of that name in this template", how, name)
	return newBroken(pos)
}

// generates says whether SAM makes a resource of that name for r: its own
// name and a word, or and one of its events.
func (r *resource) generates(name string) bool {
	rest, ok := strings.CutPrefix(name, r.id)
	if !ok || rest == "" || !strings.HasPrefix(r.typ, "AWS::Serverless::") {
		return false
	}
	words := []string{"Role", "Alias", ".Alias", "Version", ".Version", "Url", "EventInvokeConfig", "Stage", ".Stage", "Deployment", ".Deployment"}
	for _, event := range r.props.get("Events").members() {
		words = append(words, event.key)
	}
	return slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(rest, word) })
}

// foreignRef is the Ref of a resource that penstock does not run: its name if
// the template gives one and Ref is known to return it, else a placeholder.
func (e *evaluator) foreignRef(pos Pos, r *resource) *node {
	if r.class == brokenResource {
		return newBroken(pos)
	}
	if property := namedBy(r.typ); property != "" && r.props.get(property) != nil {
		if slices.Contains(e.open, r.id) {
			e.s.fail(pos, "the name of %s depends on itself", r.id)
			return newBroken(pos)
		}
		e.open = append(e.open, r.id)
		v := e.eval(r.props.get(property))
		e.open = e.open[:len(e.open)-1]
		return v.at(pos)
	}
	v := newString(pos, e.st.Name+"-"+r.id)
	v.unknown = []string{"Ref " + r.id + ": " + r.typ + " is not run here"}
	return v
}

// namedBy is the property whose value Ref returns, for types whose names
// functions often read from their environment.
func namedBy(typ string) string {
	switch typ {
	case "AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable":
		return "TableName"
	case "AWS::S3::Bucket":
		return "BucketName"
	case "AWS::Kinesis::Stream", "AWS::Events::EventBus":
		return "Name"
	}
	return ""
}

func (e *evaluator) getAtt(pos Pos, arg *node) *node {
	var parts []string
	switch arg.kind {
	case stringKind:
		id, attribute, ok := strings.Cut(arg.text, ".")
		if ok {
			parts = []string{id, attribute}
		}
	case listKind:
		for _, item := range arg.items {
			v := e.eval(item)
			if !e.wantText(v, "an argument of Fn::GetAtt") {
				return newBroken(pos)
			}
			parts = append(parts, v.text)
		}
	}
	if len(parts) < 2 {
		e.s.fail(pos, "Fn::GetAtt takes a resource and one of its attributes")
		return newBroken(pos)
	}
	return e.attribute(pos, parts[0], strings.Join(parts[1:], "."))
}

// attribute is what Fn::GetAtt gives.
func (e *evaluator) attribute(pos Pos, id, attribute string) *node {
	r := e.resource(pos, "Fn::GetAtt", id)
	if r == nil {
		return e.undefined(pos, "Fn::GetAtt", id, attribute)
	}
	switch r.class {
	case brokenResource:
		return newBroken(pos)
	case functionResource:
		if attribute == "Arn" {
			return e.withName(pos, r, e.functionARN)
		}
	case queueResource:
		switch attribute {
		case "Arn":
			return e.withName(pos, r, e.queueARN)
		case "QueueName":
			return e.name(r).at(pos)
		case "QueueUrl":
			return e.withName(pos, r, e.queueURL)
		}
	case mappingResource:
		switch attribute {
		case "Id":
			return newString(pos, mappingUUID(e.st.Name, r.id))
		case "EventSourceMappingArn":
			return newString(pos, e.arn("lambda", "event-source-mapping:"+mappingUUID(e.st.Name, r.id)))
		}
	default:
		v := newString(pos, e.st.Name+"-"+id+"."+attribute)
		v.unknown = []string{"Fn::GetAtt " + id + "." + attribute + ": " + r.typ + " is not run here"}
		return v
	}
	e.s.fail(pos, "Fn::GetAtt %s: %s has no attribute %s", id, r.typ, attribute)
	return newBroken(pos)
}

// withName makes an ARN or URL from the name of a resource.
func (e *evaluator) withName(pos Pos, r *resource, form func(name string) string) *node {
	name := e.name(r)
	if name.kind == brokenKind {
		return newBroken(pos)
	}
	return e.string(pos, form(name.text), name)
}

func (e *evaluator) arn(service, resource string) string {
	return strings.Join([]string{"arn", e.o.Partition, service, e.o.Region, e.o.Account, resource}, ":")
}

func (e *evaluator) functionARN(name string) string { return e.arn("lambda", "function:"+name) }
func (e *evaluator) queueARN(name string) string    { return e.arn("sqs", name) }

func (e *evaluator) queueURL(name string) string { return e.o.QueueURL(name) }

func (e *evaluator) importValue(pos Pos, arg *node) *node {
	v := e.eval(arg)
	if !e.wantText(v, "the name of Fn::ImportValue") {
		return newBroken(pos)
	}
	if text, ok := e.o.Imports[v.text]; ok {
		return e.string(pos, text)
	}
	out := e.string(pos, v.text, v)
	out.unknown = append(out.unknown, "Fn::ImportValue "+v.show()+": the value of this export was not given")
	return out
}

func urlSuffix(partition string) string {
	if partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}
