package sqs_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/penstock/penstock/internal/pipenet"
	local "github.com/penstock/penstock/local/sqs"
)

// BenchmarkEngine sends, receives and deletes messages in batches of ten; one
// operation is one message.
func BenchmarkEngine(b *testing.B) {
	for _, kind := range []string{"orders", "orders.fifo"} {
		b.Run(kind, func(b *testing.B) {
			s := &local.Service{}
			in := &local.CreateQueueInput{QueueName: kind}
			if kind == "orders.fifo" {
				in.Attributes = map[string]string{"FifoQueue": "true"}
			}
			q, err := s.CreateQueue(b.Context(), in)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%10 == 0 {
					roundTrip(b, s, q.QueueURL, i)
				}
			}
		})
	}
}

func roundTrip(b *testing.B, s *local.Service, q string, at int) {
	send := &local.SendMessageBatchInput{QueueURL: q}
	for i := range 10 {
		e := local.SendEntry{ID: strconv.Itoa(i), Body: `{"order":1}`}
		if strings.HasSuffix(q, ".fifo") {
			group, id := strconv.Itoa(i), strconv.Itoa(at+i)
			e.GroupID, e.DeduplicationID = &group, &id
		}
		send.Entries = append(send.Entries, e)
	}
	if _, err := s.SendMessageBatch(b.Context(), send); err != nil {
		b.Fatal(err)
	}
	ten := 10
	got, err := s.ReceiveMessage(b.Context(), &local.ReceiveMessageInput{QueueURL: q, Max: &ten})
	if err != nil || len(got.Messages) != 10 {
		b.Fatal(err, len(got.Messages))
	}
	del := &local.DeleteMessageBatchInput{QueueURL: q}
	for i, m := range got.Messages {
		del.Entries = append(del.Entries, local.DeleteEntry{ID: strconv.Itoa(i), ReceiptHandle: m.ReceiptHandle})
	}
	if out, err := s.DeleteMessageBatch(b.Context(), del); err != nil || len(out.Failed) > 0 {
		b.Fatal(err, out)
	}
}

// BenchmarkBacklog receives and deletes one message at a time while 100 000 wait
// and 50 000 are in flight: the cost must not grow with the queue.
func BenchmarkBacklog(b *testing.B) {
	s := &local.Service{}
	q, err := s.CreateQueue(b.Context(), &local.CreateQueueInput{QueueName: "orders"})
	if err != nil {
		b.Fatal(err)
	}
	ten, hours := 10, 40_000
	for range 150_000 {
		s.SendMessage(b.Context(), &local.SendMessageInput{QueueURL: q.QueueURL, Body: "x"})
	}
	for range 5_000 {
		s.ReceiveMessage(b.Context(), &local.ReceiveMessageInput{QueueURL: q.QueueURL, Max: &ten, VisibilityTimeout: &hours})
	}
	for b.Loop() {
		s.SendMessage(b.Context(), &local.SendMessageInput{QueueURL: q.QueueURL, Body: "x"})
		got, err := s.ReceiveMessage(b.Context(), &local.ReceiveMessageInput{QueueURL: q.QueueURL})
		if err != nil || len(got.Messages) != 1 {
			b.Fatal(err)
		}
		s.DeleteMessage(b.Context(), &local.DeleteMessageInput{QueueURL: q.QueueURL, ReceiptHandle: got.Messages[0].ReceiptHandle})
	}
}

// BenchmarkHTTP drains batches of ten through JSON over an in-memory network; one
// operation is one message sent before.
func BenchmarkHTTP(b *testing.B) {
	s := &local.Service{}
	l := pipenet.Listen()
	srv := &http.Server{Handler: s.Handler()}
	go srv.Serve(l)
	defer srv.Close()
	client := rig{endpoint: "http://sqs.test", http: &http.Client{Transport: &http.Transport{DialContext: l.DialContext}}}.client("us-east-1")
	x := &run{ctx: b.Context(), client: client}
	q := x.create("orders", nil)
	bodies := make([]string, 10)
	for i := range bodies {
		bodies[i] = `{"order":1}`
	}
	for i := 0; b.Loop(); i++ {
		if i%10 != 0 {
			continue
		}
		if _, err := x.batch(q, bodies...); err != nil {
			b.Fatal(err)
		}
		for _, m := range x.receive(q, 10) {
			x.ok(x.tryDelete(q, m.ReceiptHandle))
		}
	}
}

// BenchmarkHandler is one SendMessage through the HTTP handler, without network.
func BenchmarkHandler(b *testing.B) {
	s := &local.Service{}
	if _, err := s.CreateQueue(b.Context(), &local.CreateQueueInput{QueueName: "orders"}); err != nil {
		b.Fatal(err)
	}
	h := s.Handler()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/", strings.NewReader(`{"QueueUrl":"orders","MessageBody":"x"}`))
		r.Header.Set("X-Amz-Target", "AmazonSQS.SendMessage")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}
