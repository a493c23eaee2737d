package lambdaapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/penstock/penstock/control"
	"github.com/penstock/penstock/control/lambdaapi"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
	"github.com/penstock/penstock/store"
)

// Whatever a client sends to what is deployed, the answer is a success or the
// client's fault, and JSON.
func FuzzPlane(f *testing.F) {
	const uuid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
	for _, seed := range [][4]string{
		{"POST", "/2015-03-31/functions", "", `{"FunctionName":"g","Role":"` + role + `","Runtime":"python3.12","Handler":"h","Code":{"ZipFile":"UEsFBg=="},"VpcConfig":{},"Environment":{},"LoggingConfig":{"LogFormat":"JSON"}}`},
		{"PUT", "/2015-03-31/functions/f/configuration", "", `{"Timeout":9,"Environment":{"Variables":{"A1":"x"}},"SnapStart":{},"TracingConfig":{"Mode":"Active"},"EphemeralStorage":{"Size":600}}`},
		{"PUT", "/2015-03-31/functions/f/code", "", `{"S3Bucket":"penstock-local","S3Key":"/","DryRun":true}`},
		{"GET", "/2015-03-31/functions/f", "Qualifier=$LATEST", ""}, {"GET", "/2015-03-31/functions/f/versions", "MaxItems=1", ""}, {"DELETE", "/2015-03-31/functions/g", "Qualifier=1", ""},
		{"GET", "/2015-03-31/functions", "Marker=eA&MaxItems=5&MasterRegion=ALL&FunctionVersion=ALL", ""}, {"POST", "/2015-03-31/functions/f/invocations", "Qualifier=x", `{}`},
		{"POST", "/2015-03-31/event-source-mappings/", "", `{"FunctionName":"f","EventSourceArn":"` + queueARN + `","BatchSize":20,"MaximumBatchingWindowInSeconds":1,"FilterCriteria":{"Filters":[{"Pattern":"{\"body\":[1]}"}]},"Enabled":false}`},
		{"POST", "/2015-03-31/event-source-mappings/", "", `{"FunctionName":"f","SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["b:1"]}},"Topics":["t"],"SourceAccessConfigurations":[{"Type":"BASIC_AUTH","URI":"x"}],"StartingPositionTimestamp":1e3}`},
		{"PUT", "/2015-03-31/event-source-mappings/" + uuid, "", `{"ScalingConfig":{"MaximumConcurrency":2},"DestinationConfig":{"OnFailure":{}}}`},
		{"GET", "/2015-03-31/event-source-mappings", "FunctionName=f:1&EventSourceArn=" + queueARN, ""}, {"DELETE", "/2015-03-31/event-source-mappings/" + uuid, "", ""},
		{"POST", "/2017-03-31/tags/" + fn + ":f", "", `{"Tags":{"a":"b"}}`}, {"DELETE", "/2017-03-31/tags/" + fn + ":f", "tagKeys=a", ""}, {"GET", "/2016-08-19/account-settings", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	queue := &memory.Queue{Match: func(s sources.Spec) bool { return strings.HasPrefix(s.ARN, "arn:aws:sqs:") }}
	plane, err := control.Open(context.Background(), control.Options{
		Store: store.Memory(), Data: f.TempDir(), Region: "eu-west-1", Account: "111122223333", Kinds: []sources.Kind{queue.Kind()}, Log: slog.New(slog.DiscardHandler),
		Build: func(context.Context, control.Function) (invoke.Function, io.Closer, error) {
			return invoke.Function{}, nil, errors.New("nobody builds")
		},
	})
	if err != nil {
		f.Fatal(err)
	}
	h := lambdaapi.New(plane, lambdaapi.NewCodeLinks(plane)).Handler()
	if _, err := plane.CreateFunction(context.Background(), control.FunctionInput{Name: "f", Code: control.CodeSource{ZipFile: archive("a", "b")},
		Configuration: control.Configuration{Runtime: "python3.12", Handler: "h", Role: role}}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Method, r.URL.Path, r.URL.RawQuery = method, path, query
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code >= 500 || w.Code >= 400 && len(w.Header()[errorType]) != 1 {
			t.Errorf("%s %s?%s %s: %d %s", method, path, query, body, w.Code, w.Body)
		}
		if w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q is no JSON", w.Body)
		}
	})
}
