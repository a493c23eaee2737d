package lambdaapi_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/penstock/penstock/control/lambdaapi"
	"github.com/penstock/penstock/mapping"
)

// inputs are the types of the inputs, by operation.
func inputs() map[string]reflect.Type {
	of := map[string]reflect.Type{}
	t := reflect.TypeFor[lambdaapi.Operations]()
	for i := range t.NumField() {
		of[t.Field(i).Name] = t.Field(i).Type.In(1).Elem()
	}
	return of
}

// Every member of every input has exactly one row.
func TestEveryMemberIsClassified(t *testing.T) {
	if n := len(inputs()); n != 49 {
		t.Fatalf("%d operations, want the 19 and 30 of the plan", n)
	}
	for operation, in := range inputs() {
		rows := map[string]int{}
		for _, m := range lambdaapi.Members(operation) {
			rows[m.Name]++
			if (m.Reason == "") != (m.Treatment == mapping.Honoured) {
				t.Errorf("%s.%s is %s because %q", operation, m.Name, m.Treatment, m.Reason)
			}
			if m.Treatment == mapping.Refused && !strings.HasSuffix(m.Reason, ".") {
				t.Errorf("%s.%s: the caller is told %q, which is no sentence", operation, m.Name, m.Reason)
			}
		}
		for i := range in.NumField() {
			if name := in.Field(i).Name; rows[name] != 1 {
				t.Errorf("%s.%s has %d rows in the table of members", operation, name, rows[name])
			}
		}
		for name, n := range rows {
			if n != 1 {
				t.Errorf("%s.%s has %d rows", operation, name, n)
			}
		}
	}
}

// What the table says of mappings is what package mapping says.
func TestMappingMembersAgree(t *testing.T) {
	for _, operation := range []string{"CreateEventSourceMapping", "UpdateEventSourceMapping"} {
		for _, m := range lambdaapi.Members(operation) {
			for _, service := range []mapping.Service{mapping.SQS, mapping.Kinesis, mapping.MSK, mapping.SelfManagedKafka, mapping.MQ, mapping.DocumentDB} {
				for _, other := range mapping.Members(service) {
					if other.Name == m.Name && other.Treatment != mapping.Refused && (other.Treatment != m.Treatment || other.Reason != m.Reason) {
						t.Errorf("%s.%s is %+v here and %+v for %v", operation, m.Name, m, other, service)
					}
				}
			}
		}
	}
	known := map[string]bool{}
	for _, m := range lambdaapi.Members("CreateEventSourceMapping") {
		known[m.Name] = true
	}
	for _, m := range mapping.Members(mapping.SQS) {
		if !known[m.Name] && m.Name != "Settings" { // Go and YAML only
			t.Errorf("the API has no member %s", m.Name)
		}
	}
}

func TestGiven(t *testing.T) {
	in := &lambdaapi.CreateFunctionRequest{
		Role: new("r"), Layers: []string{}, FileSystemConfigs: []lambdaapi.FileSystemConfig{{}}, Publish: new(false),
		DeadLetterConfig: &lambdaapi.DeadLetterConfig{TargetArn: new("")}, Code: &lambdaapi.FunctionCode{ImageUri: new("i")},
	}
	names := func(list []mapping.Member) (all []string) {
		for _, m := range list {
			all = append(all, m.Name)
		}
		return all
	}
	if got := names(lambdaapi.Given("CreateFunction", in, mapping.Refused)); !reflect.DeepEqual(got, []string{"FileSystemConfigs", "Code.ImageUri"}) {
		t.Errorf("refused %q", got)
	}
	if got := names(lambdaapi.Given("CreateFunction", in, mapping.Recorded)); !reflect.DeepEqual(got, []string{"Role"}) {
		t.Errorf("recorded %q", got)
	}
	if lambdaapi.Members("GetLayerVersion") != nil {
		t.Error("an operation that is not served has members")
	}
}
