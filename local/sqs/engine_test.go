package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock/penstock/awswire"
	local "github.com/penstock/penstock/local/sqs"
)

// engine is a Service used through its Go methods, with failures ending the test.
type engine struct {
	*local.Service
	t *testing.T
}

func (e engine) create(name string, attributes map[string]string) string {
	e.t.Helper()
	out, err := e.CreateQueue(e.t.Context(), &local.CreateQueueInput{QueueName: name, Attributes: attributes})
	if err != nil {
		e.t.Fatal(err)
	}
	return out.QueueURL
}

func (e engine) send(q, body string) string {
	e.t.Helper()
	in := &local.SendMessageInput{QueueURL: q, Body: body}
	if name := q[len(q)-5:]; name == ".fifo" {
		g := "g"
		in.GroupID, in.DeduplicationID = &g, &body
	}
	out, err := e.SendMessage(e.t.Context(), in)
	if err != nil {
		e.t.Fatal(err)
	}
	return out.MessageID
}

func (e engine) receive(q string, seconds int) []local.Message {
	e.t.Helper()
	ten := 10
	out, err := e.ReceiveMessage(e.t.Context(), &local.ReceiveMessageInput{QueueURL: q, Max: &ten, WaitTimeSeconds: &seconds})
	if err != nil {
		e.t.Fatal(err)
	}
	return out.Messages
}

func (e engine) delete(q, handle string) {
	e.t.Helper()
	if _, err := e.DeleteMessage(e.t.Context(), &local.DeleteMessageInput{QueueURL: q, ReceiptHandle: handle}); err != nil {
		e.t.Fatal(err)
	}
}

const ordersARN = "arn:aws:sqs:us-east-1:000000000000:orders"

func TestFates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		count := 0
		s := &local.Service{
			NewID: func() string { count++; return fmt.Sprint("id-", count) },
			Observe: func(e local.Event) {
				got = append(got, fmt.Sprintf("%s %s %d %v %s", e.Fate, e.Body, e.Receives, e.For, e.To))
			},
		}
		e := engine{s, t}
		e.create("dead", nil)
		q := e.create("orders", map[string]string{"RedrivePolicy": redrive("arn:aws:sqs:us-east-1:000000000000:dead", 1), "VisibilityTimeout": "10"})
		e.send(q, "poison")
		e.receive(q, 0)
		e.send(q, "good")
		m := e.receive(q, 0)
		e.delete(q, m[0].ReceiptHandle)
		time.Sleep(11 * time.Second)
		e.receive(q, 0) // moves the poison
		e.send(q, "old")
		time.Sleep(5 * 24 * time.Hour)
		e.receive(q, 0)
		e.send(q, "purged")
		e.PurgeQueue(t.Context(), &local.QueueInput{QueueURL: q})
		e.send(q, "abandoned")
		e.DeleteQueue(t.Context(), &local.QueueInput{QueueURL: q})
		want := []string{
			"sent poison 0 0s ", "received poison 1 10s ", "sent good 0 0s ", "received good 1 10s ", "deleted good 1 0s ",
			"released poison 1 0s ", "moved poison 1 0s arn:aws:sqs:us-east-1:000000000000:dead",
			"sent old 0 0s ", "expired old 0 0s ", "sent purged 0 0s ", "purged purged 0 0s ", "sent abandoned 0 0s ", "abandoned abandoned 0 0s ",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("fates -want +got\n%s", diff)
		}
	})
}

// An observer may call the Service: no lock is held.
func TestObserverMayCallBack(t *testing.T) {
	s := &local.Service{}
	var seen []local.Stats
	s.Observe = func(e local.Event) {
		stats, _ := s.Stats(e.Queue)
		seen = append(seen, stats)
	}
	e := engine{s, t}
	e.send(e.create("orders", nil), "a")
	if diff := cmp.Diff([]local.Stats{{Visible: 1}}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestInspect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine{&local.Service{}, t}
		q := e.create("orders", nil)
		now := time.Now()
		first := e.send(q, "a")
		e.receive(q, 0)
		second := e.send(q, "b")
		five := 5
		third, err := e.SendMessage(t.Context(), &local.SendMessageInput{QueueURL: q, Body: "c", DelaySeconds: &five})
		if err != nil {
			t.Fatal(err)
		}
		got, ok := e.Inspect(ordersARN)
		want := local.QueueView{ARN: ordersARN, Region: "us-east-1", Name: "orders", Stats: local.Stats{Visible: 1, InFlight: 1, Delayed: 1},
			Messages: []local.MessageView{
				{ID: first, Body: "a", Receives: 1, State: "in flight", Due: now.Add(30 * time.Second), Sent: now},
				{ID: second, Body: "b", State: "visible", Sent: now},
				{ID: third.MessageID, Body: "c", State: "delayed", Due: now.Add(5 * time.Second), Sent: now},
			}}
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if _, ok := e.Inspect(ordersARN + "-none"); ok {
			t.Error("a queue that does not exist can be inspected")
		}
	})
}

func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine{&local.Service{}, t}
		q := e.create("orders", map[string]string{"MessageRetentionPeriod": "60", "VisibilityTimeout": "100"})
		e.send(q, "a")
		h := e.receive(q, 0)[0].ReceiptHandle
		time.Sleep(59 * time.Second)
		if s, _ := e.Stats(ordersARN); s.InFlight != 1 {
			t.Errorf("after 59 s: %+v", s)
		}
		time.Sleep(time.Second)
		if s, _ := e.Stats(ordersARN); s != (local.Stats{}) {
			t.Errorf("after 60 s: %+v, want nothing, in flight or not", s)
		}
		e.delete(q, h)
	})
}

// A dead letter keeps the age it had on a standard queue and starts anew on FIFO.
func TestRetentionOfDeadLetters(t *testing.T) {
	for suffix, left := range map[string]int{"": 0, ".fifo": 1} {
		synctest.Test(t, func(t *testing.T) {
			e := engine{&local.Service{}, t}
			a := map[string]string{"MessageRetentionPeriod": "100"}
			if suffix != "" {
				a["FifoQueue"] = "true"
			}
			dead := e.create("dead"+suffix, a)
			a["RedrivePolicy"] = redrive("arn:aws:sqs:us-east-1:000000000000:dead"+suffix, 1)
			q := e.create("orders"+suffix, a)
			e.send(q, "a")
			e.receive(q, 0)
			time.Sleep(60 * time.Second)
			e.receive(q, 0)
			time.Sleep(60 * time.Second)
			if n := len(e.receive(dead, 0)); n != left {
				t.Errorf("dead%s holds %d messages 120 s after the send and 60 s after the move, want %d", suffix, n, left)
			}
		})
	}
}

func TestDeduplicationWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine{&local.Service{}, t}
		q := e.create("orders.fifo", map[string]string{"FifoQueue": "true"})
		first := e.send(q, "same")
		e.delete(q, e.receive(q, 0)[0].ReceiptHandle)
		time.Sleep(5*time.Minute - time.Second)
		if id := e.send(q, "same"); id != first || len(e.receive(q, 0)) != 0 {
			t.Error("the message was not dropped within five minutes")
		}
		time.Sleep(time.Second) // a duplicate does not extend the window
		if id := e.send(q, "same"); id == first || len(e.receive(q, 0)) != 1 {
			t.Error("the message was dropped after five minutes")
		}
	})
}

func TestDeadLetterQueueGone(t *testing.T) {
	e := engine{&local.Service{}, t}
	dead := e.create("dead", nil)
	q := e.create("orders", map[string]string{"RedrivePolicy": redrive("arn:aws:sqs:us-east-1:000000000000:dead", 1), "VisibilityTimeout": "0"})
	e.send(q, "a")
	e.receive(q, 0)
	if _, err := e.DeleteQueue(t.Context(), &local.QueueInput{QueueURL: dead}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if n := len(e.receive(q, 0)); n != 1 {
			t.Fatalf("received %d messages; without its dead-letter queue a message stays", n)
		}
	}
}

// A poll that is cancelled hides nothing, also when a message comes at that moment.
func TestCancelledPollLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine{&local.Service{}, t}
		q := e.create("orders", nil)
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		twenty := 20
		go func() {
			_, err := e.ReceiveMessage(ctx, &local.ReceiveMessageInput{QueueURL: q, WaitTimeSeconds: &twenty})
			gone <- err
		}()
		other := make(chan int, 1)
		synctest.Wait()
		go func() { other <- len(e.receive(q, 20)) }()
		synctest.Wait()
		cancel()
		e.send(q, "a") // wakes the first poll, which has to pass it on
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("the cancelled poll returned %v", err)
		}
		start := time.Now()
		if n := <-other; n != 1 || time.Since(start) != 0 {
			t.Errorf("the other poll got %d messages after %v, want 1 at once", n, time.Since(start))
		}
	})
}

func TestDeleteQueueAndCloseWakePolls(t *testing.T) {
	for name, end := range map[string]func(engine, string){
		"delete": func(e engine, q string) { e.DeleteQueue(e.t.Context(), &local.QueueInput{QueueURL: q}) },
		"close":  func(e engine, q string) { e.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := engine{&local.Service{}, t}
				q := e.create("orders", nil)
				start, polled := time.Now(), make(chan int, 3)
				for range 3 {
					go func() { polled <- len(e.receive(q, 20)) }()
				}
				synctest.Wait()
				end(e, q)
				for range 3 {
					if n := <-polled; n != 0 || time.Since(start) != 0 {
						t.Errorf("a poll returned %d messages after %v, want none at once", n, time.Since(start))
					}
				}
				_, err := e.SendMessage(t.Context(), &local.SendMessageInput{QueueURL: q, Body: "a"})
				if want := map[string]string{"delete": "QueueDoesNotExist", "close": "ServiceUnavailable"}[name]; awswire.AsError(err).Code != want {
					t.Errorf("send after %s: %v, want %s", name, err, want)
				}
			})
		})
	}
}

// Hundreds of polls share what comes: each message reaches exactly one.
func TestManyPollsShareMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine{&local.Service{}, t}
		q := e.create("orders", nil)
		var mu sync.Mutex
		seen := map[string]int{}
		var polls sync.WaitGroup
		for range 300 {
			polls.Go(func() {
				for _, m := range e.receive(q, 20) {
					mu.Lock()
					seen[m.Body]++
					mu.Unlock()
				}
			})
		}
		synctest.Wait()
		for i := range 100 {
			e.send(q, fmt.Sprint(i))
		}
		start := time.Now()
		synctest.Wait()
		mu.Lock()
		n := len(seen)
		mu.Unlock()
		if n != 100 || time.Since(start) != 0 {
			t.Errorf("%d of 100 messages arrived at once", n)
		}
		polls.Wait()
		for body, n := range seen {
			if n != 1 {
				t.Errorf("%s was received %d times", body, n)
			}
		}
	})
}

func TestFIFODelayChangesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine{&local.Service{}, t}
		for suffix, want := range map[string]int{".fifo": 1, "": 0} {
			a := map[string]string{"DelaySeconds": "100"}
			if suffix != "" {
				a["FifoQueue"] = "true"
			}
			q := e.create("orders"+suffix, a)
			e.send(q, "a")
			if _, err := e.SetQueueAttributes(t.Context(), &local.SetQueueAttributesInput{QueueURL: q, Attributes: map[string]string{"DelaySeconds": "0"}}); err != nil {
				t.Fatal(err)
			}
			if n := len(e.receive(q, 0)); n != want {
				t.Errorf("orders%s: %d messages after the delay was lifted, want %d", suffix, n, want)
			}
		}
	})
}
