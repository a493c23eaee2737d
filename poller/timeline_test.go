package poller_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

var update = flag.Bool("update", false, "rewrite the steps of testdata/*.txtar")

// TestTimelines runs each scenario of testdata in fake time. A file says in
// its comment which behaviour it pins; sections:
//
//	settings   key=value ...: see settings below
//	arrivals   TIME [group=G] BODY ...; BODY*N sends N of it
//	handler    see rule
//	feed       see faults
//	steps      what is expected
//
// A second mapping has sections named "settings b" and so on; the function is
// the same.
func TestTimelines(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txtar")
	if len(files) < 18 {
		t.Fatalf("%d timelines", len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sections := map[string]string{}
			steps := -1
			for i, f := range archive.Files {
				sections[f.Name] = string(f.Data)
				if f.Name == "steps" {
					steps = i
				}
			}
			var got string
			synctest.Test(t, func(t *testing.T) { got = play(t, sections) })
			if *update {
				if steps < 0 {
					archive.Files = append(archive.Files, txtar.File{Name: "steps"})
					steps = len(archive.Files) - 1
				}
				archive.Files[steps].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := sections["steps"]; got != want {
				t.Errorf("%sgot:\n%s\nwant:\n%s", archive.Comment, got, want)
			}
		})
	}
}

// settings of a scenario with their defaults, those of a mapping first.
type settings struct {
	batch, call, concurrency, maxEvent, receives, retries, minPollers, maxPollers int
	window, visibility                                                            time.Duration
	partial, fifo, holds                                                          bool
	drop                                                                          string        // bodies with this prefix are filtered out
	show                                                                          string        // "receives": them too; "counts": in place of names
	destination                                                                   string        // what it answers one after another: "fail,refuse"
	latency                                                                       time.Duration // of a receive
	maxAge                                                                        time.Duration
	ackHangs                                                                      bool
	hesitate                                                                      time.Duration // of the function before it gives a slot

	slots                int // of the function
	timeout, stop, grace time.Duration
	outlive              time.Duration // the function's timeout as it keeps it
}

func parseSettings(t *testing.T, text string) settings {
	s := settings{timeout: 3 * time.Second, visibility: 30 * time.Second, stop: 3 * time.Minute, retries: -1}
	for _, word := range strings.Fields(text) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "batch", "call", "concurrency", "maxevent", "receives", "retries", "minpollers", "maxpollers", "slots":
			*map[string]*int{
				"batch": &s.batch, "call": &s.call, "concurrency": &s.concurrency, "maxevent": &s.maxEvent, "receives": &s.receives,
				"retries": &s.retries, "minpollers": &s.minPollers, "maxpollers": &s.maxPollers, "slots": &s.slots,
			}[key] = atoi(t, value)
		case "window", "visibility", "timeout", "outlive", "stop", "grace", "latency", "maxage", "hesitate":
			*map[string]*time.Duration{
				"window": &s.window, "visibility": &s.visibility, "timeout": &s.timeout, "outlive": &s.outlive, "stop": &s.stop, "grace": &s.grace, "latency": &s.latency, "maxage": &s.maxAge, "hesitate": &s.hesitate,
			}[key] = duration(t, value)
		case "partial", "fifo", "holds", "ackhangs":
			*map[string]*bool{"partial": &s.partial, "fifo": &s.fifo, "holds": &s.holds, "ackhangs": &s.ackHangs}[key] = true
		case "drop":
			s.drop = value
		case "destination":
			s.destination = value
		case "show":
			s.show = value
		default:
			t.Fatalf("setting %q", word)
		}
	}
	return s
}

// play runs a scenario until its stop and returns its steps.
func play(t *testing.T, sections map[string]string) string {
	first := parseSettings(t, sections["settings"])
	var target invoke.Target = &scripted{rules: parseRules(t, sections["handler"]), seen: map[string]int{}}
	target = invoke.Timed{Target: target, Timeout: cmp.Or(first.outlive, first.timeout)}
	if first.slots > 0 {
		target = hesitant{invoke.Limited(target, first.slots), first.hesitate}
	}
	names := []string{""}
	if _, ok := sections["settings b"]; ok {
		names = append(names, " b")
	}
	j := &journal{start: time.Now(), many: len(names) > 1, counts: first.show == "counts"}
	ctx, cancel := context.WithTimeout(t.Context(), first.stop)
	defer cancel()
	var wg sync.WaitGroup
	queues := map[string]*memory.Queue{}
	for _, name := range names {
		s := parseSettings(t, sections["settings"+name])
		queue := newQueue(s)
		queue.Fault(faults(t, sections["feed"+name]))
		queues[name] = queue
		engine := newEngine(s, queue, target, j)
		engine.Name = cmp.Or(strings.TrimSpace(name), "a")
		wg.Go(func() {
			if err := engine.Run(ctx); err != nil {
				t.Error(err)
			}
			j.add(time.Now(), engine.Name, "stopped")
		})
		wg.Go(func() { arrive(t, queue, sections["arrivals"+name]) })
	}
	wg.Wait()
	synctest.Wait()
	text := j.String()
	for _, name := range names {
		text += fmt.Sprintln(strings.TrimSpace("end" + name + " " + ending(queues[name])))
	}
	return text
}

func newQueue(s settings) *memory.Queue {
	return &memory.Queue{
		Visibility: s.visibility, MaxReceives: s.receives, FIFO: s.fifo, Holds: s.holds,
		Limits: sources.Limits{Call: s.call},
		Render: func(m memory.Message, _ sources.Spec) json.RawMessage {
			text, _ := json.Marshal(item{m.ID, m.Body})
			return text
		},
	}
}

func newEngine(s settings, queue *memory.Queue, target invoke.Target, j *journal) *poller.Queue {
	kind := queue.Kind()
	engine := &poller.Queue{
		Pipe: poller.Pipe{
			Shape: kind.Shape, Target: target, Timeout: s.timeout, MaxEvent: s.maxEvent,
			Policy:  mapping.Policy{Shape: kind.Shape, Partial: s.partial, Retries: s.retries, MaxAge: s.maxAge},
			Observe: j.observe,
			Log:     slog.New(slog.NewTextHandler(io.Discard, nil)),
		},
		Feed: queue.Open(sources.Spec{}), Limits: kind.Limits,
		BatchSize: s.batch, Window: s.window, MaxConcurrency: s.concurrency,
		MinPollers: s.minPollers, MaxPollers: s.maxPollers, Grace: s.grace,
	}
	if s.drop != "" {
		engine.Match = func(r sources.Record) (bool, error) {
			var i item
			if err := json.Unmarshal(r.Body, &i); err != nil {
				return false, err
			}
			if strings.HasPrefix(i.Body, "unmatchable") {
				return false, fmt.Errorf("cannot match %s", i.Body)
			}
			return !strings.HasPrefix(i.Body, s.drop), nil
		}
	}
	if s.show == "receives" {
		engine.Feed = watched{engine.Feed, j}
	}
	if s.latency > 0 || s.ackHangs {
		engine.Feed = slow{engine.Feed, s}
	}
	if s.destination != "" {
		answers := strings.Split(s.destination, ",")
		engine.GiveUp = func(context.Context, []sources.Record, string, mapping.Past) error {
			answer := answers[0]
			answers = answers[min(1, len(answers)-1):]
			return map[string]error{"fail": errors.New("destination is away"), "refuse": invoke.ErrRefused}[answer]
		}
	}
	return engine
}

// arrive sends messages at their times.
func arrive(t *testing.T, queue *memory.Queue, text string) {
	start := time.Now()
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		time.Sleep(time.Until(start.Add(duration(t, f[0]))))
		var messages []memory.Message
		group := ""
		for _, word := range f[1:] {
			if g, ok := strings.CutPrefix(word, "group="); ok {
				group = g
				continue
			}
			body, times, ok := strings.Cut(word, "*")
			n := 1
			if ok {
				n = atoi(t, times)
			}
			for range n {
				messages = append(messages, memory.Message{Body: body, Group: group})
			}
		}
		queue.Put(messages...)
	}
}

// ending says where the messages are in the end.
func ending(q *memory.Queue) string {
	c := q.Counts()
	text := fmt.Sprintf("acked %d, visible %d, hidden %d", c.Acked, c.Visible, c.Hidden+c.Delayed)
	var dead []sources.Record
	for _, m := range q.Dead() {
		dead = append(dead, sources.Record{ID: m.ID})
	}
	if len(dead) > 0 {
		text += ", dead " + names(dead)
	}
	return text
}

// hesitant is a function that takes its time to give a slot.
type hesitant struct {
	*invoke.Limiter
	time.Duration
}

func (h hesitant) Reserve(ctx context.Context) (invoke.Target, func(), error) {
	time.Sleep(h.Duration)
	return h.Limiter.Reserve(ctx)
}

// slow is a feed that takes its time.
type slow struct {
	sources.Queue
	settings
}

func (f slow) Receive(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
	time.Sleep(f.latency)
	return f.Queue.Receive(ctx, max, wait)
}

func (f slow) Ack(ctx context.Context, records []sources.Record) error {
	if f.ackHangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.Queue.Ack(ctx, records)
}

// watched notes every receive.
type watched struct {
	sources.Queue
	j *journal
}

func (w watched) Receive(ctx context.Context, max int, wait time.Duration) ([]sources.Record, error) {
	start := time.Now()
	records, err := w.Queue.Receive(ctx, max, wait)
	w.j.add(start, "", fmt.Sprintf("receive %d in %v: %d after %v", max, wait, len(records), time.Since(start)))
	return records, err
}
