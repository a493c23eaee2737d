package awswire_test

import (
	"encoding/xml"
	"net/http/httptest"
	"strings"
	"testing"
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
