package awswire_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/penstock/penstock/awswire"
)

// named answers with its name and the body it was given.
func named(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, name+":"+string(body))
	})
}

func router() *awswire.Router {
	return &awswire.Router{
		MaxBody: 1 << 10,
		Routes: []awswire.Route{
			{Service: "sqs", Target: "AmazonSQS", Version: "2012-11-05", Actions: []string{"SendMessage"}, Handler: named("sqs")},
			{Service: "sns", Version: "2010-03-31", Actions: []string{"Publish"}, Handler: named("sns")},
			{Service: "lambda", Path: func(p string) bool { return strings.HasPrefix(p, "/2015-03-31/") }, Handler: named("lambda")},
		},
	}
}

func signed(service string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AK/20260102/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=00")
	}
}

func TestRouter(t *testing.T) {
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	formType := header("Content-Type", "application/x-www-form-urlencoded")
	tests := []struct {
		name, method, url, body string
		set                     func(*http.Request)
		want                    string
	}{
		{"scope", "POST", "/", "{}", signed("sns"), "sns:{}"},
		{"scope before path", "POST", "/2015-03-31/functions", "", signed("sqs"), "sqs:"},
		{"presigned", "GET", "/?X-Amz-Credential=AK%2F20260102%2Fus-east-1%2Fsns%2Faws4_request", "", nil, "sns:"},
		{"unknown scope, known target", "POST", "/", "", func(r *http.Request) { signed("other")(r); r.Header.Set("X-Amz-Target", "AmazonSQS.X") }, "sqs:"},
		{"target", "POST", "/", "{}", header("X-Amz-Target", "AmazonSQS.SendMessage"), "sqs:{}"},
		{"path", "GET", "/2015-03-31/functions", "", nil, "lambda:"},
		{"version in query", "GET", "/?Action=GetQueueUrl&Version=2012-11-05", "", nil, "sqs:"},
		{"action in query", "GET", "/?Action=Publish", "", nil, "sns:"},
		{"action in body, which the service still reads", "POST", "/", "Action=SendMessage&A=b", formType, "sqs:Action=SendMessage&A=b"},
		{"version beats action", "GET", "/?Action=SendMessage&Version=2010-03-31", "", nil, "sns:"},
		{"unknown version", "GET", "/?Action=SendMessage&Version=1999-01-01", "", nil, "404 UnknownOperationException"},
		{"nothing", "GET", "/", "", nil, "404 UnknownOperationException"},
		{"unknown target", "POST", "/", "", header("X-Amz-Target", "Nope.X"), "404 UnknownOperationException"},
		{"malformed scope", "GET", "/", "", header("Authorization", "AWS4-HMAC-SHA256 Credential=AK/sqs"), "404 UnknownOperationException"},
		{"large body", "POST", "/", "Action=SendMessage&A=" + strings.Repeat("x", 2000), formType, "413 RequestEntityTooLarge"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, tt.url, strings.NewReader(tt.body))
			if tt.set != nil {
				tt.set(r)
			}
			w := answer(router(), r)
			got := w.Body.String()
			if w.Code != 200 {
				if w.Header()[requestIDHeader] == nil {
					t.Error("a refusal has no request id")
				}
				status, code, _ := strings.Cut(tt.want, " ")
				if strconv.Itoa(w.Code) == status && code != "" && strings.Contains(got, code) {
					return
				}
			}
			if got != tt.want {
				t.Errorf("%d %s, want %s", w.Code, w.Body, tt.want)
			}
		})
	}
}

func TestRouterDefault(t *testing.T) {
	rt := router()
	rt.Default = named("default")
	if got := answer(rt, httptest.NewRequest("GET", "/console", nil)).Body.String(); got != "default:" {
		t.Errorf("got %s", got)
	}
}

func TestScopeOf(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	signed("sqs")(r)
	if s, ok := awswire.ScopeOf(r); !ok || s != (awswire.Scope{AccessKey: "AK", Region: "us-east-1", Service: "sqs"}) {
		t.Errorf("scope %+v, %t", s, ok)
	}
	if s, ok := awswire.ScopeOf(httptest.NewRequest("GET", "/", nil)); ok {
		t.Errorf("an unsigned request has scope %+v", s)
	}
}

func TestGuard(t *testing.T) {
	g := &awswire.Guard{Next: named("in"), Hosts: []string{"queues.example"}, Origins: []string{"http://localhost:3000"}}
	tests := []struct {
		name, host, origin, site string
		ok                       bool
	}{
		{"sdk", "localhost:9324", "", "", true},
		{"name under localhost", "sqs.us-east-1.localhost:9324", "", "", true},
		{"final dot", "localhost.:1", "", "", true},
		{"any of 127/8", "127.8.9.10", "", "", true},
		{"IPv6", "[::1]:9324", "", "", true},
		{"IPv6 without port", "[::1]", "", "", true},
		{"mapped IPv4", "[::ffff:127.0.0.1]:1", "", "", true},
		{"configured host", "Queues.Example:80", "", "", true},
		{"rebound name", "attacker.example:9324", "", "", false},
		{"name that only begins like loopback", "127.0.0.1.attacker.example", "", "", false},
		{"name that only ends like localhost", "notlocalhost", "", "", false},
		{"address of the network", "192.168.1.5:9324", "", "", false},
		{"any address", "0.0.0.0:9324", "", "", false},
		{"no host", "", "", "", false},
		{"own page", "localhost:9324", "http://localhost:9324", "same-origin", true},
		{"address bar", "localhost:9324", "", "none", true},
		{"configured page", "localhost:9324", "http://localhost:3000", "same-site", true},
		{"other port", "localhost:9324", "http://localhost:4000", "", false},
		{"foreign page", "localhost:9324", "https://attacker.example", "", false},
		{"sandboxed page", "localhost:9324", "null", "", false},
		{"link on a page", "localhost:9324", "", "cross-site", false},
		{"page of the same site", "localhost:9324", "", "same-site", false},
		{"unknown mark", "localhost:9324", "", "new-word", false},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = tt.host
		if tt.origin != "" {
			r.Header.Set("Origin", tt.origin)
		}
		if tt.site != "" {
			r.Header.Set("Sec-Fetch-Site", tt.site)
		}
		w := answer(g, r)
		if ok := w.Code == 200; ok != tt.ok || !ok && (w.Code != 403 || !strings.Contains(w.Body.String(), "AccessDenied")) {
			t.Errorf("%s: %d %s, want let in: %t", tt.name, w.Code, w.Body, tt.ok)
		}
	}
}
