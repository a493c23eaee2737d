package process

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// newID returns a random UUID.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (h *Host) id() string {
	if h.NewID != nil {
		return h.NewID()
	}
	return newID()
}

// newTrace returns an X-Ray header value, not sampled. AWS sends one for every
// function, traced or not.
func newTrace(now time.Time) string {
	var b [20]byte
	rand.Read(b[:])
	return fmt.Sprintf("Root=1-%08x-%x;Parent=%x;Sampled=0", now.Unix(), b[:12], b[12:])
}

// newStream returns the name of a log stream as Lambda words it.
func newStream(now time.Time, version string) string {
	var b [16]byte
	rand.Read(b[:])
	return now.UTC().Format("2006/01/02") + "/[" + version + "]" + hex.EncodeToString(b[:])
}

// compacted puts JSON text on one line, as a header needs it.
func compacted(text []byte) ([]byte, error) {
	if len(text) == 0 {
		return nil, nil
	}
	var out bytes.Buffer
	err := json.Compact(&out, text)
	return out.Bytes(), err
}
