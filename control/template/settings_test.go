package template

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/penstock/penstock/mapping"
)

func TestSettingsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	classes := map[Class]int{}
	for _, s := range Settings() {
		key := s.Type + " " + s.Property
		if seen[key] {
			t.Errorf("%s is there twice", key)
		}
		seen[key] = true
		classes[s.Class]++
		if (s.Class != Honoured && !strings.Contains(s.Property, ".")) != (s.Reason != "") && s.Class != Recorded {
			t.Errorf("%s is %s for the reason %q", key, s.Class, s.Reason)
		}
		if s.Class == Recorded && s.Reason == "" && !strings.Contains(s.Property, ".") {
			t.Errorf("%s is recorded without a reason", key)
		}
	}
	if len(classes) != 3 {
		t.Errorf("classes %v", classes)
	}
	for _, want := range []string{
		"AWS::Serverless::Function ReservedConcurrentExecutions", "AWS::Lambda::Function Code", "AWS::SQS::Queue RedriveAllowPolicy",
		"AWS::Lambda::EventSourceMapping EventSourceArn", "SQS event Queue", "SQS event FilterCriteria.Filters.Pattern",
	} {
		if !seen[want] {
			t.Errorf("%s is missing", want)
		}
	}
}

// Every member of mapping.Config can be set in a template, and everything that
// the table has for mappings arrives in it.
func TestMappingMembers(t *testing.T) {
	rows := map[string]bool{}
	body := &node{kind: mapKind}
	for _, r := range table {
		if r.of&cfnMapping == 0 || strings.Contains(r.name, ".") {
			continue
		}
		m := apiMember(r.name, sample(r.name, r.form))
		rows[m.key] = true
		body.entries = append(body.entries, m)
	}
	var c mapping.Config
	dec := json.NewDecoder(bytes.NewReader(body.json()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		t.Fatalf("%v in %s", err, body.json())
	}
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if !rows[name] {
			t.Errorf("the table has no %s", name)
		} else if v.Field(i).IsZero() {
			t.Errorf("%s does not arrive", name)
		}
	}
}

// What is recorded of a mapping is decided in package mapping; the table must
// not say otherwise.
func TestMappingClassesAgree(t *testing.T) {
	for _, m := range mapping.Members(mapping.SelfManagedKafka) {
		name := m.Name
		if name == "KMSKeyArn" {
			name = "KmsKeyArn"
		}
		if r := lookup(cfnMapping, name); m.Treatment != mapping.Refused && name != "Settings" && string(r.class) != string(m.Treatment) {
			t.Errorf("%s: %s here, %s in mapping", name, r.class, m.Treatment)
		}
	}
}

// sample is a value of a form, with all members the table knows.
func sample(name string, f form) *node {
	switch f {
	case text:
		return newString(Pos{}, "x")
	case integer:
		return &node{kind: numberKind, text: "1"}
	case boolean:
		return newBool(Pos{}, true)
	case texts:
		return &node{kind: listKind, items: []*node{newString(Pos{}, "x")}}
	case object, objects:
		m := &node{kind: mapKind}
		for _, r := range table {
			if member, ok := strings.CutPrefix(r.name, name+"."); ok && r.of&cfnMapping != 0 && !strings.Contains(member, ".") {
				m.entries = append(m.entries, entry{member, Pos{}, sample(r.name, r.form)})
			}
		}
		if f == objects {
			return &node{kind: listKind, items: []*node{m}}
		}
		return m
	}
	switch name {
	case "StartingPositionTimestamp":
		return &node{kind: numberKind, text: "1700000000"}
	}
	return &node{kind: mapKind, entries: []entry{{"ConsumerGroupId", Pos{}, newString(Pos{}, "g")}}}
}

// Each property that is refused is refused by name, in both kinds of function
// and whatever its value, except for the value that asks for nothing.
func TestRefusedByName(t *testing.T) {
	for _, s := range Settings() {
		if s.Class != Refused {
			continue
		}
		code := "CodeUri: ."
		if s.Type == "AWS::Lambda::Function" {
			code = "Code: ."
		}
		read := func(value string) error {
			_, err := Parse("t.yaml", []byte("Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: "+s.Type+
				"\n    Properties: {Handler: a.b, Runtime: python3.12, "+code+", "+s.Property+": "+value+"}\n"), Options{})
			return err
		}
		if err := read("[x]"); err == nil || !strings.Contains(err.Error(), "F: "+s.Property+" is refused: "+s.Reason) {
			t.Errorf("%s %s: %v", s.Type, s.Property, err)
		}
		if err := read("!Ref AWS::NoValue"); err != nil {
			t.Errorf("%s %s without a value: %v", s.Type, s.Property, err)
		}
	}
}

// UUIDs name the checkpoints of stored mappings: they must never change.
func TestMappingUUIDIsStable(t *testing.T) {
	if got, want := mappingUUID("shop", "OrdersFunctionOrders"), "781ccfe8-4520-5cb8-a82d-0579e4247bd4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if mappingUUID("a", "bc") == mappingUUID("ab", "c") {
		t.Error("stack name and logical ID run into each other")
	}
}

func TestStackName(t *testing.T) {
	for file, want := range map[string]string{
		"/home/me/shop/template.yaml":                   "shop",
		"/home/me/my_shop.v2/template.yaml":             "my-shop-v2",
		"/home/me/2shops/template.yaml":                 "stack-2shops",
		"/home/me/shop/.aws-sam/build/template.yaml":    "shop",
		"/template.yaml":                                "stack",
		"/home/" + strings.Repeat("x", 200) + "/t.yaml": strings.Repeat("x", 100),
		"/home/me/日本/template.yaml":                     "stack",
		"/home/me/build/template.yaml":                  "build",
	} {
		if got := stackName(file); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
	for _, name := range []string{"no spaces", "1st", strings.Repeat("x", 129)} {
		if _, err := Parse("t.yaml", []byte("Resources: {Q: {Type: AWS::SQS::Queue}}"), Options{StackName: name}); err == nil || !strings.Contains(err.Error(), "the stack name") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestPartitions(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1":     "arn:aws:sqs:us-east-1:000000000000:t-Q https://sqs.us-east-1.amazonaws.com/000000000000/t-Q",
		"cn-north-1":    "arn:aws-cn:sqs:cn-north-1:000000000000:t-Q https://sqs.cn-north-1.amazonaws.com.cn/000000000000/t-Q",
		"us-gov-west-1": "arn:aws-us-gov:sqs:us-gov-west-1:000000000000:t-Q https://sqs.us-gov-west-1.amazonaws.com/000000000000/t-Q",
	} {
		st, err := Parse("t.yaml", []byte("Resources: {Q: {Type: AWS::SQS::Queue}}"), Options{StackName: "t", Region: region})
		if err != nil {
			t.Fatal(err)
		}
		if got := st.Queues[0].ARN + " " + st.Queues[0].URL; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestQueueURLOption(t *testing.T) {
	st, err := Parse("t.yaml", []byte(`{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}}}}`),
		Options{QueueURL: func(name string) string { return "http://127.0.0.1:9324/" + name }})
	if err != nil || st.Queues[0].URL != "http://127.0.0.1:9324/jobs" {
		t.Errorf("%+v, %v", st, err)
	}
}

// A property that a condition takes away is as missing as one never given.
func TestNoValueIsMissing(t *testing.T) {
	for _, c := range []struct{ resource, want string }{
		{`{Type: AWS::Serverless::Function, Properties: {Handler: !Ref AWS::NoValue, Runtime: python3.12}}`, "R has no Handler"},
		{`{Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: ""}}`, "R has no Runtime"},
		{`{Type: AWS::Lambda::Function, Properties: {Handler: a.b, Runtime: python3.12, Code: !Ref AWS::NoValue}}`, "R has no Code"},
		{`{Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref AWS::NoValue}}`, "R has no FunctionName"},
		{`{Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: python3.12, Events: {E: {Type: SQS, Properties: {Queue: !Ref AWS::NoValue}}}}}`, "event E of R has no Queue"},
		{`{Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: python3.12, Events: {E: {Type: SQS}}}}`, "event E of R has no Queue"},
		{`{Type: AWS::Serverless::Function, Properties: {Handler: [a], Runtime: python3.12}}`, "Handler must be a string"},
	} {
		_, err := Parse("t.yaml", []byte("Transform: AWS::Serverless-2016-10-31\nResources:\n  R: "+c.resource+"\n"), Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.(Errors)) != 1 {
			t.Errorf("%s: %v, want only %q", c.resource, err, c.want)
		}
	}
}
