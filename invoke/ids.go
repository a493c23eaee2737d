package invoke

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// NewID returns a random request id: a UUID of version 4.
func NewID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// NewTrace returns a random X-Ray header value that is not sampled. AWS hands
// one to every function, traced or not.
func NewTrace() string {
	var b [24]byte
	rand.Read(b[4:]) // never fails
	binary.BigEndian.PutUint32(b[:4], uint32(time.Now().Unix()))
	text := hex.EncodeToString(b[:])
	return "Root=1-" + text[:8] + "-" + text[8:32] + ";Parent=" + text[32:] + ";Sampled=0"
}
