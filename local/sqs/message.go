package sqs

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"time"
)

// A message is one message in one queue. Its queue's lock guards it.
type message struct {
	place      uint64 // in the queue, and its key there; grows with each message
	id         string
	body       string
	bodyMD5    string
	attributes map[string]MessageAttribute
	attrMD5    string  // of all attributes; empty: none
	trace      *string // system attribute AWSTraceHeader
	group      *string
	dedupID    *string
	sequence   string // FIFO only
	source     string // ARN of the queue it is a dead letter of

	sent     time.Time // first of all queues
	enqueued time.Time // when the retention period began
	first    time.Time // first receive; zero: none
	last     time.Time // latest receive

	receives int    // ApproximateReceiveCount
	hand     uint64 // counts the receipt handles given out here
	retimed  bool   // visibility changed since the latest receive
	state    state
	due      time.Time // when a hidden message becomes visible

	slots      [slots]int // index + 1 in the queue's orders
	prev, next *message   // in its group
}

type state uint8

const (
	visible state = iota
	delayed
	inFlight
)

// A receipt is what a receipt handle says: which receive of which message of
// which queue.
type receipt struct {
	queue, place, hand uint64
}

// String returns the handle: opaque text with a check sum, so that made-up
// handles are told from old ones.
func (r receipt) String() string {
	var b [28]byte
	binary.BigEndian.PutUint64(b[0:], r.queue)
	binary.BigEndian.PutUint64(b[8:], r.place)
	binary.BigEndian.PutUint64(b[16:], r.hand)
	binary.BigEndian.PutUint32(b[24:], crc32.ChecksumIEEE(b[:24]))
	return base64.StdEncoding.EncodeToString(b[:])
}

func parseReceipt(handle string) (receipt, bool) {
	b, err := base64.StdEncoding.DecodeString(handle)
	if err != nil || len(b) != 28 || binary.BigEndian.Uint32(b[24:]) != crc32.ChecksumIEEE(b[:24]) {
		return receipt{}, false
	}
	return receipt{
		queue: binary.BigEndian.Uint64(b[0:]),
		place: binary.BigEndian.Uint64(b[8:]),
		hand:  binary.BigEndian.Uint64(b[16:]),
	}, true
}
