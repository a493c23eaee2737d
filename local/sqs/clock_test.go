package sqs_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	local "github.com/penstock/penstock/local/sqs"
)

func TestNextDueAndAdvance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine{&local.Service{}, t}
		q := e.create("orders", nil)
		if at, ok := e.NextDue(); ok {
			t.Errorf("an empty service has something due at %v", at)
		}
		e.send(q, "a")
		if at, ok := e.NextDue(); ok {
			t.Errorf("a visible message is due at %v", at)
		}
		e.receive(q, 0)
		at, ok := e.NextDue()
		if want := time.Now().Add(30 * time.Second); !ok || !at.Equal(want) {
			t.Errorf("next due %v %t, want the end of the visibility timeout at %v", at, ok, want)
		}

		polled := make(chan int, 1)
		go func() { polled <- len(e.receive(q, 20)) }()
		synctest.Wait()
		start := time.Now()
		e.Advance(30 * time.Second)
		if n := <-polled; n != 1 || time.Since(start) != 0 {
			t.Errorf("the waiting poll returned %d messages after %v, want 1 at once", n, time.Since(start))
		}

		go func() { polled <- len(e.receive(q, 20)) }()
		synctest.Wait()
		e.Advance(25 * time.Second) // past the end of the poll, not of the timeout
		if n := <-polled; n != 0 || time.Since(start) != 0 {
			t.Errorf("a poll whose time had passed returned %d messages after %v, want none at once", n, time.Since(start))
		}
		go func() { polled <- len(e.receive(q, 20)) }()
		synctest.Wait()
		if n := <-polled; n != 1 || time.Since(start) != 5*time.Second {
			t.Errorf("after Advance the timeout ended after %v with %d messages, want 5s and 1", time.Since(start), n)
		}
	})
}

// A long poll set its timer before Advance; what is due comes sooner then.
func TestAdvanceResetsTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine{&local.Service{}, t}
		q := e.create("orders", nil)
		e.send(q, "a")
		e.receive(q, 0) // hidden for 30 s
		polled := make(chan int, 1)
		go func() { polled <- len(e.receive(q, 20)) }()
		synctest.Wait()
		e.Advance(15 * time.Second)
		start := time.Now()
		if n := <-polled; n != 0 || time.Since(start) != 5*time.Second {
			t.Errorf("the poll returned %d messages after %v, want none after the 5 s left of its wait", n, time.Since(start))
		}
		go func() { polled <- len(e.receive(q, 20)) }()
		if n := <-polled; n != 1 || time.Since(start) != 15*time.Second {
			t.Errorf("the message came back %v after Advance (%d), want 15 s", time.Since(start), n)
		}
	})
}

func TestOwnClock(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	e := engine{&local.Service{Now: func() time.Time { return at }, Region: "eu-west-1", Account: "123456789012"}, t}
	q := e.create("orders", map[string]string{"DelaySeconds": "5"})
	e.send(q, "a")
	if due, ok := e.NextDue(); !ok || !due.Equal(at.Add(5*time.Second)) {
		t.Errorf("next due %v %t", due, ok)
	}
	at = at.Add(5 * time.Second)
	if m := e.receive(q, 0); len(m) != 1 {
		t.Errorf("received %d messages after the delay, want 1", len(m))
	}
	if want := []string{"arn:aws:sqs:eu-west-1:123456789012:orders"}; !slices.Equal(e.Queues(), want) {
		t.Errorf("queues %v, want %v", e.Queues(), want)
	}
}

// Timeouts and delays end in the order of their ends, not of the messages.
func TestTimeoutsEndEachInItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine{&local.Service{}, t}
		q := e.create("orders", nil)
		for _, seconds := range []int{30, 5, 20, 10} {
			if _, err := e.SendMessage(t.Context(), &local.SendMessageInput{QueueURL: q, Body: fmt.Sprint(seconds), DelaySeconds: &seconds}); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		for _, want := range []int{5, 10, 20, 30} {
			if due, ok := e.NextDue(); !ok || due.Sub(start) != time.Duration(want)*time.Second {
				t.Errorf("next due after %v, want %d s", due.Sub(start), want)
			}
			m := e.receive(q, 20)
			if len(m) != 1 || m[0].Body != fmt.Sprint(want) || time.Since(start) != time.Duration(want)*time.Second {
				t.Fatalf("received %v after %v, want %d", m, time.Since(start), want)
			}
			e.delete(q, m[0].ReceiptHandle)
		}
	})
}
