package awsclient_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/penstock/penstock/awsclient"
)

func TestParseEndpoint(t *testing.T) {
	for value, want := range map[string]awsclient.Route{
		"arn:aws:sqs:eu-west-1:=http://localhost:9324":                  {Prefix: "arn:aws:sqs:eu-west-1:", Endpoint: awsclient.Endpoint{URL: "http://localhost:9324"}},
		"arn:=https://10.0.0.1/path,region=eu-west-1,profile=a=b":       {Prefix: "arn:", Endpoint: awsclient.Endpoint{URL: "https://10.0.0.1/path", Profile: "a=b", Region: "eu-west-1"}},
		"arn:aws:sqs:us-east-1:111122223333:=,profile=production":       {Prefix: "arn:aws:sqs:us-east-1:111122223333:", Endpoint: awsclient.Endpoint{Profile: "production"}},
		"arn:aws:kinesis:=http://[::1]:4567,region=us-east-1":           {Prefix: "arn:aws:kinesis:", Endpoint: awsclient.Endpoint{URL: "http://[::1]:4567", Region: "us-east-1"}},
		"arn:aws:sqs:=https://vpce-1.sqs.us-east-1.vpce.amazonaws.com/": {Prefix: "arn:aws:sqs:", Endpoint: awsclient.Endpoint{URL: "https://vpce-1.sqs.us-east-1.vpce.amazonaws.com/"}},
	} {
		got, err := awsclient.ParseEndpoint(value)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", value, got, err)
		}
	}
	for value, rule := range map[string]string{
		"":                                       "must be ARN-PREFIX=URL",
		"http://localhost":                       "must be ARN-PREFIX=URL",
		"sqs=http://localhost":                   "must start with arn:",
		"arn:aws:sqs:=":                          "must name a URL",
		"arn:aws:sqs:=localhost:9324":            "http:// or https://",
		"arn:aws:sqs:=ftp://localhost":           "http:// or https://",
		"arn:aws:sqs:=http://":                   "must name a host",
		"arn:aws:sqs:=http://:80":                "must name a host",
		"arn:aws:sqs:=http://h?x=1":              "query",
		"arn:aws:sqs:=http://h#x":                "query or fragment",
		"arn:aws:sqs:=http://h\x7f":              "malformed",
		"arn:aws:sqs:=http://h,zone=a":           "only profile=NAME and region=REGION",
		"arn:aws:sqs:=http://h,profile=":         "profile must be given once",
		"arn:aws:sqs:=http://h,region=a,region=": "region must be given once",
		"arn:aws:sqs:=http://user:s3cret@h":      "must not hold credentials",
	} {
		_, err := awsclient.ParseEndpoint(value)
		if err == nil || !strings.Contains(err.Error(), rule) {
			t.Errorf("%s: error %v, want one that says %q", value, err, rule)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	if _, err := awsclient.ParseEndpoints([]string{"arn:a=http://x", "arn:a=http://y"}); err == nil {
		t.Error("the same prefix twice is accepted")
	}
}

func FuzzParseEndpoint(f *testing.F) {
	f.Add("arn:aws:sqs:eu-west-1:=http://localhost:9324,profile=a,region=b")
	f.Add("arn:=http://u:p@h")
	f.Add("=,=,")
	f.Fuzz(func(t *testing.T, value string) {
		r, err := awsclient.ParseEndpoint(value)
		if err != nil {
			return
		}
		if r.Endpoint == (awsclient.Endpoint{}) || !strings.HasPrefix(value, r.Prefix+"=") {
			t.Errorf("%q gives %+v", value, r)
		}
		if got := (awsclient.Endpoints{r}).For(r.Prefix + "rest"); got != r.Endpoint {
			t.Errorf("%q does not find %+v but %+v", value, r, got)
		}
	})
}

func ExampleEndpoints_For() {
	endpoints, err := awsclient.ParseEndpoints([]string{
		"arn:aws:sqs:=http://localhost:9324",
		"arn:aws:sqs:eu-west-1:111122223333:=,profile=production",
		"arn:aws:=,region=eu-north-1",
	})
	fmt.Println(err)
	fmt.Println(endpoints.For("arn:aws:sqs:us-east-1:000000000000:orders").URL)
	fmt.Println(endpoints.For("arn:aws:sqs:eu-west-1:111122223333:orders").Profile)
	fmt.Println(endpoints.For("arn:aws:kinesis:eu-west-1:111122223333:stream/clicks").Region)
	fmt.Println(endpoints.For("arn:penstock:list:jobs"))
	// Output:
	// <nil>
	// http://localhost:9324
	// production
	// eu-north-1
	// {  }
}
