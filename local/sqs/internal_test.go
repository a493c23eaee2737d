package sqs

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/penstock/penstock/awswire"
)

// An order gives its messages smallest first, whatever was removed between.
func TestOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		o := order{slot: slotReady, less: func(a, b *message) bool { return a.place < b.place }}
		in := map[*message]bool{}
		for range 60 {
			m := &message{place: random.Uint64N(1000)}
			o.push(m)
			in[m] = true
		}
		for m := range in { // maps have no order
			if len(in) <= 30 {
				break
			}
			o.remove(m)
			o.remove(m) // no longer in: nothing happens
			delete(in, m)
		}
		for last := uint64(0); o.len() > 0; {
			m := o.pop()
			if m.place < last || !in[m] {
				t.Fatalf("popped %d after %d (in: %t)", m.place, last, in[m])
			}
			last = m.place
			delete(in, m)
		}
		if len(in) != 0 {
			t.Fatalf("%d messages were not popped", len(in))
		}
	}
}

// fixture returns a queue of a Service whose clock stands at now.
func fixture(t *testing.T, name string, now time.Time) (*Service, *queue) {
	t.Helper()
	s := &Service{Now: func() time.Time { return now }}
	in := &CreateQueueInput{QueueName: name}
	if name == "q.fifo" {
		in.Attributes = map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"}
	}
	if _, err := s.CreateQueue(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	return s, s.at(place{"us-east-1", name})
}

// A dead letter that could not be moved returns to its place in its group.
func TestInsertAtFormerPlace(t *testing.T) {
	s, q := fixture(t, "q.fifo", time.Now())
	g := "g"
	for _, body := range []string{"a", "b", "c"} {
		if _, err := s.SendMessage(t.Context(), &SendMessageInput{QueueURL: "q.fifo", Body: body, GroupID: &g}); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []uint64{2, 1} {
		m := q.messages[at]
		q.drop(m)
		q.insert(m)
	}
	ten := 10
	out, err := s.ReceiveMessage(t.Context(), &ReceiveMessageInput{QueueURL: "q.fifo", Max: &ten})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, m := range out.Messages {
		got += m.Body
	}
	if got != "abc" {
		t.Errorf("received %s, want abc", got)
	}
}

func TestInFlightLimit(t *testing.T) {
	for name, want := range map[string]string{"q": "OverLimit", "q.fifo": ""} {
		s, q := fixture(t, name, time.Now())
		in := &SendMessageInput{QueueURL: name, Body: "x"}
		if q.fifo {
			in.GroupID = &name
		}
		if _, err := s.SendMessage(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		q.flying = maxInFlight
		out, err := s.ReceiveMessage(t.Context(), &ReceiveMessageInput{QueueURL: name})
		got := ""
		if err != nil {
			got = awswire.AsError(err).Code
		}
		if got != want || err == nil && len(out.Messages) != 0 {
			t.Errorf("%s: %v, want error %q and no message", name, err, want)
		}
	}
}

func TestReceiptHandlesAreChecked(t *testing.T) {
	handle := receipt{1, 2, 3}.String()
	if r, ok := parseReceipt(handle); !ok || r != (receipt{1, 2, 3}) {
		t.Errorf("%v %t", r, ok)
	}
	for i := range len(handle) - 2 { // the last two characters are padding
		bad := []byte(handle)
		bad[i] ^= 1
		if r, ok := parseReceipt(string(bad)); ok {
			t.Errorf("changed at %d: accepted as %v", i, r)
		}
	}
}

func TestTimestampsOfReceives(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	s, _ := fixture(t, "q", at)
	s.Now = func() time.Time { return at }
	if _, err := s.SendMessage(t.Context(), &SendMessageInput{QueueURL: "q", Body: "x"}); err != nil {
		t.Fatal(err)
	}
	zero := 0
	for i := range 3 {
		at = at.Add(time.Second)
		out, err := s.ReceiveMessage(t.Context(), &ReceiveMessageInput{QueueURL: "q", VisibilityTimeout: &zero, SystemNames: []string{"All"}})
		if err != nil {
			t.Fatal(err)
		}
		a := out.Messages[0].Attributes
		got := a["SentTimestamp"] + " " + a["ApproximateFirstReceiveTimestamp"] + " " + a["ApproximateReceiveCount"]
		if want := fmt.Sprintf("1700000000000 1700000001000 %d", i+1); got != want {
			t.Errorf("sent, first received, count: %s, want %s", got, want)
		}
	}
}
