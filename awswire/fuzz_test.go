package awswire_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever the parameters are, the answer is XML with a request id and never a
// server error.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "Action=Echo", "Action=Echo&Name.1=a&Name.-1=b&Name.1.2=c", "Action=Echo&Tag.1.Key=k", "Action=Echo&Entry.1.Name=a&Entry.1.Value.Data=AA==",
		"Action=Echo&....=1", "Action=Echo&Number=9e9", "Action=%00&%zz", "Action=Echo&Items.member.1=x&Items.member.01.Name=x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		w := answer(api(), form("POST", query))
		if w.Code >= 500 || w.Code == 0 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if body := w.Body.String(); w.Code != 404 && !strings.Contains(body, "<RequestId>id-1</RequestId>") {
			t.Errorf("no request id in %s", body)
		}
		if err := xml.Unmarshal(w.Body.Bytes(), new(struct{})); err != nil {
			t.Errorf("%v in %s", err, w.Body)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `{"Text":"a"}`, `{"Items":[null]}`, `{"tags":{"a":null}}`, `{"Number":1e2}`, `"`, `{"\u0000":"\ud800"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if w := answer(api(), post("Example.Echo", body)); w.Code != 200 && w.Code != 400 && w.Code != 413 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func FuzzRouter(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AK/20260102/us-east-1/sqs/aws4_request,", "AmazonSQS.X", "Action=SendMessage", "/")
	f.Add("AWS4-", ".", "&&;=%", "//../%2f")
	f.Add("Credential=////", "AmazonSQS", "Version=&Action=", "*")
	f.Fuzz(func(t *testing.T, auth, target, body, path string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.URL.Path, r.URL.RawQuery = path, body
		r.Header.Set("Authorization", auth)
		r.Header.Set("X-Amz-Target", target)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if w := answer(router(), r); w.Code != 200 && w.Code != 404 && w.Code != 413 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// Whatever the body is, it is taken or refused; and what is taken is answered in
// a form that is taken again as the same.
func FuzzRESTBody(f *testing.F) {
	for _, seed := range []string{`{}`, `{"Text":"a\u00e9\\","Number":1e2,"At":1.5}`, `{"List":["a",""],"Tags":{"\"":"b"}}`, `{"Inner":{"Code":"AA=="},"x":{"y":[{}]}}`,
		`{"Inners":[{"Level":"\ud800"}]}`, "\t{ \"On\" :\ntrue , \"Long\": -0 }", `[`, `{"Text":"\\\""}`, `null`, `{"a":1,"a":"b"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		put := func(body string) (int, string) {
			w := answer(rest(new(seen)), httptest.NewRequest("PUT", "/v/things/f", strings.NewReader(body)))
			return w.Code, w.Body.String()
		}
		code, once := put(body)
		switch code {
		case 400, 413:
		case 202:
			if code, twice := put(once); code != 202 || twice != once {
				t.Errorf("%q was answered %s, and that %d %s", body, once, code, twice)
			}
		default:
			t.Errorf("%d %s", code, once)
		}
	})
}

// Whatever the path is, the answer is no server error, and a label comes out as
// it was written.
func FuzzRESTPath(f *testing.F) {
	for _, seed := range []string{"f", "a/b", "..", "", "%", "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST", "ü", "\x00", "a?b#c", "list"} {
		f.Add(seed, "find=One")
	}
	f.Fuzz(func(t *testing.T, name, query string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path, r.URL.RawPath = "/v/things/"+name, "/v/things/"+url.PathEscape(name)
		r.URL.RawQuery = query
		w := answer(rest(new(seen)), r)
		var out struct{ Text string }
		json.Unmarshal(w.Body.Bytes(), &out)
		switch {
		case w.Code == 400 || name == "" || name == "list":
		case w.Code != 200 || !strings.HasPrefix(out.Text, strings.ToValidUTF8(name, "\ufffd")+" id-1 ") && utf8.ValidString(name):
			t.Errorf("%d %s for %q", w.Code, w.Body, name)
		}
		r.URL.Path, r.URL.RawPath = name, ""
		if w := answer(rest(new(seen)), r); w.Code >= 500 {
			t.Errorf("%d %s for path %q", w.Code, w.Body, name)
		}
	})
}
