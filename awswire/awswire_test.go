package awswire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock/penstock/awswire"
)

type item struct {
	Name string `json:"Name"`
	Data []byte `json:"Data,omitempty"`
}

// everything has a member of each kind; Echo returns its input, so that one
// table checks decoding and rendering.
type everything struct {
	Text   string            `json:"Text,omitempty"`
	Number *int              `json:"Number,omitempty"`
	Long   int64             `json:"Long,omitempty"`
	Flag   bool              `json:"Flag,omitempty"`
	Names  []string          `json:"Names,omitempty" query:"Name"`
	Tags   map[string]string `json:"tags,omitempty" query:"Tag,Key,Value"`
	Items  []item            `json:"Items,omitempty" query:"Items.member"`
	Named  map[string]item   `json:"Named,omitempty" query:"Entry,Name,Value"`
}

type nothing struct{}

func api() *awswire.API {
	return &awswire.API{
		Target: "Example", ErrorShapes: "com.example", Namespace: "http://example.test/", MaxBody: 1 << 16,
		NewID: func() string { return "id-1" },
		Operations: []awswire.Operation{
			awswire.Op("Echo", func(_ context.Context, in *everything) (*everything, error) { return in, nil }),
			awswire.Op("Nothing", func(context.Context, *nothing) (*nothing, error) { return &nothing{}, nil }),
			awswire.Op("Where", func(ctx context.Context, _ *nothing) (*everything, error) {
				r := awswire.FromContext(ctx)
				return &everything{Text: r.Region + " " + r.BaseURL + " " + r.TraceID + " " + r.ID}, nil
			}),
			awswire.Op("Missing", func(context.Context, *nothing) (*nothing, error) {
				return nil, fmt.Errorf("looking: %w", &awswire.Error{Code: "ThingDoesNotExist", QueryCode: "NonExistentThing",
					Message: "no <thing>", QueryMessage: "no <thing> here"})
			}),
			awswire.Op("Broken", func(context.Context, *nothing) (*nothing, error) { return nil, errors.New("secret detail") }),
		},
	}
}

func post(target, body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	return r
}

func form(method, query string) *http.Request {
	if method == "GET" {
		return httptest.NewRequest("GET", "/?"+query, nil)
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(query))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func answer(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

func xmlOK(action, result string) string {
	return xmlHead + "<" + action + `Response xmlns="http://example.test/">` + result +
		"<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></" + action + "Response>"
}

func xmlError(fault, code, message string) string {
	return xmlHead + `<ErrorResponse xmlns="http://example.test/"><Error><Type>` + fault + "</Type><Code>" + code +
		"</Code><Message>" + message + "</Message><Detail/></Error><RequestId>id-1</RequestId></ErrorResponse>"
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		name    string
		request *http.Request
		status  int
		body    string
	}{
		{"json", post("Example.Echo", `{"Text":"<&>","Number":0,"tags":{"a":"b"},"Items":[{"Name":"x","Data":"AAE="}],"Unknown":[1]}`),
			200, `{"Text":"<&>","Number":0,"tags":{"a":"b"},"Items":[{"Name":"x","Data":"AAE="}]}`},
		{"json empty body", post("Example.Nothing", ""), 200, `{}`},
		{"json error", post("Example.Missing", "{}"), 400, `{"__type":"com.example#ThingDoesNotExist","message":"no <thing>"}`},
		{"json foreign error", post("Example.Broken", "{}"), 500,
			`{"__type":"com.example#InternalFailure","message":"The request processing has failed because of an unknown error, exception or failure."}`},
		{"json unknown operation", post("Example.Nope", "{}"), 400,
			`{"__type":"com.amazon.coral.service#UnknownOperationException","message":"The operation \"Example.Nope\" is not known to this endpoint."}`},
		{"json other service", post("Other.Echo", "{}"), 400,
			`{"__type":"com.amazon.coral.service#UnknownOperationException","message":"The operation \"Other.Echo\" is not known to this endpoint."}`},
		{"query", form("POST", "Action=Echo&Text=%22%3C%0D&Number=0&Long=-5&Flag=true&Name.2=b&Name.1=a&Name.10=c&Tag.1.Key=k&Tag.1.Value=v&Tag.2.Key=e"+
			"&Items.member.1.Name=x&Items.member.1.Data=AAE%3D&Entry.1.Name=n&Entry.1.Value.Name=inner&Other.1=x"),
			200, xmlOK("Echo", `<EchoResult><Text>&quot;&lt;&#xD;</Text><Number>0</Number><Long>-5</Long><Flag>true</Flag>`+
				`<Name>a</Name><Name>b</Name><Name>c</Name><Tag><Key>e</Key><Value></Value></Tag><Tag><Key>k</Key><Value>v</Value></Tag>`+
				`<Items><member><Name>x</Name><Data>AAE=</Data></member></Items><Entry><Name>n</Name><Value><Name>inner</Name></Value></Entry></EchoResult>`)},
		{"query GET", form("GET", "Action=Echo&Text=x"), 200, xmlOK("Echo", "<EchoResult><Text>x</Text></EchoResult>")},
		{"query empty result", form("GET", "Action=Echo"), 200, xmlOK("Echo", "<EchoResult/>")},
		{"query no result", form("GET", "Action=Nothing"), 200, xmlOK("Nothing", "")},
		{"query error", form("GET", "Action=Missing"), 400, xmlError("Sender", "NonExistentThing", "no &lt;thing&gt; here")},
		{"query foreign error", form("GET", "Action=Broken"), 500, xmlError("Receiver", "InternalFailure",
			"The request processing has failed because of an unknown error, exception or failure.")},
		{"query unknown action", form("GET", "Action=Nope"), 400, xmlError("Sender", "InvalidAction", "The action Nope is not valid for this endpoint.")},
		{"query no action", form("GET", "Version=1"), 404, "<UnknownOperationException/>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := answer(api(), tt.request)
			if diff := cmp.Diff(tt.body, w.Body.String()); w.Code != tt.status || diff != "" {
				t.Errorf("status %d, want %d; body -want +got\n%s", w.Code, tt.status, diff)
			}
			if id := w.Header()[requestIDHeader]; !cmp.Equal(id, []string{"id-1"}) {
				t.Errorf("request id %q, want id-1 under AWS's spelling of the header", id)
			}
		})
	}
}

func TestQueryErrorHeader(t *testing.T) {
	for target, want := range map[string]string{
		"Example.Missing": "NonExistentThing;Sender",
		"Example.Broken":  "InternalFailure;Receiver",
	} {
		if got := answer(api(), post(target, "{}")).Header().Get("X-Amzn-Query-Error"); got != want {
			t.Errorf("%s: X-Amzn-Query-Error %q, want %q", target, got, want)
		}
	}
}

func TestQueryAsJSON(t *testing.T) {
	for action, want := range map[string]string{
		"Echo&Text=x": `{"EchoResponse":{"EchoResult":{"Text":"x"},"ResponseMetadata":{"RequestId":"id-1"}}}`,
		"Missing":     `{"Error":{"Code":"NonExistentThing","Detail":null,"Message":"no \u003cthing\u003e here","Type":"Sender"},"RequestId":"id-1"}`,
	} {
		r := form("GET", "Action="+action)
		r.Header.Set("Accept", "application/json")
		w := answer(api(), r)
		if w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s %s, want %s", action, w.Header().Get("Content-Type"), w.Body, want)
		}
	}
	r := form("GET", "")
	r.Header.Set("Accept", "application/json")
	if got := answer(api(), r).Body.String(); got != "<UnknownOperationException/>" {
		t.Errorf("without an action: %s, want XML whatever the client accepts", got)
	}
}

func TestBadInput(t *testing.T) {
	tests := []struct {
		name    string
		request *http.Request
		status  int
		code    string
	}{
		{"syntax", post("Example.Echo", `{"Text":`), 400, "SerializationException"},
		{"not an object", post("Example.Echo", `[]`), 400, `SerializationException","message":"array can not be converted to object"`},
		{"wrong type", post("Example.Echo", `{"Number":"1"}`), 400, `SerializationException","message":"string can not be converted to int (member Number)"`},
		{"wrong item", post("Example.Echo", `{"Items":{}}`), 400, "object can not be converted to array (member Items)"},
		{"wrong data", post("Example.Echo", `{"Items":[{"Data":5}]}`), 400, "number can not be converted to string (member Items.Data)"},
		{"wrong map", post("Example.Echo", `{"tags":"x"}`), 400, "string can not be converted to object (member tags)"},
		{"fraction", post("Example.Echo", `{"Number":1.5}`), 400, "SerializationException"},
		{"bad base64", post("Example.Echo", `{"Items":[{"Data":"!"}]}`), 400, "SerializationException"},
		{"bad UTF-8", post("Example.Echo", "{\"Text\":\"\xff\"}"), 400, "SerializationException"},
		{"deep", post("Example.Echo", `{"X":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`}`), 400, "SerializationException"},
		{"large", post("Example.Echo", `{"Text":"`+strings.Repeat("x", 1<<16)+`"}`), 413, "RequestEntityTooLarge"},
		{"query number", form("POST", "Action=Echo&Number=x"), 400, "MalformedInput"},
		{"query range", form("POST", "Action=Echo&Long=99999999999999999999"), 400, "MalformedInput"},
		{"query flag", form("POST", "Action=Echo&Flag=perhaps"), 400, "MalformedInput"},
		{"query base64", form("POST", "Action=Echo&Items.member.1.Data=!"), 400, "MalformedInput"},
		{"query escape", form("POST", "Action=Echo&Text=%zz"), 400, "MalformedInput"},
		{"query map without key", form("POST", "Action=Echo&Tag.1.Value=v"), 400, "MalformedInput"},
		{"query deep", form("POST", "Action=Echo&"+strings.Repeat("a.", 100)+"a=1"), 400, "MalformedInput"},
		{"query large", form("POST", "Action=Echo&Text="+strings.Repeat("x", 1<<16)), 413, "RequestEntityTooLarge"},
	}
	for _, tt := range tests {
		w := answer(api(), tt.request)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.code) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, w.Code, w.Body, tt.status, tt.code)
		}
	}
	brackets := post("Example.Echo", `{"Text":"`+strings.Repeat(`[{\"`, 100)+`"}`)
	if w := answer(api(), brackets); w.Code != 200 {
		t.Errorf("brackets in a string count as nesting: %d %s", w.Code, w.Body)
	}
}

func TestQueryHook(t *testing.T) {
	a := api()
	a.Query = func(path, action string, form url.Values) error {
		if action == "Nothing" {
			return awswire.InvalidAction(action)
		}
		form.Set("Text", path)
		return nil
	}
	if got := answer(a, httptest.NewRequest("GET", "/a/b?Action=Echo", nil)).Body.String(); !strings.Contains(got, "<Text>/a/b</Text>") {
		t.Errorf("the hook's parameter is missing: %s", got)
	}
	if w := answer(a, form("GET", "Action=Nothing")); w.Code != 400 {
		t.Errorf("refused action answered %d", w.Code)
	}
}

func TestRequestFacts(t *testing.T) {
	r := post("Example.Where", "")
	r.Host = "localhost:9324"
	r.Header.Set("X-Amzn-Trace-Id", "Root=1")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AK/20260102/eu-west-1/example/aws4_request, SignedHeaders=host, Signature=00")
	want := `{"Text":"eu-west-1 http://localhost:9324 Root=1 id-1"}`
	if got := answer(api(), r).Body.String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// requestIDHeader is AWS's spelling, which is not Go's canonical one.
var requestIDHeader = "x-amzn-RequestId"

func TestRandomRequestIDs(t *testing.T) {
	a := api()
	a.NewID = nil
	one, two := answer(a, post("Example.Nothing", "")), answer(a, post("Example.Nothing", ""))
	first, second := one.Header()[requestIDHeader][0], two.Header()[requestIDHeader][0]
	if len(first) != 36 || first == second {
		t.Errorf("request ids %q and %q, want two different UUIDs", first, second)
	}
}

func ExampleAPI() {
	type input struct {
		Name string `json:"Name"`
	}
	type output struct {
		Greeting string `json:"Greeting"`
	}
	api := &awswire.API{
		Target: "Greeter",
		Operations: []awswire.Operation{
			awswire.Op("Greet", func(_ context.Context, in *input) (*output, error) {
				return &output{Greeting: "hello " + in.Name}, nil
			}),
		},
		NewID: func() string { return "1" },
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(`{"Name":"json"}`))
	r.Header.Set("X-Amz-Target", "Greeter.Greet")
	for _, r := range []*http.Request{r, httptest.NewRequest("GET", "/?Action=Greet&Name=query", nil)} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		body, _ := io.ReadAll(w.Body)
		fmt.Println(strings.ReplaceAll(string(body), "\n", ""))
	}
	// Output:
	// {"Greeting":"hello json"}
	// <?xml version="1.0" encoding="UTF-8"?><GreetResponse><GreetResult><Greeting>hello query</Greeting></GreetResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GreetResponse>
}
