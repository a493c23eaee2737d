package lambdaapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control/lambdaapi"
)

// samples are values for members of the SDK's inputs, by name.
var samples = map[string]any{
	"FunctionName": aws.String("f"), "UUID": aws.String("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"), "Resource": aws.String(fn + ":f"), "ResourceArn": aws.String(fn + ":f"),
	"Name": aws.String("live"), "StatementId": aws.String("s"), "Action": aws.String("lambda:InvokeFunction"), "Principal": aws.String("*"),
	"Role": aws.String(role), "Code": &types.FunctionCode{ZipFile: []byte("PK")}, "Qualifier": aws.String("live"), "TagKeys": []string{"a", "b"}, "Tags": map[string]string{"a": "b"},
	"AuthType": types.FunctionUrlAuthTypeNone, "RecursiveLoop": types.RecursiveLoopAllow, "Policy": aws.String("{}"), "ReservedConcurrentExecutions": aws.Int32(0),
	"MaxItems": aws.Int32(7), "Marker": aws.String("m+/="), "Payload": []byte(`{"a":1}`), "InvokeArgs": strings.NewReader(`{}`), "RevisionId": aws.String("6d1f0a52-3c64-4b5e-9a10-7b1f6c0d2e34"),
	"Timeout": aws.Int32(900), "Description": aws.String("<ü>"), "Handler": aws.String("app.handler"), "MaximumRetryAttempts": aws.Int32(1), "BatchSize": aws.Int32(10),
	"LogType": types.LogTypeTail, "ClientContext": aws.String("e30="), "EventSourceArn": aws.String("arn:aws:sqs:eu-west-1:111122223333:q"),
}

// full is a value of a type with every member given.
func full(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch {
	case t == reflect.TypeFor[awswire.Epoch]():
		v.Set(reflect.ValueOf(awswire.Epoch{Time: time.UnixMilli(1767323045678)}))
	case t == reflect.TypeFor[io.Reader]():
		v.Set(reflect.ValueOf(strings.NewReader("{}")))
	case t.Kind() == reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		v.Elem().Set(full(t.Elem()))
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			v.Field(i).Set(full(t.Field(i).Type))
		}
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		v.Set(reflect.Append(v, full(t.Elem())))
	case t.Kind() == reflect.Slice:
		v.SetBytes([]byte{1})
	case t.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(reflect.ValueOf("k"), full(t.Elem()))
	case t.Kind() == reflect.String:
		v.SetString("x")
	case t.Kind() == reflect.Bool:
		v.SetBool(true)
	case t.Kind() == reflect.Float64:
		v.SetFloat(0.5)
	default:
		v.SetInt(200) // a status too
	}
	return v
}

// missing lists the members that are set in ours and not in the SDK's.
func missing(path string, ours, sdk reflect.Value) (names []string) {
	if ours.Kind() == reflect.Pointer {
		ours = ours.Elem()
	}
	if sdk.Kind() == reflect.Pointer {
		sdk = sdk.Elem()
	}
	switch {
	case !sdk.IsValid() || sdk.IsZero():
		return []string{path}
	case ours.Kind() == reflect.Struct && ours.Type() != reflect.TypeFor[awswire.Epoch]():
		for i := range ours.NumField() {
			name := ours.Type().Field(i).Name
			if name == "RuntimeConfig" || name == "AcceleratorConfig" {
				continue // newer than the SDK
			}
			names = append(names, missing(path+"."+name, ours.Field(i), sdk.FieldByName(name))...)
		}
	case ours.Kind() == reflect.Slice && sdk.Kind() == reflect.Slice:
		names = missing(path+"[0]", ours.Index(0), sdk.Index(0))
	}
	return names
}

// The SDK, the strictest of clients, finds every member of every output.
func TestSDKReadsEveryOutput(t *testing.T) {
	c := reflect.ValueOf(client(t, every(func(string, reflect.Value) {}, full)))
	ops := reflect.TypeFor[lambdaapi.Operations]()
	for i := range ops.NumField() {
		name, ours := ops.Field(i).Name, full(ops.Field(i).Type.Out(0))
		if name == "InvokeWithResponseStream" {
			continue // its output is a stream of events
		}
		call := c.MethodByName(name)
		in := reflect.New(call.Type().In(1).Elem())
		fill(in.Elem())
		results := call.Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
		if err, _ := results[1].Interface().(error); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if lost := missing(name, ours, results[0]); len(lost) > 0 && ours.Elem().NumField() > 0 {
			t.Errorf("the client has not got %q", lost)
		}
	}
}

// fill sets the samples that an input of the SDK has, and returns their names.
func fill(in reflect.Value) (set []string) {
	for member, value := range samples {
		if f := in.FieldByName(member); f.IsValid() && reflect.TypeOf(value).AssignableTo(f.Type()) {
			f.Set(reflect.ValueOf(value))
			set = append(set, member)
		}
	}
	if f := in.FieldByName("FunctionVersion"); f.IsValid() && f.Kind() == reflect.Pointer {
		f.Set(reflect.ValueOf(aws.String("1")))
	}
	return set
}

// every makes an API whose operations note their name and input, and answer
// with what output makes of the type of their output; nil: an empty one.
func every(note func(operation string, in reflect.Value), output func(reflect.Type) reflect.Value) lambdaapi.API {
	if output == nil {
		output = func(t reflect.Type) reflect.Value { return reflect.New(t.Elem()) }
	}
	var api lambdaapi.API
	v := reflect.ValueOf(&api.Operations).Elem()
	for i := range v.NumField() {
		t := v.Type().Field(i)
		v.Field(i).Set(reflect.MakeFunc(t.Type, func(args []reflect.Value) []reflect.Value {
			note(t.Name, args[1].Elem())
			return []reflect.Value{output(t.Type.Out(0)), reflect.Zero(t.Type.Out(1))}
		}))
	}
	return api
}

// Every operation is reached by the SDK's request for it, and what the SDK was
// given arrives.
func TestSDKReachesEveryOperation(t *testing.T) {
	var operation string
	var got reflect.Value
	c := reflect.ValueOf(client(t, every(func(name string, in reflect.Value) { operation, got = name, in }, nil)))
	ops := reflect.TypeFor[lambdaapi.Operations]()
	for i := range ops.NumField() {
		name := ops.Field(i).Name
		call := c.MethodByName(name)
		in := reflect.New(call.Type().In(1).Elem())
		set := fill(in.Elem())
		operation, got = "", reflect.Value{}
		results := call.Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
		// The SDK waits for the events of a stream, which an empty answer has none of.
		if err, _ := results[1].Interface().(error); err != nil && name != "InvokeWithResponseStream" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if operation != name {
			t.Errorf("the request for %s reached %q", name, operation)
			continue
		}
		for _, member := range set {
			if f := got.FieldByName(member); !f.IsValid() || f.IsZero() {
				t.Errorf("%s: %s did not arrive", name, member)
			} else if want, is := samples[member].(*string); is && f.Elem().String() != *want {
				t.Errorf("%s: %s arrived as %q, want %q", name, member, f.Elem(), *want)
			} else if want, is := samples[member].([]string); is && !slices.Equal(f.Interface().([]string), want) {
				t.Errorf("%s: %s arrived as %v", name, member, f)
			}
		}
	}
}

// Whatever a client sends, the answer is a success or the client's fault.
func FuzzAPI(f *testing.F) {
	for _, seed := range [][4]string{
		{"POST", "/2015-03-31/functions", "", `{"FunctionName":"f","Role":"arn:aws:iam::111122223333:role/r","Code":{"ZipFile":"UEs="}}`},
		{"POST", "/2015-03-31/event-source-mappings/", "", `{"FunctionName":"f","Topics":["a"],"Tags":{"a":"b"},"StartingPositionTimestamp":1.5}`},
		{"GET", "/2015-03-31/functions", "MaxItems=5&Marker=x", ""}, {"DELETE", "/2017-03-31/tags/a", "tagKeys=a&tagKeys=", ""},
		{"POST", "/2015-03-31/functions/f/invocations", "Qualifier=$LATEST", "{"}, {"PUT", "/2015-03-31/functions/f/aliases/a", "", `{"RoutingConfig":{"AdditionalVersionWeights":{"1":0.5}}}`},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	h := every(func(string, reflect.Value) {}, nil).Handler()
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Method, r.URL.Path, r.URL.RawQuery = method, path, query
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code >= 500 || w.Code >= 400 && len(w.Header()[errorType]) != 1 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q is no JSON", w.Body)
		}
	})
}
