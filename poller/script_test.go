package poller_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

// A rule is one line of a handler script: PATTERN[#N] ACTION [ARGUMENT]. It
// holds for records whose body matches, N: only the Nth time the function is
// asked about that body. The last rule that matches counts, for each verb.
type rule struct {
	pattern string
	nth     int
	action  string
	arg     string
}

func parseRules(t *testing.T, text string) (rules []rule) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) < 2 {
			t.Fatalf("handler line %q", line)
		}
		r := rule{pattern: f[0], action: f[1], arg: strings.Join(f[2:], " ")}
		if pattern, n, ok := strings.Cut(f[0], "#"); ok {
			r.pattern, r.nth = pattern, atoi(t, n)
		}
		rules = append(rules, r)
	}
	return rules
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func duration(t *testing.T, s string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A scripted target answers as its rules say.
type scripted struct {
	rules []rule

	mu   sync.Mutex
	seen map[string]int
}

type item struct {
	ID, Body string
}

// Invoke waits for the longest sleep of the batch's records and then gives the
// answer of the last record that has one.
func (s *scripted) Invoke(ctx context.Context, r invoke.Request) (invoke.Result, error) {
	began := time.Now()
	var event struct{ Records []item }
	if err := json.Unmarshal(r.Event, &event); err != nil {
		return invoke.Result{}, err
	}
	var (
		sleep    time.Duration
		result   invoke.Result
		err      error
		reported []string
	)
	for _, i := range event.Records {
		for _, rule := range s.match(i.Body) {
			switch rule.action {
			case "ok":
			case "sleep":
				d, _ := time.ParseDuration(rule.arg)
				sleep = max(sleep, d)
			case "fail":
				result.Failure = invoke.Unhandled
			case "report":
				reported = append(reported, i.ID)
			case "answer":
				result.Payload = json.RawMessage(rule.arg)
			case "throttle":
				err = invoke.ErrThrottled
			case "unreachable":
				err = errors.New("connection refused")
			case "refuse":
				err = fmt.Errorf("no such function: %w", invoke.ErrRefused)
			default:
				err = fmt.Errorf("action %q: %w", rule.action, invoke.ErrRefused)
			}
		}
	}
	select {
	case <-ctx.Done():
		return invoke.Ended(ctx, r.ID, began)
	case <-time.After(sleep):
	}
	if reported != nil {
		result.Payload = failures(reported)
	}
	return result, err
}

func failures(ids []string) json.RawMessage {
	items := make([]map[string]string, len(ids))
	for i, id := range ids {
		items[i] = map[string]string{"itemIdentifier": id}
	}
	payload, _ := json.Marshal(map[string]any{"batchItemFailures": items})
	return payload
}

// match counts that body was asked about and returns its rules.
func (s *scripted) match(body string) (found []rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[body]++
	for _, r := range s.rules {
		if ok, _ := path.Match(r.pattern, body); ok && (r.nth == 0 || r.nth == s.seen[body]) {
			found = append(found, r)
		}
	}
	return found
}

// faults parses lines "OP FIRST[-LAST] ERROR [ID...]" and makes calls FIRST to
// LAST of OP fail; with IDs only for these records.
func faults(t *testing.T, text string) func(memory.Op, []sources.Record) error {
	type fault struct {
		op          memory.Op
		first, last int
		err         error
		ids         []string
	}
	classes := map[string]error{"gone": sources.ErrGone, "denied": sources.ErrDenied, "expired": sources.ErrExpired, "passing": errors.New("connection reset")}
	var list []fault
	for line := range strings.Lines(text) {
		w := strings.Fields(line)
		if len(w) == 0 {
			continue
		}
		if len(w) < 3 || classes[w[2]] == nil {
			t.Fatalf("feed line %q", line)
		}
		first, last, ok := strings.Cut(w[1], "-")
		if !ok {
			last = first
		}
		list = append(list, fault{memory.Op(w[0]), atoi(t, first), atoi(t, last), classes[w[2]], w[3:]})
	}
	calls := map[memory.Op]int{}
	return func(op memory.Op, records []sources.Record) error {
		calls[op]++
		for _, f := range list {
			if f.op != op || calls[op] < f.first || calls[op] > f.last {
				continue
			}
			if len(f.ids) == 0 {
				return f.err
			}
			failed := &sources.Failed{Err: f.err}
			for _, r := range records {
				for _, id := range f.ids {
					if r.ID == id {
						failed.Records = append(failed.Records, r)
					}
				}
			}
			if failed.Records != nil {
				return failed
			}
		}
		return nil
	}
}
