package process

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A LogLine is one event of a function's log.
type LogLine struct {
	Time time.Time
	// Function is the name, Stream the log stream: one per environment.
	Function, Stream string
	// RequestID is the invocation the line belongs to. Empty: none, or several
	// run at once in the process.
	RequestID string
	// Platform says that the host wrote the line (START, REPORT), not the
	// function.
	Platform bool
	// Text has no line break at its end; a carriage return stands for a break
	// inside one event.
	Text string
}

const (
	// tailSize is what a caller sees of an invocation's log (Lambda: 4 KB).
	tailSize = 4096
	// tailRoom holds what the host itself writes to it: few functions write more.
	tailRoom = 320
	// lineSize is the longest line passed on; CloudWatch's events end there.
	lineSize = 256 << 10
)

// A recorder is the log of one environment. It splits output into lines,
// keeps the end of each invocation's log, and bounds what it passes on.
type recorder struct {
	sink     func(LogLine)
	function string
	stream   string
	quota    int // bytes passed on for one invocation

	mu      sync.Mutex
	active  []*invocation
	partial []byte // a line that has not ended
	passed  int
	full    bool
	split   bool
}

// begin makes inv an owner of the output from now on and writes its first line.
func (r *recorder) begin(inv *invocation, line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flush()
	r.active = append(r.active, inv)
	r.passed, r.full, r.split = 0, false, false
	r.platform(inv, line)
}

// end writes the last lines of inv and lets it go. Its tail is then complete.
func (r *recorder) end(inv *invocation, lines ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flush()
	for _, line := range lines {
		r.platform(inv, line)
	}
	r.active = slices.DeleteFunc(r.active, func(i *invocation) bool { return i == inv })
}

// tailOf returns a copy of inv's tail so far.
func (r *recorder) tailOf(inv *invocation) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(inv.tail)
}

// say writes a line of the host that belongs to no invocation's tail.
func (r *recorder) say(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flush()
	r.emit(nil, true, line)
}

// platform writes a line of the host into inv's log.
func (r *recorder) platform(inv *invocation, line string) {
	if line == "" {
		return
	}
	inv.tail = appendTail(appendTail(inv.tail, line), "\n")
	r.emit(inv, true, line)
}

// Write takes raw output of the process. It never fails.
func (r *recorder) Write(chunk []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if inv := r.owner(); inv != nil {
		inv.tail = appendTail(inv.tail, chunk)
	}
	n := len(chunk)
	if r.sink == nil {
		return n, nil
	}
	for len(chunk) > 0 && !r.full {
		end := bytes.IndexByte(chunk, '\n')
		room := lineSize - len(r.partial)
		switch {
		case end >= 0 && end <= room:
			r.line(append(r.partial, chunk[:end]...))
			chunk = chunk[end+1:]
		case len(chunk) > room:
			r.line(append(r.partial, chunk[:room]...))
			chunk = chunk[room:]
			r.saySplit()
		default:
			r.partial = append(r.partial, chunk...)
			return n, nil
		}
		r.partial = r.partial[:0]
	}
	return n, nil
}

// line passes one line of output on unless the invocation had its share.
func (r *recorder) line(text []byte) {
	if r.passed+len(text) > r.quota {
		r.full = true
		r.partial = r.partial[:0]
		r.emit(r.owner(), true, fmt.Sprintf("penstock: the invocation wrote more than %d bytes of log; the rest is left out", r.quota))
		return
	}
	r.passed += len(text) + 1
	r.emit(r.owner(), false, string(text))
}

func (r *recorder) saySplit() {
	if !r.split && !r.full {
		r.split = true
		r.emit(r.owner(), true, fmt.Sprintf("penstock: a line of more than %d bytes was split", lineSize))
	}
}

// flush ends a line that the function left open.
func (r *recorder) flush() {
	if len(r.partial) > 0 && !r.full {
		r.line(r.partial)
	}
	r.partial = r.partial[:0]
}

// owner is the invocation that output belongs to: the only one there is.
func (r *recorder) owner() *invocation {
	if len(r.active) == 1 {
		return r.active[0]
	}
	return nil
}

func (r *recorder) emit(inv *invocation, platform bool, text string) {
	if r.sink == nil {
		return
	}
	l := LogLine{Time: time.Now(), Function: r.function, Stream: r.stream, Platform: platform, Text: text}
	if inv != nil {
		l.RequestID = inv.id
	}
	r.sink(l)
}

// appendTail keeps the last tailSize bytes of tail followed by chunk.
func appendTail[T string | []byte](tail []byte, chunk T) []byte {
	if len(chunk) >= tailSize {
		return append(tail[:0], chunk[len(chunk)-tailSize:]...)
	}
	if over := len(tail) + len(chunk) - tailSize; over > 0 {
		tail = tail[:copy(tail, tail[over:])]
	}
	return append(tail, chunk...)
}
