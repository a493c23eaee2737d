package control

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
)

// page cuts from keys, in ascending order, those after a marker: at most max,
// or limit if max is not given or more. next is the marker of the rest, empty
// at the end. A marker belongs to its query, and stays good when the key it
// stands at is deleted.
func page(keys []string, query, marker string, max, limit int) (list []string, next string, err error) {
	if max <= 0 || max > limit {
		max = limit
	}
	slices.Sort(keys)
	sum := sha256.Sum256([]byte(query))
	stamp := string(sum[:6])
	if marker != "" {
		text, err := base64.RawURLEncoding.DecodeString(marker)
		after, ours := strings.CutPrefix(string(text), stamp)
		if err != nil || !ours {
			return nil, "", invalid("Invalid Marker")
		}
		at, found := slices.BinarySearch(keys, after)
		if found {
			at++
		}
		keys = keys[at:]
	}
	if len(keys) > max {
		keys = keys[:max]
		next = base64.RawURLEncoding.EncodeToString([]byte(stamp + keys[max-1]))
	}
	return keys, next, nil
}
