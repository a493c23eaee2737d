package sqs

import (
	"cmp"
	"context"
	"strings"

	"github.com/penstock/penstock/awswire"
)

// queueAt finds the queue that a QueueUrl names. It is lenient, as callers write
// URLs for AWS, for other emulators and by hand: scheme and host do not matter but
// for a region in them, and a bare queue name will do.
func (s *Service) queueAt(ctx context.Context, queueURL string) (*queue, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	if queueURL == "" {
		return nil, missing("QueueUrl")
	}
	p, account, ok := parseQueueURL(queueURL)
	if !ok {
		return nil, &awswire.Error{Code: "InvalidAddress", Message: "The address " + queueURL + " is not valid for this endpoint."}
	}
	p.region = cmp.Or(p.region, awswire.FromContext(ctx).Region, s.region())
	q := s.at(p)
	if q == nil || account != "" && account != s.account() {
		return nil, noSuchQueue()
	}
	return q, nil
}

// parseQueueURL reads the styles of AWS (sqs.REGION.DOMAIN/ACCOUNT/NAME and the
// older REGION.queue.DOMAIN/...) and of emulators (HOST/ACCOUNT/NAME and
// HOST/queue/REGION/ACCOUNT/NAME). Region and account are empty if not given.
func parseQueueURL(text string) (p place, account string, ok bool) {
	host := ""
	if _, rest, found := strings.Cut(text, "://"); found {
		host, text, found = strings.Cut(rest, "/")
		if !found {
			return place{}, "", false
		}
		p.region = hostRegion(host)
	}
	parts := strings.Split(strings.Trim(text, "/"), "/")
	n := len(parts)
	p.name = parts[n-1]
	if n >= 2 {
		account = parts[n-2]
	}
	if n >= 4 && parts[n-4] == "queue" {
		p.region = parts[n-3]
	}
	return p, account, p.name != ""
}

func hostRegion(host string) string {
	parts := strings.Split(host, ".")
	switch {
	case len(parts) >= 3 && parts[0] == "sqs":
		return parts[1]
	case len(parts) >= 3 && parts[1] == "queue":
		return parts[0]
	case len(parts) >= 2 && parts[0] == "queue":
		return defaultRegion // the oldest style, from before there were regions
	}
	return ""
}

// urlOf returns the URL of the queue at p as the caller of ctx can reach it.
func (s *Service) urlOf(ctx context.Context, p place) string {
	base := cmp.Or(awswire.FromContext(ctx).BaseURL, "http://sqs."+p.region+".localhost")
	return base + "/" + s.account() + "/" + p.name
}
