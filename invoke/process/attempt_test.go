package process

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// TestConcludeTakesWhatWasWritten: nobody reads the pipe but conclude itself,
// which is what happens when the reader's goroutine is late.
func TestConcludeTakesWhatWasWritten(t *testing.T) {
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	log, lines := testRecorder(1 << 20)
	c := &child{}
	if c.capture, err = newCapture(out, log); err != nil {
		t.Fatal(err)
	}
	e := &environment{p: &Process{fn: Function{Timeout: time.Second}}, log: log}
	a := &attempt{e: e, inv: newInvocation("i"), c: c, begun: time.Now()}
	a.inv.clock = time.NewTimer(time.Second)
	log.begin(a.inv, "START")
	io.WriteString(in, "first\n"+strings.Repeat("x", 40_000)+"\nlast\n")
	a.inv.answer(answer{payload: []byte("1"), status: "success"})
	a.inv.finish()
	r, err := a.conclude()
	if err != nil || !strings.Contains(string(r.Log), "x\nlast\nEND RequestId: i\nREPORT ") {
		t.Errorf("%v, log %q", err, r.Log)
	}
	for _, l := range *lines {
		if l.RequestID != "i" {
			t.Errorf("a line of no invocation: %q", l.Text)
		}
	}
	if n := len(*lines); n != 6 {
		t.Errorf("%d lines", n)
	}
}
