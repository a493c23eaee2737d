package awswire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock/penstock/awswire"
)

type inner struct {
	Level *string `json:"Level,omitzero"`
	Code  []byte  `json:"Code,omitzero"`
}

// thing has a member of each kind; Put returns its input.
type thing struct {
	Name    *string           `json:"-" rest:"uri,Name"`
	Version *string           `json:"-" rest:"query,Version"`
	Max     *int              `json:"-" rest:"query,MaxItems"`
	Keys    []string          `json:"-" rest:"query,tagKeys"`
	Mode    *string           `json:"-" rest:"header,X-Amz-Mode"`
	Text    *string           `json:"Text,omitzero"`
	Number  *int              `json:"Number,omitzero"`
	Long    *int64            `json:"Long,omitzero"`
	Ratio   *float64          `json:"Ratio,omitzero"`
	On      *bool             `json:"On,omitzero"`
	At      *awswire.Epoch    `json:"At,omitzero"`
	List    []string          `json:"List,omitzero"`
	Tags    map[string]string `json:"Tags,omitzero"`
	Inner   *inner            `json:"Inner,omitzero"`
	Inners  []inner           `json:"Inners,omitzero"`
}

type named2 struct {
	Name *string `json:"-" rest:"uri,Name"`
}

func (n *named2) Validate() error {
	if *n.Name == "bad" {
		return &awswire.Error{Code: "ValidationException", Message: "Value 'bad' at 'name'"}
	}
	return nil
}

type raw struct {
	Name    *string   `json:"-" rest:"uri,Name"`
	Log     *string   `json:"-" rest:"header,X-Amz-Log"`
	Status  *int      `json:"-" rest:"status"`
	Payload io.Reader `json:"-" rest:"payload"`
}

// seen is what the hooks of a REST heard.
type seen struct {
	unknown []string
	failed  []string
}

func rest(s *seen) *awswire.REST {
	echo := func(_ context.Context, in *thing) (*thing, error) { return in, nil }
	get := func(ctx context.Context, in *named2) (*thing, error) {
		r := awswire.FromContext(ctx)
		return &thing{Text: new(*in.Name + " " + r.ID + " " + r.Region + " " + strings.Join(r.Unknown, ","))}, nil
	}
	ops := []awswire.RESTOperation{
		awswire.RESTOp("List", "GET", "/v/things", 200, func(context.Context, *nothing) (*thing, error) { return &thing{Text: new("all")}, nil }),
		awswire.RESTOp("ListOne", "GET", "/v/things?find=One", 200, func(context.Context, *nothing) (*thing, error) { return &thing{Text: new("one")}, nil }),
		awswire.RESTOp("Get", "GET", "/v/things/{Name}", 200, get),
		awswire.RESTOp("GetList", "GET", "/v/things/list", 200, func(context.Context, *nothing) (*thing, error) { return &thing{Text: new("list")}, nil }),
		awswire.RESTOp("Greedy", "GET", "/v/files/{Name+}/end", 200, get),
		awswire.RESTOp("Put", "PUT", "/v/things/{Name}", 202, echo),
		awswire.RESTOp("Delete", "DELETE", "/v/things/{Name}", 204, func(context.Context, *named2) (*nothing, error) { return nil, nil }),
		awswire.RESTOp("Raw", "POST", "/v/things/{Name}/raw", 200, func(_ context.Context, in *raw) (*raw, error) {
			body, err := io.ReadAll(in.Payload)
			if err != nil {
				return nil, fmt.Errorf("reading: %w", err)
			}
			switch *in.Name {
			case "none":
				return &raw{Status: new(202)}, nil
			case "broken":
				return &raw{Payload: io.MultiReader(bytes.NewReader(body), failing{})}, nil
			}
			return &raw{Log: new("line\r\nX-Evil: 1"), Payload: bytes.NewReader(bytes.ToUpper(body))}, nil
		}),
		awswire.RESTOp[nothing, nothing]("Absent", "GET", "/v/absent/{Label}", 200, nil),
		awswire.RESTOp("Fail", "POST", "/v/fail/{Name}", 200, func(_ context.Context, in *named2) (*nothing, error) {
			if *in.Name == "typed" {
				return nil, &awswire.Error{Code: "com.example#ThrottledException", Status: 429, MessageKey: "Message", Message: "no <thing>",
					Members: map[string]string{"Type": "User", "Reason": "Busy"}, Header: map[string]string{"Retry-After": "1"}}
			}
			return nil, errors.New("secret detail")
		}),
	}
	return &awswire.REST{Operations: ops, MaxBody: 1 << 12, NewID: func() string { return "id-1" },
		Unknown: func(_ context.Context, op string, members []string) {
			s.unknown = append(s.unknown, op+": "+strings.Join(members, " "))
		},
		Failed: func(_ context.Context, op string, err error) error {
			s.failed = append(s.failed, op)
			return err
		},
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("gone") }

func TestRESTAnswers(t *testing.T) {
	const up = "UnknownOperationException"
	bad := func(message string) string { return `{"message":"` + message + `"}` }
	tests := []struct {
		name, method, url, body string
		status                  int
		want                    string // body
		code                    string // of an error
	}{
		{"list", "GET", "/v/things", "", 200, `{"Text":"all"}`, ""},
		{"slash at the end", "GET", "/v/things/", "", 200, `{"Text":"all"}`, ""},
		{"told apart by a parameter", "GET", "/v/things?find=One", "", 200, `{"Text":"one"}`, ""},
		{"label", "GET", "/v/things/f", "", 200, `{"Text":"f id-1  "}`, ""},
		{"label and slash", "GET", "/v/things/f/", "", 200, `{"Text":"f id-1  "}`, ""},
		{"literal before label", "GET", "/v/things/list", "", 200, `{"Text":"list"}`, ""},
		{"escaped literal", "GET", "/v/th%69ngs/list", "", 200, `{"Text":"list"}`, ""},
		{"encoded ARN", "GET", "/v/things/arn%3Aaws%3Alambda%3A%3Afunction%3Af%3A%24LATEST", "", 200, `{"Text":"arn:aws:lambda::function:f:$LATEST id-1  "}`, ""},
		{"plain ARN", "GET", "/v/things/arn:aws:lambda::function:f:$LATEST", "", 200, `{"Text":"arn:aws:lambda::function:f:$LATEST id-1  "}`, ""},
		{"encoded slash", "GET", "/v/things/a%2Fb%2f%2E%2E", "", 200, `{"Text":"a/b/.. id-1  "}`, ""},
		{"dots are a name", "GET", "/v/things/..", "", 200, `{"Text":".. id-1  "}`, ""},
		{"plus is a plus, twice encoded once decoded", "GET", "/v/things/a+b%2520", "", 200, `{"Text":"a+b%20 id-1  "}`, ""},
		{"greedy", "GET", "/v/files/a/b%2Fc/end", "", 200, `{"Text":"a/b/c id-1  "}`, ""},
		{"greedy takes one at least", "GET", "/v/files/end", "", 404, bad("This service has no operation GET /v/files/end."), up},
		{"double slash is not cleaned", "GET", "/v//things", "", 404, bad("This service has no operation GET /v//things."), up},
		{"two slashes at the end", "GET", "/v/things//", "", 200, `{"Text":" id-1  "}`, ""},
		{"other method", "PATCH", "/v/things", "", 404, bad("This service has no operation PATCH /v/things."), up},
		{"longer path", "GET", "/v/things/f/x", "", 404, bad("This service has no operation GET /v/things/f/x."), up},
		{"unserved", "GET", "/v/absent/x", "", 404, bad("The operation Absent is not served by this endpoint."), up},
		{"validated", "GET", "/v/things/bad", "", 400, bad("Value 'bad' at 'name'"), "ValidationException"},
		{"unknown parameter", "GET", "/v/things/f?Colour=1&X-Amz-Date=2", "", 200, `{"Text":"f id-1  ?Colour"}`, ""},
		{"broken query", "GET", "/v/things/f?a=%zz", "", 400, bad(`The query of the URL cannot be read: invalid URL escape \"%zz\"`), "SerializationException"},
		{"number in the query", "PUT", "/v/things/f?MaxItems=x", "{}", 400, bad("The value of parameter MaxItems cannot be read as int."), "SerializationException"},
		{"no content", "DELETE", "/v/things/f", "", 204, "", ""},
		{"no body", "PUT", "/v/things/f", "", 202, "{}", ""},
		{"members", "PUT", "/v/things/f", ` {"Text":"<&>\u00e9\n","Number":10.0,"Long":-5,"Ratio":0.5,"On":false,"At":1767323045.678,"List":[],"Tags":{"a":"","b":"\"\\"},"Inner":{"Code":"AA\/="},"Inners":[{},{"Level":"x"}]} `,
			202, `{"Text":"<&>é\n","Number":10,"Long":-5,"Ratio":0.5,"On":false,"At":1767323045.678,"List":[],"Tags":{"a":"","b":"\"\\"},"Inner":{"Code":"AA8="},"Inners":[{},{"Level":"x"}]}`, ""},
		{"null is absent, the last counts, names are exact", "PUT", "/v/things/f", `{"Text":"a","Text":null,"Number":1,"Number":2,"long":5,"List":null}`, 202, `{"Number":2}`, ""},
		{"typed error", "POST", "/v/fail/typed", "", 429, `{"Message":"no \u003cthing\u003e","Reason":"Busy","Type":"User"}`, "ThrottledException"},
		{"foreign error", "POST", "/v/fail/f", "", 500, bad("The request processing has failed because of an unknown error, exception or failure."), "InternalFailure"},
		{"payload", "POST", "/v/things/f/raw", "abc", 200, "ABC", ""},
		{"no payload", "POST", "/v/things/none/raw", "abc", 202, "", ""},
		{"large payload", "POST", "/v/things/f/raw", strings.Repeat("x", 5000), 413, bad("The request body is larger than this endpoint accepts."), "RequestEntityTooLargeException"},
		{"large body", "PUT", "/v/things/f", `{"Text":"` + strings.Repeat("x", 5000), 413, bad("The request body is larger than this endpoint accepts."), "RequestEntityTooLargeException"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := new(seen)
			w := answer(rest(s), httptest.NewRequest(tt.method, tt.url, strings.NewReader(tt.body)))
			if diff := cmp.Diff(tt.want, w.Body.String()); w.Code != tt.status || diff != "" {
				t.Errorf("status %d, want %d; body -want +got\n%s", w.Code, tt.status, diff)
			}
			if got := strings.Join(w.Header()[errorType], " "); got != tt.code {
				t.Errorf("error type %q, want %q", got, tt.code)
			}
			if id := w.Header()[requestIDHeader]; !cmp.Equal(id, []string{"id-1"}) {
				t.Errorf("request id %q", id)
			}
			if ct := w.Header().Get("Content-Type"); (ct == "application/json") != (w.Body.Len() > 0) {
				t.Errorf("content type %q of %q", ct, w.Body)
			}
			if failed := len(s.failed) == 1; failed != (tt.code != "") {
				t.Errorf("the hook for errors heard %q", s.failed)
			}
		})
	}
}

func TestRESTRefusesBodies(t *testing.T) {
	tests := map[string]string{
		`{`:                   "The request body is not valid JSON: unexpected end of JSON input at byte 1",
		`{"Text":1,}`:         "The request body is not valid JSON: invalid character '}' looking for beginning of object key string at byte 11",
		`nonsense`:            "The request body is not valid JSON: invalid character 'o' in literal null (expecting 'u') at byte 2",
		"{\"Text\":\"\xff\"}": "The request body is not valid UTF-8.",
		strings.Repeat(`{"Inner":`, 100) + "1" + strings.Repeat("}", 100): "The request nests deeper than 64 levels.",
		`[]`:                        "Start of list found where not expected (member request body)",
		`null`:                      "NULL_VALUE can not be converted to a Structure (member request body)",
		`{"Text":1}`:                "NUMBER_VALUE can not be converted to a String (member Text)",
		`{"Text":{}}`:               "Start of structure or map found where not expected (member Text)",
		`{"Number":"1"}`:            "STRING_VALUE can not be converted to an Integer (member Number)",
		`{"Number":1.5}`:            "NUMBER_VALUE can not be converted to an Integer (member Number)",
		`{"Long":1e300}`:            "NUMBER_VALUE can not be converted to an Integer (member Long)",
		`{"Ratio":true}`:            "TRUE_VALUE can not be converted to a Double (member Ratio)",
		`{"On":"true"}`:             "STRING_VALUE can not be converted to a Boolean (member On)",
		`{"At":"2026-01-02"}`:       "STRING_VALUE can not be converted to a Timestamp (member At)",
		`{"At":1e15}`:               "NUMBER_VALUE can not be converted to a Timestamp (member At)",
		`{"List":"a"}`:              "STRING_VALUE can not be converted to a List (member List)",
		`{"List":["a",null]}`:       "NULL_VALUE can not be converted to a String (member List[1])",
		`{"Tags":[]}`:               "Start of list found where not expected (member Tags)",
		`{"Tags":{"a":false}}`:      "FALSE_VALUE can not be converted to a String (member Tags.a)",
		`{"Inner":"x"}`:             "STRING_VALUE can not be converted to a Structure (member Inner)",
		`{"Inners":[{"Level":[]}]}`: "Start of list found where not expected (member Inners[0].Level)",
		`{"Inner":{"Code":"!"}}`:    "The member Inner.Code is not valid base64: illegal base64 data at input byte 0",
		`{"Inner":{"Code":[1]}}`:    "Start of list found where not expected (member Inner.Code)",
	}
	for body, want := range tests {
		w := answer(rest(new(seen)), httptest.NewRequest("PUT", "/v/things/f", strings.NewReader(body)))
		if w.Code != 400 || !strings.Contains(unescape(w.Body.String()), want) || w.Header()[errorType][0] != "SerializationException" {
			t.Errorf("%.60s: %d %s, want %s", body, w.Code, w.Body, want)
		}
	}
}

func unescape(s string) string { return strings.NewReplacer(`\"`, `"`, `\u003c`, "<").Replace(s) }

func TestRESTBounds(t *testing.T) {
	h := rest(new(seen))
	h.MaxBody = 1 << 20
	for body, want := range map[string]string{
		`{"List":[` + strings.Repeat(`"",`, 10000) + `""]}`: "The list List has more than 10000 elements.",
		`{"Tags":{` + manyKeys(10001) + `}}`:                "The map Tags has more than 10000 entries.",
	} {
		w := answer(h, httptest.NewRequest("PUT", "/v/things/f", strings.NewReader(body)))
		if w.Code != 400 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%d %.200s, want %s", w.Code, w.Body, want)
		}
	}
	s := new(seen)
	h = rest(s)
	h.MaxBody = 1 << 20
	w := answer(h, httptest.NewRequest("PUT", "/v/things/f", strings.NewReader(`{`+manyKeys(5000)+`}`)))
	if w.Code != 202 || len(strings.Fields(s.unknown[0])) != 101 {
		t.Errorf("%d, %d unknown members reported, want 100", w.Code, len(strings.Fields(s.unknown[0]))-1)
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":"",`, i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

func TestRESTUnknownMembers(t *testing.T) {
	s := new(seen)
	body := `{"text":1,"Inner":{"Burst":{"deep":[1]},"Level":"a"},"Inners":[{},{"Colour":null}],"Name":"twice"}`
	w := answer(rest(s), httptest.NewRequest("PUT", "/v/things/f?Version=1&Zeal=2", strings.NewReader(body)))
	if w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if want := []string{"Put: ?Zeal text Inner.Burst Inners[1].Colour Name"}; !cmp.Equal(s.unknown, want) {
		t.Errorf("heard of %q, want %q", s.unknown, want)
	}
}

func TestRESTPlaces(t *testing.T) {
	r := httptest.NewRequest("PUT", "/v/things/a%20b?Version=%24LATEST&MaxItems=7&tagKeys=x&tagKeys=z", strings.NewReader("{}"))
	r.Header.Set("X-Amz-Mode", "Event")
	var got *thing
	h := &awswire.REST{Operations: []awswire.RESTOperation{awswire.RESTOp("Put", "PUT", "/v/things/{Name}", 200,
		func(_ context.Context, in *thing) (*thing, error) { got = in; return in, nil })}}
	if w := answer(h, r); w.Code != 200 || w.Header().Get("X-Amz-Mode") != "Event" {
		t.Errorf("%d %s, header %q", w.Code, w.Body, w.Header().Get("X-Amz-Mode"))
	}
	want := &thing{Name: new("a b"), Version: new("$LATEST"), Max: new(7), Keys: []string{"x", "z"}, Mode: new("Event")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestRESTEncoding(t *testing.T) {
	r := httptest.NewRequest("POST", "/v/things/f/raw", strings.NewReader("abc"))
	r.Header.Set("Content-Encoding", "gzip")
	if w := answer(rest(new(seen)), r); w.Code != 415 || w.Header()[errorType][0] != "UnsupportedMediaTypeException" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	r = httptest.NewRequest("POST", "/v/things/f/raw", strings.NewReader("abc"))
	r.Header.Set("Content-Type", "text/csv; charset=utf-16")
	if w := answer(rest(new(seen)), r); w.Code != 200 || w.Body.String() != "ABC" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRESTCheck(t *testing.T) {
	if err := rest(new(seen)).Check(); err != nil {
		t.Error(err)
	}
	type badTag struct {
		A *string `json:"-" rest:"cookie,a"`
	}
	type badPayload struct {
		A []byte `json:"-" rest:"payload"`
	}
	type badType struct{ A chan int }
	for name, op := range map[string]awswire.RESTOperation{
		"no member":   awswire.RESTOp("A", "GET", "/v/{Other}", 200, func(context.Context, *named2) (*nothing, error) { return nil, nil }),
		"no slash":    awswire.RESTOp("A", "GET", "v", 200, func(context.Context, *nothing) (*nothing, error) { return nil, nil }),
		"two greedy":  awswire.RESTOp("A", "GET", "/{Name+}/{Name+}", 200, func(context.Context, *named2) (*nothing, error) { return nil, nil }),
		"bad tag":     awswire.RESTOp[badTag, nothing]("A", "GET", "/v", 200, nil),
		"bad payload": awswire.RESTOp[badPayload, nothing]("A", "GET", "/v", 200, nil),
		"bad type":    awswire.RESTOp[nothing, badType]("A", "GET", "/v", 200, nil),
	} {
		if err := (&awswire.REST{Operations: []awswire.RESTOperation{op}}).Check(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestISO8601(t *testing.T) {
	at := time.Date(2026, 11, 21, 13, 37, 56, 795_400_000, time.FixedZone("", 3600))
	if got := awswire.ISO8601(at); got != "2026-11-21T12:37:56.795+0000" {
		t.Error(got)
	}
}

// The length of a streamed payload is not known, so what fails half way has to
// break the connection.
func TestRESTBrokenPayload(t *testing.T) {
	got, err := overPipe(t, rest(new(seen)), "POST /v/things/broken/raw HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
	if err != nil || !strings.Contains(got, "3\r\nabc\r\n") || strings.Contains(got, "\r\n0\r\n\r\n") {
		t.Errorf("the client read %q (%v), which looks complete", got, err)
	}
}

// What a server of net/http leaves of a request is matched as it was written.
func TestRESTBehindServer(t *testing.T) {
	for path, status := range map[string]string{
		"/v/things/a%2F..%2Fb": "200", "/v//things": "404", "/v/things/../things": "404", "/v/things/%zz": "400", "*": "404", "http://other/v/things": "200",
	} {
		got, err := overPipe(t, rest(new(seen)), "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if err != nil || !strings.HasPrefix(got, "HTTP/1.1 "+status) {
			t.Errorf("%s: %q (%v), want status %s", path, got, err, status)
		}
	}
}
