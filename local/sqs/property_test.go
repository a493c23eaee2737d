package sqs_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	local "github.com/penstock/penstock/local/sqs"
)

// TestFIFOModel plays random sends, receives, deletes and waits against a FIFO
// queue and checks the one rule: what is delivered is the earliest of its group
// that is left, with nothing hidden before it; as much is delivered as there is;
// and nothing is ever lost.
func TestFIFOModel(t *testing.T) {
	number := rapid.IntRange(0, 1000)
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) [3]int {
			return [3]int{rapid.IntRange(0, 4).Draw(rt, "action"), number.Draw(rt, "a"), number.Draw(rt, "b")}
		}), 1, 60).Draw(rt, "steps")
		var failure error
		synctest.Test(t, func(t *testing.T) { failure = playFIFO(engine{&local.Service{}, t}, steps) })
		if failure != nil {
			rt.Fatal(failure)
		}
	})
}

// A fifoModel is what the queue ought to hold.
type fifoModel struct {
	engine
	queue  string
	left   map[string][]string // bodies of a group, in order
	flying map[string]flight   // by body
	sent   int
}

type flight struct {
	handle string
	until  time.Time
}

func playFIFO(e engine, steps [][3]int) error {
	m := fifoModel{engine: e, left: map[string][]string{}, flying: map[string]flight{},
		queue: e.create("orders.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"})}
	for _, s := range steps {
		maps.DeleteFunc(m.flying, func(_ string, f flight) bool { return !f.until.After(time.Now()) })
		var err error
		switch s[0] {
		case 0, 1:
			err = m.put(fmt.Sprint("g", s[1]%3))
		case 2:
			err = m.take(1+s[1]%10, s[2]%5)
		case 3:
			time.Sleep(time.Duration(1+s[1]%5) * time.Second)
		case 4:
			m.finish(s[1])
		}
		if err != nil {
			return err
		}
	}
	want := 0
	for _, bodies := range m.left {
		want += len(bodies)
	}
	if s, _ := e.Stats(ordersARN + ".fifo"); s.Visible+s.InFlight != want {
		return fmt.Errorf("the queue holds %+v, want %d messages", s, want)
	}
	return nil
}

func (m *fifoModel) put(group string) error {
	m.sent++
	body := fmt.Sprintf("%s-%03d", group, m.sent)
	m.left[group] = append(m.left[group], body)
	_, err := m.SendMessage(m.t.Context(), &local.SendMessageInput{QueueURL: m.queue, Body: body, GroupID: &group})
	return err
}

// finish deletes one of the messages in flight.
func (m *fifoModel) finish(pick int) {
	if len(m.flying) == 0 {
		return
	}
	body := slices.Sorted(maps.Keys(m.flying))[pick%len(m.flying)]
	m.delete(m.queue, m.flying[body].handle)
	group, _, _ := strings.Cut(body, "-")
	m.left[group] = slices.DeleteFunc(m.left[group], func(b string) bool { return b == body })
	delete(m.flying, body)
}

func (m *fifoModel) take(max, timeout int) error {
	out, err := m.ReceiveMessage(m.t.Context(), &local.ReceiveMessageInput{QueueURL: m.queue, Max: &max, VisibilityTimeout: &timeout})
	if err != nil {
		return err
	}
	receivable := 0
	for _, bodies := range m.left {
		hidden := slices.IndexFunc(bodies, func(b string) bool { return m.flying[b].handle != "" })
		if hidden < 0 {
			hidden = len(bodies)
		}
		receivable += hidden
	}
	if len(out.Messages) != min(max, receivable) {
		return fmt.Errorf("received %d messages, want %d of %d", len(out.Messages), max, receivable)
	}
	taken := map[string]int{}
	for _, got := range out.Messages {
		group, _, _ := strings.Cut(got.Body, "-")
		if i := taken[group]; m.left[group][i] != got.Body || m.flying[got.Body].handle != "" {
			return fmt.Errorf("received %s, want the visible number %d of %v", got.Body, i, m.left[group])
		}
		taken[group]++
	}
	for _, got := range out.Messages {
		if timeout > 0 {
			m.flying[got.Body] = flight{got.ReceiptHandle, time.Now().Add(time.Duration(timeout) * time.Second)}
		}
	}
	return nil
}
