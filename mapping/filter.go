package mapping

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/penstock/penstock/events/pattern"
	"github.com/penstock/penstock/sources"
)

// A Filter decides which records a mapping takes: those that match one of its
// patterns, or all if it has none. It is safe for concurrent use; nil passes
// everything.
//
// What is matched is the record's View: the record as the function will see it,
// with the payload as a JSON string under Limits.FilterKey ("body" for SQS),
// never as JSON of its own. Without a FilterKey the view is matched as it is.
// How a payload is read follows from what the pattern asks of it, as AWS
// documents it:
//
//	payload      pattern's key is   result
//	not JSON     a list of values   the text is compared
//	not JSON     an object          the formats differ
//	JSON         a list of values   the formats differ
//	JSON         an object          the payload's members are compared
//	any          not there          the other keys alone decide
//
// A payload is JSON if its text is any JSON value. One that is a string,
// number, boolean or null has no members, so against an object the formats
// differ. Where the formats differ the record does not match (SQS, streams:
// Limits.Mismatch), or the payload's part of the pattern is left out and the
// rest decides (Kafka, MQ). A pattern that mentions the key in both forms, in
// branches of $or, fits either format.
type Filter struct {
	key      string
	view     func(json.RawMessage) json.RawMessage // Limits.FilterView
	lenient  bool                                  // formats that differ leave out a part of the pattern
	splices  bool                                  // some pattern asks for members of the payload
	patterns []form
	buffers  sync.Pool // of *[]byte, for spliced views
}

// A form is a pattern and what it asks of the payload.
type form struct {
	*pattern.Pattern
	asks pattern.KeyForm
	// rest is the pattern without the payload's key, for lenient filters. nil
	// and restAll false: there is none.
	rest    *pattern.Pattern
	restAll bool // nothing is left of it: everything matches
}

// NewFilter compiles the filters of a mapping that reads a source with the
// limits given. nil criteria, or no filters, pass everything. The error names
// the first filter that is not an event pattern, counting from 1, and wraps a
// *pattern.Error.
func NewFilter(criteria *FilterCriteria, limits sources.Limits) (*Filter, error) {
	f := &Filter{key: limits.FilterKey, lenient: !limits.Mismatch, view: limits.FilterView}
	if criteria == nil {
		return f, nil
	}
	for i, c := range criteria.Filters {
		p, err := pattern.Compile(c.Pattern, pattern.Mapping)
		if err != nil {
			return nil, fmt.Errorf("filter %d: %w", i+1, err)
		}
		one := form{Pattern: p}
		if f.key != "" {
			one.asks = p.Key(f.key)
		}
		if one.asks != pattern.None && f.lenient {
			if one.rest, one.restAll, err = without(c.Pattern, f.key); err != nil {
				return nil, fmt.Errorf("filter %d: %w", i+1, err)
			}
		}
		f.splices = f.splices || one.asks != pattern.None
		f.patterns = append(f.patterns, one)
	}
	return f, nil
}

// Match reports whether the mapping takes r. It fails if the record is not a
// JSON object, or is nested too deep to be matched.
func (f *Filter) Match(r sources.Record) (bool, error) {
	if f == nil || len(f.patterns) == 0 {
		return true, nil
	}
	view := []byte(r.Body)
	switch {
	case r.View != nil:
		view = r.View()
	case f.view != nil:
		view = f.view(r.Body)
	}
	p := payload{raw: view, format: absent}
	if f.splices {
		buffer := f.buffer()
		defer f.buffers.Put(buffer)
		var err error
		if p, err = open(view, f.key, buffer); err != nil {
			return false, fmt.Errorf("match record %s: %w", r.ID, err)
		}
	}
	for i := range f.patterns {
		ok, err := f.patterns[i].match(p, f.lenient)
		if err != nil {
			return false, fmt.Errorf("match record %s: %w", r.ID, err)
		}
		if ok {
			return true, nil
		}
	}
	return false, nil
}

func (f *Filter) buffer() *[]byte {
	if b, ok := f.buffers.Get().(*[]byte); ok {
		return b
	}
	return new([]byte)
}

// match matches one pattern against a view whose payload was looked at.
func (f *form) match(p payload, lenient bool) (bool, error) {
	fits := true
	view := p.raw
	switch p.format {
	case plain, scalar:
		fits = f.asks != pattern.Object && (p.format == plain || f.asks == pattern.None)
	case structured:
		fits = f.asks != pattern.Values
		if f.asks&pattern.Object != 0 {
			view = p.spliced
		}
	}
	switch {
	case fits:
		return f.Match(view)
	case !lenient:
		return false, nil
	case f.restAll:
		return true, nil
	}
	return f.rest.Match(p.raw)
}
