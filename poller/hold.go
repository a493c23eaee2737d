package poller

import (
	"context"
	"encoding/json"

	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/sources"
)

// hold keeps a part back in a source that can; false if it cannot.
func (r *run) hold(part mapping.Part) bool {
	holder, ok := r.Feed.(sources.Holder)
	if !ok {
		return false
	}
	note := note(part.Past)
	r.each(part.Records, Held, func(ctx context.Context, records []sources.Record) error {
		held := make([]sources.Held, len(records))
		for i, record := range records {
			held[i] = sources.Held{Record: record, For: part.Wait, Note: note}
		}
		return holder.Hold(ctx, held)
	})
	return true
}

// note and noted carry the past of a held part through the source.
func note(past mapping.Past) []byte {
	text, err := json.Marshal(past)
	if err != nil { // a payload that is not JSON: keep the counts
		past.Last.Payload = nil
		text, _ = json.Marshal(past)
	}
	return text
}

// noted returns the past that a record carries. A note that is not ours counts
// as none.
func noted(record sources.Record) (past mapping.Past) {
	if len(record.Note) > 0 && json.Unmarshal(record.Note, &past) != nil {
		return mapping.Past{}
	}
	return past
}
