package awswire

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// An Epoch is a time that JSON writes as a number of seconds since 1970, with at
// most three decimals. The zero Epoch is the zero time.
type Epoch struct{ time.Time }

var epochType = reflect.TypeFor[Epoch]()

// MarshalJSON writes the number.
func (e Epoch) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(e.UnixMilli())/1000, 'f', -1, 64), nil
}

// UnmarshalJSON reads a number, to the millisecond, up to the year 9999.
func (e *Epoch) UnmarshalJSON(text []byte) error {
	const latest = 253402300799
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.Abs(seconds) > latest {
		return fmt.Errorf("%s is not a number of seconds since 1970", shortened(string(text)))
	}
	e.Time = time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	return nil
}

func decodeEpoch(path string, raw []byte, v reflect.Value) error {
	var e Epoch
	if e.UnmarshalJSON(raw) != nil {
		return wrong(raw, "a Timestamp", path)
	}
	v.Set(reflect.ValueOf(e))
	return nil
}

// ISO8601 is a time as members that are strings hold it, in UTC with milliseconds
// and an offset without colon: 2026-11-21T12:37:56.795+0000.
func ISO8601(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }
