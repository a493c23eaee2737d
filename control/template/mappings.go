package template

import (
	"encoding/json"
	"slices"
	"strings"
)

// readMapping reads an AWS::Lambda::EventSourceMapping.
func (e *evaluator) readMapping(r *resource) {
	before := len(e.s.errs)
	p := e.properties(r.id, cfnMapping, r.props)
	if r.props.kind == mapKind && e.lacks(r.props, p, "FunctionName", before) {
		e.s.fail(r.pos, "%s has no FunctionName", r.id)
	}
	e.addMapping(r.id, r.pos, p)
}

// readEvents reads the events of a serverless function.
func (e *evaluator) readEvents(r *resource, events, function *node) {
	if events.kind == nullKind {
		return
	}
	if events.kind != mapKind {
		e.s.fail(events.pos, "%s: Events must be a map, not %s", r.id, events.kind)
		return
	}
	for _, m := range e.expand(events.entries) {
		e.readEvent(r, m, function)
	}
}

func (e *evaluator) readEvent(r *resource, m entry, function *node) {
	typ := m.value.get("Type")
	if typ == nil || typ.kind != stringKind {
		e.s.fail(m.pos, "event %s of %s must be a map with a Type", m.key, r.id)
		return
	}
	for _, member := range m.value.entries {
		if member.key != "Type" && member.key != "Properties" {
			e.st.unknown(member.pos, r.id+m.key, member.key, "not a member of events")
		}
	}
	switch {
	case typ.text == "SQS":
	case slices.Contains(laterEvents[:], typ.text):
		e.s.fail(typ.pos, "event %s of %s: events of type %s are not supported yet; only SQS is", m.key, r.id, typ.text)
		return
	default:
		e.s.fail(typ.pos, "event %s of %s: unknown type of event %q", m.key, r.id, typ.text)
		return
	}
	raw, before := m.value.get("Properties"), len(e.s.errs)
	p := e.properties(r.id+m.key, sqsEvent, raw)
	if e.lacks(raw, p, "Queue", before) {
		e.s.fail(m.pos, "event %s of %s has no Queue", m.key, r.id)
		return
	}
	p["EventSourceArn"], p["FunctionName"] = p["Queue"], function.at(m.pos)
	delete(p, "Queue")
	e.addMapping(r.id+m.key, m.pos, p)
}

// laterEvents are the other types that SAM knows.
var laterEvents = [...]string{"AlexaSkill", "Api", "CloudWatchEvent", "CloudWatchLogs", "Cognito", "DocumentDB", "DynamoDB",
	"EventBridgeRule", "HttpApi", "IoTRule", "Kinesis", "MQ", "MSK", "S3", "SNS", "Schedule", "ScheduleV2", "SelfManagedKafka", "WebSocketApi"}

// addMapping turns properties into the configuration of a mapping, by way of
// the JSON of the Lambda API.
func (e *evaluator) addMapping(id string, pos Pos, p map[string]*node) {
	m := Mapping{LogicalID: id, UUID: mappingUUID(e.st.Name, id), Pos: pos}
	names := make([]string, 0, len(p))
	for name := range p {
		names = append(names, name)
	}
	slices.Sort(names)
	body := &node{kind: mapKind, pos: pos}
	for _, name := range names {
		if v := p[name]; v != nil && v.kind != brokenKind {
			body.entries = append(body.entries, apiMember(name, v))
		}
	}
	if err := json.Unmarshal(body.json(), &m.Config); err != nil {
		e.s.fail(pos, "%s: %v", id, decodeError(err))
		return
	}
	m.Config.UUID = m.UUID
	e.st.Mappings = append(e.st.Mappings, m)
}

// apiMember translates the few members that CloudFormation spells otherwise
// than the Lambda API.
func apiMember(name string, v *node) entry {
	switch name {
	case "KmsKeyArn":
		name = "KMSKeyArn"
	case "Tags":
		m := &node{kind: mapKind, pos: v.pos}
		for _, item := range v.items {
			m.entries = append(m.entries, entry{item.get("Key").plain(), item.pos, newString(item.pos, item.get("Value").plain())})
		}
		v = m
	case "SelfManagedEventSource":
		if servers := v.get("Endpoints").get("KafkaBootstrapServers"); servers != nil {
			endpoints := &node{kind: mapKind, entries: []entry{{"KAFKA_BOOTSTRAP_SERVERS", v.pos, servers}}}
			v = &node{kind: mapKind, pos: v.pos, entries: []entry{{"Endpoints", v.pos, endpoints}}}
		}
	}
	return entry{name, v.pos, v}
}

// decodeError says it without Go's names of types.
func decodeError(err error) string {
	text := err.Error()
	if t, ok := err.(*json.UnmarshalTypeError); ok {
		return t.Field + " cannot be " + t.Value
	}
	return strings.TrimPrefix(text, "json: ")
}

// targets warns of mappings whose function the template does not have: the
// daemon may know it from elsewhere. Those it has have no versions and aliases.
func (e *evaluator) targets() {
	for _, m := range e.st.Mappings {
		name := m.Config.FunctionName
		if _, after, ok := strings.Cut(name, "function:"); ok {
			name = after
		}
		name, qualifier, _ := strings.Cut(name, ":")
		here := slices.ContainsFunc(e.st.Functions, func(f Function) bool { return f.Name == name })
		switch {
		case name != "" && !here:
			e.st.warn(m.Pos, m.LogicalID, "FunctionName", "the function "+name+" is not in this template")
		case qualifier != "" && qualifier != "$LATEST":
			e.s.fail(m.Pos, "%s: FunctionName is %s: %s", m.LogicalID, m.Config.FunctionName, noAliases)
		}
	}
}
