package process

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func testRecorder(quota int) (*recorder, *[]LogLine) {
	var lines []LogLine
	return &recorder{function: "f", stream: "s", quota: quota, sink: func(l LogLine) { lines = append(lines, l) }}, &lines
}

func texts(lines []LogLine) []string {
	var out []string
	for _, l := range lines {
		out = append(out, l.RequestID+"|"+l.Text)
	}
	return out
}

func TestRecorderSplitsAndAttributes(t *testing.T) {
	r, lines := testRecorder(1 << 20)
	r.Write([]byte("before\nopen"))
	one, two := newInvocation("1"), newInvocation("2")
	r.begin(one, "START 1")
	r.Write([]byte("a"))
	r.Write([]byte("b\nc\r"))
	r.Write([]byte("d\n\nlast"))
	r.end(one, "END 1", "REPORT 1")
	r.begin(one, "S")
	r.begin(two, "T")
	r.Write([]byte("whose\n"))
	r.end(two, "U")
	r.say("note")
	want := []string{"|before", "|open", "1|START 1", "1|ab", "1|c\rd", "1|", "1|last", "1|END 1", "1|REPORT 1", "1|S", "2|T", "|whose", "2|U", "|note"}
	if got := texts(*lines); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if got := string(two.tail); got != "T\nU\n" {
		t.Errorf("tail of 2: %q", got)
	}
	if (*lines)[0].Platform || !(*lines)[2].Platform || (*lines)[0].Stream != "s" || (*lines)[0].Time.IsZero() {
		t.Errorf("%+v", (*lines)[:3])
	}
}

func TestTailIsTheEnd(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var tail, all []byte
		for range random.IntN(20) {
			chunk := make([]byte, random.IntN(3*tailSize/2))
			for i := range chunk {
				chunk[i] = byte(random.IntN(256))
			}
			tail, all = appendTail(tail, chunk), append(all, chunk...)
			if want := all[max(0, len(all)-tailSize):]; !slices.Equal(tail, want) {
				t.Fatalf("tail of %d bytes differs from the last of %d", len(tail), len(all))
			}
		}
	}
}

func TestRecorderLimits(t *testing.T) {
	r, lines := testRecorder(100)
	inv := newInvocation("1")
	r.begin(inv, "START")
	for range 50 {
		r.Write([]byte("123456789\n"))
	}
	r.end(inv, "END")
	got := texts(*lines)
	if len(got) != 1+10+1+1 || !strings.Contains(got[11], "more than 100 bytes") || got[12] != "1|END" {
		t.Errorf("%d lines: %q", len(got), got)
	}
	*lines = nil
	r.begin(inv, "START")
	r.Write([]byte("again\n"))
	if got := texts(*lines); !slices.Equal(got, []string{"1|START", "1|again"}) {
		t.Errorf("the limit is per invocation: %q", got)
	}

	r, lines = testRecorder(1 << 30)
	r.Write([]byte(strings.Repeat("x", 2*lineSize+5) + "\nnext\n"))
	var sizes []int
	for _, l := range *lines {
		if !l.Platform {
			sizes = append(sizes, len(l.Text))
		}
	}
	if !slices.Equal(sizes, []int{lineSize, lineSize, 5, 4}) || len(*lines) != 5 {
		t.Errorf("lines of %v bytes", sizes)
	}
	if len(r.partial) != 0 {
		t.Errorf("%d bytes held", len(r.partial))
	}
}

func TestPlatformLines(t *testing.T) {
	l := lines{version: "$LATEST", memoryMB: 128, function: "f", runtime: "python3.12"}
	f := figures{took: 3010 * time.Microsecond, init: 110100 * time.Microsecond, peakMB: 36, answer: answer{status: "success"}}
	want := []string{"END RequestId: i", "REPORT RequestId: i\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t"}
	if got := l.end("i", f); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	f.init = 0
	f.answer = answer{status: "error"} // the handler raised
	if got := l.end("i", f)[1]; !strings.HasSuffix(got, "Max Memory Used: 36 MB\t") {
		t.Errorf("%q", got)
	}
	f.answer = answer{status: "timeout"}
	if got := l.end("i", f)[1]; !strings.HasSuffix(got, "MB\tStatus: timeout") {
		t.Errorf("%q", got)
	}
	f.answer = exited("i", exitStatus{Code: 1})
	if got := l.end("i", f)[1]; !strings.HasSuffix(got, "MB\tStatus: error\tError Type: Runtime.ExitError") {
		t.Errorf("%q", got)
	}
	if got := l.start("i"); got != "START RequestId: i Version: $LATEST" {
		t.Errorf("%q", got)
	}
	if got := l.timeout("i", 1500*time.Millisecond, time.UnixMilli(0)); got != "1970-01-01T00:00:00.000Z i Task timed out after 1.50 seconds" {
		t.Errorf("%q", got)
	}
}
