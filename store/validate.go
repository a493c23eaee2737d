package store

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// Validate says whether t keeps to the limits; its errors are ErrInvalid.
// Engines call it before they write.
func (t Txn) Validate() error {
	parts := len(t.Fence) + len(t.Check) + len(t.Put) + len(t.Delete) + len(t.Append) +
		len(t.Trim) + len(t.Queue) + len(t.Hold) + len(t.Ack)
	if parts > MaxTxn {
		return invalid("Txn", "has %d parts, more than %d", parts, MaxTxn)
	}
	if total := t.Bytes(); total > MaxTxnBytes {
		return invalid("Txn", "has %d bytes of values, more than %d", total, MaxTxnBytes)
	}
	for _, check := range []func() error{t.validKeys, t.validLogs, t.validEntries} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// Bytes is the size of all values of t.
func (t Txn) Bytes() (total int) {
	for _, p := range t.Put {
		total += len(p.Value)
	}
	for _, a := range t.Append {
		total += len(a.Value)
	}
	for _, i := range t.Queue {
		total += len(i.Payload) + len(i.Note)
	}
	for _, h := range t.Hold {
		total += len(h.Note)
	}
	return total
}

func (t Txn) validKeys() error {
	for i, l := range t.Fence {
		if err := ValidName(field("Fence", i, "Name"), l.Name); err != nil {
			return err
		}
	}
	for i, c := range t.Check {
		if err := validKey(field("Check", i, "Key"), c.Key, c.If); err != nil {
			return err
		}
	}
	written := make(map[string]bool, len(t.Put)+len(t.Delete))
	once := func(name, key string) error {
		if written[key] {
			return invalid(name, "%q is written twice", key)
		}
		written[key] = true
		return nil
	}
	for i, p := range t.Put {
		name := field("Put", i, "Key")
		if err := first(validKey(name, p.Key, p.If), validValue(field("Put", i, "Value"), p.Value), once(name, p.Key)); err != nil {
			return err
		}
	}
	for i, d := range t.Delete {
		name := field("Delete", i, "Key")
		if err := first(validKey(name, d.Key, d.If), once(name, d.Key)); err != nil {
			return err
		}
	}
	return nil
}

func (t Txn) validLogs() error {
	for i, a := range t.Append {
		if err := first(ValidName(field("Append", i, "Log"), a.Log), validValue(field("Append", i, "Value"), a.Value)); err != nil {
			return err
		}
	}
	for i, c := range t.Trim {
		if err := ValidName(field("Trim", i, "Log"), c.Log); err != nil {
			return err
		}
	}
	return nil
}

func (t Txn) validEntries() error {
	for i, e := range t.Queue {
		if err := first(ValidName(field("Queue", i, "Queue"), e.Queue), validTime(field("Queue", i, "Due"), e.Due),
			validValue(field("Queue", i, "Payload"), e.Payload), validValue(field("Queue", i, "Note"), e.Note)); err != nil {
			return err
		}
	}
	changed := make(map[ID]bool, len(t.Hold)+len(t.Ack))
	once := func(name string, id ID) error {
		if changed[id] {
			return invalid(name, "%d is in it twice", id)
		}
		changed[id] = true
		return nil
	}
	for i, h := range t.Hold {
		if err := first(once(field("Hold", i, "ID"), h.ID), validTime(field("Hold", i, "Due"), h.Due),
			validValue(field("Hold", i, "Note"), h.Note)); err != nil {
			return err
		}
	}
	for i, id := range t.Ack {
		if err := once(fmt.Sprintf("Ack[%d]", i), id); err != nil {
			return err
		}
	}
	return nil
}

// ValidName returns an *InvalidError for what cannot be a name; field is the
// argument that it was given as.
func ValidName(field, name string) error {
	switch {
	case name == "":
		return invalid(field, "is empty")
	case len(name) > MaxName:
		return invalid(field, "has %d bytes, more than %d", len(name), MaxName)
	case !utf8.ValidString(name) || strings.Contains(name, "\x00"):
		return invalid(field, "%q is not UTF-8 without NUL", name)
	}
	return nil
}

// ValidPage returns the size of a page for which max was asked.
func ValidPage(max int) (int, error) {
	if max < 1 {
		return 0, invalid("max", "is %d, less than 1", max)
	}
	return min(max, MaxPage), nil
}

// ValidTTL returns an *InvalidError for what cannot be the length of a lease.
func ValidTTL(ttl time.Duration) error {
	if ttl <= 0 {
		return invalid("ttl", "is %v, not more than 0", ttl)
	}
	return nil
}

func validKey(name, key string, condition Revision) error {
	if condition < Absent {
		return invalid(strings.TrimSuffix(name, "Key")+"If", "is %d, neither a revision nor Any nor Absent", condition)
	}
	return ValidName(name, key)
}

func validValue(name string, value []byte) error {
	if len(value) > MaxValue {
		return invalid(name, "has %d bytes, more than %d", len(value), MaxValue)
	}
	return nil
}

// What fits into nanoseconds since 1970.
var earliest, latest = time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64)

func validTime(name string, t time.Time) error {
	if !t.IsZero() && (t.Before(earliest) || t.After(latest)) {
		return invalid(name, "is %v, not between the years 1678 and 2261", t)
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func field(part string, i int, name string) string { return fmt.Sprintf("%s[%d].%s", part, i, name) }

func invalid(field, rule string, args ...any) error {
	return &InvalidError{Field: field, Rule: fmt.Sprintf(rule, args...)}
}
