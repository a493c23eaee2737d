package mapping

import (
	"bytes"
	"encoding/json"

	"github.com/penstock/penstock/events"
	"github.com/penstock/penstock/sources"
)

// Failures reads a partial batch response and returns the indices of the
// records of the batch that it reports as failed, in rising order. ok is false
// if the response is not valid, which fails the whole batch.
//
// Nobody failed, as on AWS: no payload, null, "", [], {}, an object without
// batchItemFailures, and one whose batchItemFailures is null or []. Not valid: text
// that is not JSON, any other string, list, number or boolean, and an item that
// names no record of this batch: one with a missing, null, empty or foreign
// itemIdentifier. Names of members are compared exactly. One item that is not
// valid spoils the response.
func Failures(payload json.RawMessage, batch []sources.Record, shape events.Shape) (failed []int, ok bool) {
	payload = bytes.TrimSpace(payload)
	switch string(payload) {
	case "", "null", `""`:
		return nil, true
	}
	if payload[0] == '[' {
		var list []json.RawMessage
		err := json.Unmarshal(payload, &list)
		return nil, err == nil && len(list) == 0
	}
	// Maps, because decoding into structs would accept other spellings.
	var response map[string]json.RawMessage
	if err := json.Unmarshal(payload, &response); err != nil {
		return nil, false
	}
	var items []map[string]json.RawMessage
	if list, given := response["batchItemFailures"]; given {
		if err := json.Unmarshal(list, &items); err != nil {
			return nil, false
		}
	}
	if len(items) == 0 {
		return nil, true
	}
	reported := make(map[string]bool, len(items)) // false until it is found in the batch
	for _, item := range items {
		id, valid := shape.Identify(item["itemIdentifier"])
		if !valid {
			return nil, false
		}
		reported[id] = false
	}
	for i, r := range batch {
		if _, is := reported[r.ID]; is {
			reported[r.ID] = true
			failed = append(failed, i)
		}
	}
	for _, found := range reported {
		if !found {
			return nil, false
		}
	}
	return failed, true
}
