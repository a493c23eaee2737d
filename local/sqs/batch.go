package sqs

import (
	"fmt"
	"strings"

	"github.com/penstock/penstock/awswire"
)

// maxEntries is how many entries a batch may have.
const maxEntries = 10

// checkBatch checks the shape of a batch, which fails as a whole. entry is the
// name of one entry in AWS's model.
func checkBatch[E any](entry string, entries []E, id func(E) string) *awswire.Error {
	switch n := len(entries); {
	case n == 0:
		return batchError("EmptyBatchRequest", "There should be at least one "+entry+" in the request.")
	case n > maxEntries:
		return batchError("TooManyEntriesInBatchRequest",
			fmt.Sprintf("Maximum number of entries per request are %d. You have sent %d.", maxEntries, n))
	}
	seen := make(map[string]bool, len(entries))
	for _, e := range entries {
		name := id(e)
		if name == "" || len(name) > 80 || strings.Trim(name, wordCharacters) != "" {
			return batchError("InvalidBatchEntryId",
				"A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[name] {
			return batchError("BatchEntryIdsNotDistinct", "Id "+name+" repeated.")
		}
		seen[name] = true
	}
	return nil
}

// failed is the answer for one entry. It uses the query spelling of codes in both
// protocols, as AWS does.
func failed(id string, err error) FailedItem {
	e := awswire.AsError(err)
	return FailedItem{ID: id, SenderFault: e.Blame() == awswire.Sender, Code: e.Short(), Message: e.Message}
}
