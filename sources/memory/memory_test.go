package memory_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/memory"
)

func ids(records []sources.Record) string {
	var list []string
	for _, r := range records {
		list = append(list, r.ID)
	}
	return strings.Join(list, ",")
}

// receive takes what is there now.
func receive(t *testing.T, feed sources.Queue, want string) []sources.Record {
	t.Helper()
	records, err := feed.Receive(t.Context(), 10, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(records); got != want {
		t.Fatalf("received %q, want %q", got, want)
	}
	return records
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// at moves fake time to d after start.
func at(start time.Time, d time.Duration) { time.Sleep(time.Until(start.Add(d))) }

func TestVisibilityEndsExactlyOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &memory.Queue{Visibility: 8 * time.Second}
		feed, start := q.Open(sources.Spec{}), time.Now()
		q.PutBodies("a", "b")
		records := receive(t, feed, "msg-1,msg-2")
		if want := start.Add(8 * time.Second); !records[0].Loan.Equal(want) || !records[0].Arrived.Equal(start) {
			t.Errorf("loan %v, arrived %v", records[0].Loan, records[0].Arrived)
		}
		must(t, feed.Ack(t.Context(), records[1:]))
		at(start, 8*time.Second-1)
		receive(t, feed, "")
		at(start, 8*time.Second)
		if again := receive(t, feed, "msg-1"); again[0].Receives != 2 {
			t.Errorf("received for the %d. time, want 2", again[0].Receives)
		}
	})
}

func TestDeadLetterAtTheReceiveThatIsOneTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &memory.Queue{MaxReceives: 2}
		feed := q.Open(sources.Spec{})
		q.Put(memory.Message{Body: "poison", Attributes: map[string]string{"k": "v"}})
		for range 2 {
			receive(t, feed, "msg-1")
			time.Sleep(30 * time.Second)
		}
		if n := len(q.Dead()); n != 0 {
			t.Fatalf("%d dead letters before the third receive", n)
		}
		receive(t, feed, "")
		dead := q.Dead()
		if len(dead) != 1 || dead[0].Body != "poison" || dead[0].Receives != 2 || dead[0].Attributes["k"] != "v" {
			t.Errorf("dead letters: %+v", dead)
		}
		if c := q.Counts(); c != (memory.Counts{Dead: 1}) {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestStandardReceipts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &memory.Queue{Visibility: time.Second}
		feed := q.Open(sources.Spec{})
		q.PutBodies("a")
		first := receive(t, feed, "msg-1")
		time.Sleep(time.Second)
		receive(t, feed, "msg-1")
		must(t, feed.Ack(t.Context(), first)) // old: accepted, deletes nothing
		if c := q.Counts(); c.Hidden != 1 || c.Acked != 0 {
			t.Errorf("after an old receipt: %+v", c)
		}
		must(t, feed.Nack(t.Context(), first)) // old: takes effect
		third := receive(t, feed, "msg-1")
		time.Sleep(time.Second)
		must(t, feed.Ack(t.Context(), third)) // late, but nobody received it since
		must(t, feed.Ack(t.Context(), third))
		if c := q.Counts(); c != (memory.Counts{Acked: 1}) {
			t.Errorf("at the end: %+v", c)
		}
	})
}

func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &memory.Queue{Holds: true, Visibility: -1}
		feed := q.Open(sources.Spec{})
		q.PutBodies("a")
		records := receive(t, feed, "msg-1")
		if !records[0].Loan.IsZero() {
			t.Errorf("loan %v of a queue that never takes back", records[0].Loan)
		}
		time.Sleep(24 * time.Hour)
		receive(t, feed, "")
		must(t, feed.(sources.Holder).Hold(t.Context(), []sources.Held{{Record: records[0], For: time.Minute, Note: []byte("past")}}))
		start := time.Now()
		again, err := feed.Receive(t.Context(), 1, 20*time.Second)
		if len(again) != 0 || err != nil {
			t.Fatal(again, err)
		}
		at(start, 50*time.Second)
		again, err = feed.Receive(t.Context(), 1, 20*time.Second)
		must(t, err)
		if ids(again) != "msg-1" || string(again[0].Note) != "past" || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", again, time.Since(start))
		}
		if _, ok := (&memory.Queue{}).Open(sources.Spec{}).(sources.Holder); ok {
			t.Error("a queue without Holds is a Holder")
		}
	})
}

// TestWakes: whatever makes a record available ends a wait at once.
func TestWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &memory.Queue{FIFO: true}
		feed := q.Open(sources.Spec{})
		q.Put(memory.Message{Group: "a"}, memory.Message{Group: "a"})
		first, err := feed.Receive(t.Context(), 1, 0)
		must(t, err)
		for _, settle := range []func(context.Context, []sources.Record) error{feed.Nack, feed.Ack} {
			got := make(chan []sources.Record)
			go func() {
				records, _ := feed.Receive(t.Context(), 1, 20*time.Second)
				got <- records
			}()
			synctest.Wait()
			start := time.Now()
			must(t, settle(t.Context(), first))
			if first = <-got; len(first) != 1 || time.Since(start) != 0 {
				t.Errorf("%d records after %v", len(first), time.Since(start))
			}
		}
	})
}

func TestPutIsSeenWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &memory.Queue{}
		feed := q.Open(sources.Spec{})
		got := make(chan string)
		go func() {
			records, _ := feed.Receive(t.Context(), 10, 20*time.Second)
			got <- ids(records)
		}()
		synctest.Wait()
		start := time.Now()
		q.PutBodies("a", "b", "c")
		if s := <-got; s != "msg-1,msg-2,msg-3" || time.Since(start) != 0 {
			t.Errorf("received %q after %v", s, time.Since(start))
		}
	})
}

// TestGroupsOfStandardQueues: there a group is a label that orders nothing.
func TestGroupsOfStandardQueues(t *testing.T) {
	q := &memory.Queue{}
	feed := q.Open(sources.Spec{})
	q.Put(memory.Message{Group: "a"}, memory.Message{Group: "b"}, memory.Message{Group: "a"})
	first, err := feed.Receive(t.Context(), 1, 0)
	must(t, err)
	if ids(first) != "msg-1" || first[0].Group != "" {
		t.Errorf("received %+v", first)
	}
	receive(t, feed, "msg-2,msg-3")
}

// TestMixedFailures: an error that may pass outranks an expired loan, because
// trying again helps one of them.
func TestMixedFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &memory.Queue{FIFO: true, Visibility: time.Second}
		feed := q.Open(sources.Spec{})
		q.PutBodies("a")
		old := receive(t, feed, "msg-1")
		time.Sleep(time.Second)
		for name, records := range map[string][]sources.Record{
			"expired first": {old[0], {ID: "stranger"}}, "expired last": {{ID: "stranger"}, old[0]},
		} {
			err := feed.Ack(t.Context(), records)
			var failed *sources.Failed
			if !errors.As(err, &failed) || len(failed.Records) != 2 || errors.Is(err, sources.ErrExpired) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestHoldByAnOldReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &memory.Queue{Holds: true, Visibility: time.Second}
		feed := q.Open(sources.Spec{})
		q.PutBodies("a")
		old := receive(t, feed, "msg-1")
		time.Sleep(time.Second)
		receive(t, feed, "msg-1")
		err := feed.(sources.Holder).Hold(t.Context(), []sources.Held{{Record: old[0], For: time.Hour}})
		if !errors.Is(err, sources.ErrExpired) {
			t.Errorf("held by an old receipt: %v", err)
		}
		time.Sleep(time.Second)
		receive(t, feed, "msg-1")
	})
}

func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &memory.Queue{}
		feed := q.Open(sources.Spec{})
		q.PutBodies("a", "b")
		trouble := errors.New("trouble")
		q.FailNext(1, trouble, memory.Receive)
		if _, err := feed.Receive(t.Context(), 1, 0); err != trouble {
			t.Errorf("got %v", err)
		}
		records := receive(t, feed, "msg-1,msg-2")
		q.Fault(func(op memory.Op, r []sources.Record) error {
			return &sources.Failed{Records: r[:1], Err: trouble}
		})
		err := feed.Ack(t.Context(), records)
		var failed *sources.Failed
		if !errors.As(err, &failed) || ids(failed.Records) != "msg-1" || !errors.Is(err, trouble) {
			t.Errorf("got %v", err)
		}
		if got := q.Acked(); !slices.Equal(got, []string{"msg-2"}) {
			t.Errorf("acknowledged %q", got)
		}
	})
}

func TestRefusals(t *testing.T) {
	q := &memory.Queue{}
	feed := q.Open(sources.Spec{})
	many := make([]sources.Record, 11)
	for name, err := range map[string]error{
		"receive": second(feed.Receive(t.Context(), 11, 0)),
		"ack":     feed.Ack(t.Context(), many),
		"nack":    feed.Nack(t.Context(), many),
	} {
		if !errors.Is(err, sources.ErrTooMany) {
			t.Errorf("%s of 11: %v", name, err)
		}
	}
	for _, err := range []error{
		second(feed.Receive(t.Context(), 0, 0)),
		second(feed.Receive(t.Context(), 1, 21*time.Second)),
		second(feed.Receive(t.Context(), 1, -1)),
		feed.Ack(t.Context(), []sources.Record{{ID: "stranger"}}),
	} {
		if err == nil {
			t.Error("a bad argument was accepted")
		}
	}
	must(t, feed.Close())
	must(t, feed.Close())
	if second(feed.Receive(t.Context(), 1, 0)) == nil || feed.Ack(t.Context(), nil) == nil {
		t.Error("a closed feed still works")
	}
}

func second(_ []sources.Record, err error) error { return err }

func Example() {
	q := &memory.Queue{Name: "orders"}
	kind := q.Kind()
	feed, _ := kind.Queue(context.Background(), sources.Spec{})
	defer feed.Close()
	q.PutBodies(`{"order":1}`, `plain`)

	records, _ := feed.Receive(context.Background(), 10, 0)
	fmt.Println(records[0].ID, string(records[0].Body), records[0].Receives)
	fmt.Println(records[1].ID, string(records[1].Body))
	_ = feed.Ack(context.Background(), records[:1])
	c := q.Counts()
	fmt.Println(c.Visible, c.Hidden, c.Acked)
	// Output:
	// msg-1 {"order":1} 1
	// msg-2 "plain"
	// 0 1 1
}

func TestRender(t *testing.T) {
	q := &memory.Queue{Render: func(m memory.Message, s sources.Spec) json.RawMessage {
		text, _ := json.Marshal(map[string]any{"body": m.Body, "arn": s.ARN, "n": m.Receives, "seq": m.Sequence})
		return text
	}}
	q.PutBodies("x")
	records := receive(t, q.Open(sources.Spec{ARN: "a"}), "msg-1")
	if got, want := string(records[0].Body), `{"arn":"a","body":"x","n":1,"seq":1}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
