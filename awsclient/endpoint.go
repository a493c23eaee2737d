package awsclient

import (
	"fmt"
	"net/url"
	"strings"
)

// An Endpoint overrides where and as whom a service is reached. Zero fields
// leave the standard AWS configuration in force. It converts to and from
// sources.Endpoint.
type Endpoint struct {
	URL, Profile, Region string
}

// A Route sends everything whose ARN starts with Prefix to its Endpoint.
type Route struct {
	Prefix string
	Endpoint
}

// Endpoints lets one daemon read several places. The zero value is the
// standard AWS configuration for all.
type Endpoints []Route

// For returns the endpoint of the longest prefix that the ARN starts with; the
// zero Endpoint if there is none.
func (e Endpoints) For(arn string) Endpoint {
	var best Route
	for _, r := range e {
		if strings.HasPrefix(arn, r.Prefix) && len(r.Prefix) > len(best.Prefix) {
			best = r
		}
	}
	return best.Endpoint
}

// ParseEndpoints reads the values of a repeated --endpoint flag.
func ParseEndpoints(values []string) (Endpoints, error) {
	var list Endpoints
	seen := map[string]bool{}
	for _, v := range values {
		r, err := ParseEndpoint(v)
		if err != nil {
			return nil, err
		}
		if seen[r.Prefix] {
			return nil, fmt.Errorf("endpoint %q: the prefix %s is given twice", v, r.Prefix)
		}
		seen[r.Prefix] = true
		list = append(list, r)
	}
	return list, nil
}

// ParseEndpoint reads ARN-PREFIX=[URL][,profile=NAME][,region=REGION], with at
// least one of the three:
//
//	arn:aws:sqs:eu-west-1:=http://localhost:9324
//	arn:aws:sqs:us-east-1:111122223333:=,profile=production
func ParseEndpoint(value string) (Route, error) {
	fail := func(rule string) (Route, error) {
		return Route{}, fmt.Errorf("endpoint %q: %s", redact(value), rule)
	}
	prefix, rest, ok := strings.Cut(value, "=")
	if !ok {
		return fail("must be ARN-PREFIX=URL[,profile=NAME][,region=REGION]")
	}
	if !strings.HasPrefix(prefix, "arn:") {
		return fail("the prefix must start with arn:")
	}
	r := Route{Prefix: prefix}
	parts := strings.Split(rest, ",")
	r.URL = parts[0]
	if r.URL != "" {
		if rule := checkURL(r.URL); rule != "" {
			return fail(rule)
		}
	}
	for _, part := range parts[1:] {
		key, v, _ := strings.Cut(part, "=")
		var field *string
		switch key {
		case "profile":
			field = &r.Profile
		case "region":
			field = &r.Region
		default:
			return fail("after the URL only profile=NAME and region=REGION may follow")
		}
		if v == "" || *field != "" {
			return fail(key + " must be given once and not be empty")
		}
		*field = v
	}
	if r.Endpoint == (Endpoint{}) {
		return fail("must name a URL, a profile or a region")
	}
	return r, nil
}

// checkURL returns the rule that the URL of a service breaks; "" if none.
func checkURL(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "the URL is malformed"
	case u.Scheme != "http" && u.Scheme != "https":
		return "the URL must start with http:// or https://"
	case u.Hostname() == "":
		return "the URL must name a host"
	case u.User != nil:
		return "the URL must not hold credentials; use a profile"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "the URL must not have a query or fragment"
	}
	return ""
}

// redact hides what stands before an @ in a URL: it may be a password.
func redact(value string) string {
	at := strings.LastIndex(value, "@")
	slashes := strings.Index(value, "//")
	if slashes < 0 || at < slashes {
		return value
	}
	return value[:slashes+2] + "..." + value[at:]
}

// amazon reports whether the URL is one of AWS's own, such as a VPC endpoint.
func (e Endpoint) amazon() bool {
	u, err := url.Parse(e.URL)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn") ||
		strings.HasSuffix(host, ".api.aws")
}
