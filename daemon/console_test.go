package daemon

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/invoke/process"
)

func TestStatusLine(t *testing.T) {
	var screen bytes.Buffer
	c := &console{live: true, out: &screen, err: &screen}
	out := stream{c, &screen}
	c.show("1 of 2")
	c.show("1 of 2")
	fmt.Fprintln(out, "hello")
	fmt.Fprint(out, "no end ")
	fmt.Fprintln(out, "yet")
	c.progress("2\nof 2")
	c.show("")
	fmt.Fprintln(out, "done")
	const erase = "\r\x1b[K"
	want := "1 of 2" + erase + "hello\n1 of 2" + erase + "no end yet\n1 of 2" + erase + "2 of 2" + erase + "done\n"
	if got := screen.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Where no line can be rewritten, progress is a line now and then.
func TestPlainProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, errs bytes.Buffer
		c := newConsole(&out, &errs)
		for i := range 25 {
			c.progress(fmt.Sprint("second ", i))
			time.Sleep(time.Second)
		}
		c.progress("")
		c.show("not for files")
		if got, want := errs.String(), "second 0\nsecond 10\nsecond 20\n"; got != want || out.Len() > 0 {
			t.Errorf("got %q and %q, want %q", got, out.String(), want)
		}
	})
}

// Lines of functions are printed whole, with their name before each.
func TestPrintLine(t *testing.T) {
	var out bytes.Buffer
	c := &command{out: &out}
	c.printLine(process.LogLine{Function: "f", Text: "Traceback:\r  line 1"})
	c.printLine(process.LogLine{Function: "f", Text: "REPORT", Platform: true})
	if got, want := out.String(), "  f | Traceback:\n  f |   line 1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What the host says about interpreters is told once, not with the functions'
// lines.
func TestHostWarnings(t *testing.T) {
	var lines, warnings []string
	c := &command{}
	h, err := c.newHost(t.TempDir(), "http://127.0.0.1:1", func(l process.LogLine) { lines = append(lines, l.Text) }, func(s string) { warnings = append(warnings, s) })
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		h.Logs(process.LogLine{Platform: true, Text: "penstock: warning: python3.12 was not found"})
		h.Logs(process.LogLine{Platform: true, Function: "f", Text: "START"})
	}
	if fmt.Sprint(warnings) != "[python3.12 was not found]" || fmt.Sprint(lines) != "[START START]" {
		t.Errorf("warnings %q, lines %q", warnings, lines)
	}
	if h.Env["AWS_ENDPOINT_URL_SQS"] != "http://127.0.0.1:1" {
		t.Error("functions must find the local queues")
	}
	c.Runtimes = []string{"python3.12=/nowhere/python"}
	if _, err := c.newHost(t.TempDir(), "", nil, nil); code(err) != exitUsage {
		t.Errorf("a program that is not there: %v", err)
	}
}
