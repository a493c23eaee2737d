package poller_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/poller"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

// TestHistories lets engines live through random histories in fake time:
// messages of groups or none; functions that fail, time out, throttle, answer
// in part; feeds that fail, wholly or in part; engines that are stopped and
// started again. Whatever happens: nothing is lost or settled unseen, groups
// keep their order, bounds hold, every loan is accounted for, and nothing leaks
// or hangs. On failure rapid prints the seed to run it again with.
func TestHistories(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt)
		w := &witness{h: h, running: map[string]int{}, handled: map[string]bool{}, asked: map[string]int{}, ends: map[string]int{}}
		synctest.Test(t, func(t *testing.T) { w.live(t) })
		if len(w.wrong) > 0 {
			rt.Fatalf("%+v\n%s", h, strings.Join(w.wrong, "\n"))
		}
	})
}

// A history is all that chance decides.
type history struct {
	settings settings
	messages []sent
	troubles []trouble
	stops    []time.Duration // the engine is stopped and started again at once
}

type sent struct {
	at    time.Duration
	group string
	size  int
	fates []string // of the first times it is delivered; later ones succeed
}

// A trouble lets one call of the feed fail, for all records or every second.
type trouble struct {
	op     memory.Op
	call   int
	partly bool
}

func drawHistory(rt *rapid.T) history {
	number := func(low, high int, name string) int { return rapid.IntRange(low, high).Draw(rt, name) }
	seconds := func(low, high int, name string) time.Duration {
		return time.Duration(number(low, high, name)) * time.Second
	}
	s := settings{
		batch: number(1, 25, "batch"), call: number(1, 10, "call"), concurrency: number(0, 3, "concurrency"),
		slots: number(0, 3, "slots"), minPollers: number(0, 2, "minimum pollers"), maxPollers: number(1, 5, "maximum pollers"),
		receives: rapid.SampledFrom([]int{0, 0, 3, 6}).Draw(rt, "receives"), retries: -1,
		maxEvent:   rapid.SampledFrom([]int{0, 100, 400}).Draw(rt, "largest event"),
		window:     seconds(0, 5, "window"),
		visibility: seconds(2, 30, "visibility"), timeout: seconds(1, 5, "timeout"), grace: seconds(1, 8, "grace"),
		fifo: rapid.Bool().Draw(rt, "fifo"), partial: rapid.Bool().Draw(rt, "partial"),
	}
	h := history{settings: s}
	if rapid.Bool().Draw(rt, "filter") {
		h.settings.drop = "x"
	}
	if number(0, 3, "source lends") == 0 {
		h.settings.visibility, h.settings.holds, h.settings.receives = -1, rapid.Bool().Draw(rt, "holds"), 0
	}
	for range number(1, 40, "messages") {
		h.messages = append(h.messages, sent{
			at: seconds(0, 40, "at"), group: rapid.SampledFrom([]string{"g", "h", "i"}).Draw(rt, "group"), size: number(1, 60, "size"),
			fates: rapid.SliceOfN(rapid.SampledFrom([]string{"ok", "ok", "slow", "fail", "hang", "report", "throttle", "unreachable"}), 0, 4).Draw(rt, "fates"),
		})
	}
	slices.SortStableFunc(h.messages, func(a, b sent) int { return int(a.at - b.at) })
	ops := []memory.Op{memory.Receive, memory.Ack, memory.Nack, memory.Hold}
	if h.settings.visibility < 0 {
		ops = ops[:1] // what is not settled there stays out for ever
	}
	for range number(0, 20, "troubles") {
		h.troubles = append(h.troubles, trouble{rapid.SampledFrom(ops).Draw(rt, "op"), number(1, 30, "call"), rapid.Bool().Draw(rt, "partly")})
	}
	for range number(0, 3, "stops") {
		h.stops = append(h.stops, seconds(1, 60, "stop"))
	}
	slices.Sort(h.stops)
	return h
}

// A witness is the function, and looks at all that happens.
type witness struct {
	h     history
	queue *memory.Queue
	ids   []string // in the order sent
	group map[string]string

	mu      sync.Mutex
	wrong   []string
	running map[string]int // invocations by group, and of all under "*"
	handled map[string]bool
	asked   map[string]int
	ends    map[string]int // of loans: "msg-1(2)"
}

func (w *witness) report(format string, args ...any) {
	if len(w.wrong) < 10 {
		w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
	}
}

// live runs the history to its end, and looks at the outcome.
func (w *witness) live(t *testing.T) {
	s := w.h.settings
	w.queue = newQueue(s)
	w.queue.Fault(w.fault())
	w.group = map[string]string{}
	var target invoke.Target = invoke.Timed{Target: w, Timeout: s.timeout}
	if s.slots > 0 {
		target = invoke.Limited(target, s.slots)
	}
	start := time.Now()
	var senders sync.WaitGroup
	senders.Go(func() { w.send(start) })
	for _, stop := range append(w.h.stops, 2*time.Hour) {
		engine := newEngine(s, w.queue, target, nil)
		engine.Observe = w.observe
		ctx, cancel := context.WithDeadline(t.Context(), start.Add(stop))
		engine.Run(ctx)
		cancel()
	}
	senders.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	acked := w.queue.Acked()
	for i, id := range w.ids {
		switch {
		case slices.Contains(acked, id):
			if !w.handled[id] && !(s.drop != "" && i%5 == 0) {
				w.report("%s was acknowledged but never handled", id)
			}
		case !w.dead(id):
			w.report("%s is neither acknowledged nor dead: %+v", id, w.queue.Counts())
		}
	}
	for _, m := range w.queue.Dead() {
		if m.Receives < s.receives {
			w.report("%s is dead after %d receives", m.ID, m.Receives)
		}
	}
	for loan, ends := range w.ends {
		if ends != 0 {
			w.report("the loan %s has %d ends", loan, 1-ends)
		}
	}
}

func (w *witness) dead(id string) bool {
	return slices.ContainsFunc(w.queue.Dead(), func(m memory.Message) bool { return m.ID == id })
}

func (w *witness) send(start time.Time) {
	for i, m := range w.h.messages {
		time.Sleep(time.Until(start.Add(m.at)))
		body := fmt.Sprintf("%d%s", i, strings.Repeat("-", m.size))
		if i%5 == 0 {
			body = "x" + body
		}
		w.mu.Lock()
		id := w.queue.Put(memory.Message{Body: body, Group: m.group})[0]
		w.ids = append(w.ids, id)
		w.group[id] = m.group
		w.mu.Unlock()
	}
}

func (w *witness) fault() func(memory.Op, []sources.Record) error {
	calls := map[memory.Op]int{}
	cause := errors.New("connection reset")
	return func(op memory.Op, records []sources.Record) error {
		calls[op]++
		for _, f := range w.h.troubles {
			if f.op != op || f.call != calls[op] {
				continue
			}
			if !f.partly || op == memory.Receive {
				return cause
			}
			failed := &sources.Failed{Err: cause}
			for i := 0; i < len(records); i += 2 {
				failed.Records = append(failed.Records, records[i])
			}
			return failed
		}
		return nil
	}
}

// observe counts the ends of loans: each has exactly one.
func (w *witness) observe(s poller.Step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	count := func(records []sources.Record, n int) {
		for _, r := range records {
			w.ends[fmt.Sprintf("%s(%d)", r.ID, r.Receives)] += n
		}
	}
	switch s.Action {
	case poller.Received:
		count(s.Records, 1)
	case poller.Settled, poller.Released, poller.Held, poller.Unsettled:
		count(s.Records, -1)
	case poller.Delivered, poller.Deferred:
		for _, p := range s.Verdict.Parts {
			if p.Wait < 0 {
				count(p.Records, -1)
			}
		}
	}
}

// Invoke answers by the fates of the records, the worst of the batch for all.
func (w *witness) Invoke(ctx context.Context, r invoke.Request) (invoke.Result, error) {
	var event struct{ Records []item }
	if err := json.Unmarshal(r.Event, &event); err != nil {
		return invoke.Result{}, err
	}
	worst, reported, leave := w.enter(event.Records, len(r.Event))
	defer leave()
	wait := map[string]time.Duration{"slow": 700 * time.Millisecond, "hang": time.Minute}[worst]
	began := time.Now()
	select {
	case <-ctx.Done():
		return invoke.Ended(ctx, r.ID, began)
	case <-time.After(wait):
	}
	switch worst {
	case "fail":
		return invoke.Result{Failure: invoke.Unhandled}, nil
	case "throttle":
		return invoke.Result{}, invoke.ErrThrottled
	case "unreachable":
		return invoke.Result{}, errors.New("connection refused")
	}
	w.succeed(event.Records, reported)
	if len(reported) == 0 {
		return invoke.Result{Payload: json.RawMessage("{}")}, nil
	}
	return invoke.Result{Payload: failures(reported)}, nil
}

// enter checks the bounds of an invocation and finds its outcome.
func (w *witness) enter(records []item, size int) (worst string, reported []string, leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.h.settings
	lane := "-"
	if s.fifo {
		lane = w.group[records[0].ID]
	}
	w.running[lane]++
	w.running["*"]++
	switch {
	case len(records) > s.batch:
		w.report("a batch of %d", len(records))
	case s.maxEvent > 0 && size > s.maxEvent && len(records) > 1:
		w.report("an event of %d bytes", size)
	case s.fifo && w.running[lane] > 1:
		w.report("group %s is invoked twice at once", lane)
	case s.concurrency > 0 && w.running["*"] > s.concurrency, s.slots > 0 && w.running["*"] > s.slots:
		w.report("%d invocations at once", w.running["*"])
	}
	order := []string{"ok", "slow", "report", "fail", "hang", "throttle", "unreachable"}
	worst = "ok"
	for _, record := range records {
		if s.fifo && w.group[record.ID] != lane {
			w.report("a batch of groups %s and %s", lane, w.group[record.ID])
		}
		n := slices.Index(w.ids, record.ID)
		fate := "ok"
		if fates := w.h.messages[n].fates; w.asked[record.ID] < len(fates) {
			fate = fates[w.asked[record.ID]]
		}
		w.asked[record.ID]++
		if fate == "report" && s.partial {
			reported = append(reported, record.ID)
		}
		if slices.Index(order, fate) > slices.Index(order, worst) {
			worst = fate
		}
	}
	return worst, reported, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.running[lane]--
		w.running["*"]--
	}
}

// succeed notes what was handled. In a group, all earlier messages were
// handled before, are dead, or are in the same batch: what the function
// reports does not hold back the rest of the batch, as on AWS.
func (w *witness) succeed(records []item, reported []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	together := map[string]bool{}
	for _, r := range records {
		together[r.ID] = true
	}
	for i, r := range records {
		n := slices.Index(w.ids, r.ID)
		if w.h.settings.fifo {
			if i > 0 && n < slices.Index(w.ids, records[i-1].ID) {
				w.report("%s comes behind %s in one batch", r.ID, records[i-1].ID)
			}
			for j, earlier := range w.ids[:n] {
				filtered := w.h.settings.drop != "" && j%5 == 0
				if w.group[earlier] == w.group[r.ID] && !w.handled[earlier] && !together[earlier] && !filtered && !w.dead(earlier) {
					w.report("%s was handled before %s", r.ID, earlier)
				}
			}
		}
		if !slices.Contains(reported, r.ID) {
			w.handled[r.ID] = true
		}
	}
}
