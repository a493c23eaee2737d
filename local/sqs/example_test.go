package sqs_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/penstock/penstock/internal/pipenet"
	local "github.com/penstock/penstock/local/sqs"
)

// An unmodified SDK client talks to a Service over an in-memory network.
func ExampleService_Handler() {
	s := &local.Service{}
	defer s.Close()
	network := pipenet.Listen()
	srv := &http.Server{Handler: s.Handler()}
	go srv.Serve(network)
	defer srv.Close()

	client := sqs.New(sqs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://sqs.local"),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
		HTTPClient:  &http.Client{Transport: &http.Transport{DialContext: network.DialContext}},
	})
	ctx := context.Background()
	q, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*q.QueueUrl)
	if _, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: aws.String("hello")}); err != nil {
		fmt.Println(err)
		return
	}
	got, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, WaitTimeSeconds: 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*got.Messages[0].Body)
	// Output:
	// http://sqs.local/000000000000/orders
	// hello
}

// Advance jumps to the next moment at which something can be received.
func ExampleService_Advance() {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := &local.Service{Now: func() time.Time { return at }} // a clock that stands still
	ctx := context.Background()
	s.CreateQueue(ctx, &local.CreateQueueInput{QueueName: "orders"})
	ninety := 90
	s.SendMessage(ctx, &local.SendMessageInput{QueueURL: "orders", Body: "later", DelaySeconds: &ninety})

	due, _ := s.NextDue()
	fmt.Println(due.Sub(at))
	s.Advance(due.Sub(at))
	got, _ := s.ReceiveMessage(ctx, &local.ReceiveMessageInput{QueueURL: "orders"})
	fmt.Println(got.Messages[0].Body)
	// Output:
	// 1m30s
	// later
}

// Observe follows the messages.
func ExampleService_observe() {
	s := &local.Service{Observe: func(e local.Event) { fmt.Println(e.Fate, e.Body, e.Receives) }}
	ctx := context.Background()
	s.CreateQueue(ctx, &local.CreateQueueInput{QueueName: "orders"})
	s.SendMessage(ctx, &local.SendMessageInput{QueueURL: "orders", Body: "order 1"})
	got, _ := s.ReceiveMessage(ctx, &local.ReceiveMessageInput{QueueURL: "orders"})
	s.DeleteMessage(ctx, &local.DeleteMessageInput{QueueURL: "orders", ReceiptHandle: got.Messages[0].ReceiptHandle})
	// Output:
	// sent order 1 0
	// received order 1 1
	// deleted order 1 1
}
