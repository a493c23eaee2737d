package process

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/penstock/penstock/invoke"
)

func (h *Host) id() string {
	if h.NewID != nil {
		return h.NewID()
	}
	return invoke.NewID()
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
