package sqs

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// dedupWindow is how long a FIFO queue remembers a deduplication id.
const dedupWindow = 5 * time.Minute

// dedup remembers the ids that a FIFO queue has accepted, also of messages that
// are gone.
type dedup struct {
	seen map[string]*accepted
	row  []*accepted // by time
}

type accepted struct {
	key, messageID, sequence string
	at                       time.Time
}

// find returns the message first sent under that key within the window, or nil.
func (d *dedup) find(key string, now time.Time) *accepted {
	for len(d.row) > 0 && !d.row[0].at.Add(dedupWindow).After(now) {
		delete(d.seen, d.row[0].key)
		d.row[0], d.row = nil, d.row[1:]
	}
	return d.seen[key]
}

// remember notes a message just accepted; a duplicate does not extend the window.
func (d *dedup) remember(a *accepted) {
	if d.seen == nil {
		d.seen = map[string]*accepted{}
	}
	d.seen[a.key] = a
	d.row = append(d.row, a)
}

// dedupKey is what q remembers m by.
func (q *queue) dedupKey(m *message) string {
	if q.scoped {
		return *m.group + "\x00" + *m.dedupID // neither may hold a NUL
	}
	return *m.dedupID
}

func contentID(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}
