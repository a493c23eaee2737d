package lambdaapi_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/penstock/penstock"
	"github.com/penstock/penstock/control"
	"github.com/penstock/penstock/control/lambdaapi"
	"github.com/penstock/penstock/internal/pipenet"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/store"
)

// BenchmarkInvokeEcho compares an invocation through HTTP, API and Plane with a
// handler that does no more than read its body and write it.
func BenchmarkInvokeEcho(b *testing.B) {
	log := slog.New(slog.DiscardHandler)
	plane, err := control.Open(b.Context(), control.Options{
		Store: store.Memory(), Data: b.TempDir(), LocalCode: true, Log: log,
		Build: func(context.Context, control.Function) (invoke.Function, io.Closer, error) {
			return invoke.Function{Target: invoke.Bytes(func(_ context.Context, event []byte) ([]byte, error) { return event, nil })}, nil, nil
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	server := &penstock.Server{Log: log}
	wg.Go(func() { server.Run(ctx) })
	wg.Go(func() { plane.Run(ctx, server) })
	defer func() { cancel(); wg.Wait(); plane.Close() }()
	h := lambdaapi.New(plane, nil).Handler()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/2015-03-31/functions", strings.NewReader(`{"FunctionName":"f","Runtime":"r","Handler":"h",
		"Role":"`+role+`","Code":{"S3Bucket":"penstock-local","S3Key":"`+b.TempDir()+`"}}`)))
	if w.Code != 201 {
		b.Fatal(w.Body)
	}
	if err := plane.Settled(ctx); err != nil {
		b.Fatal(err)
	}
	b.Run("penstock", func(b *testing.B) { echo(b, h) })
	b.Run("bare", func(b *testing.B) {
		echo(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Write(body)
		}))
	})
}

func echo(b *testing.B, h http.Handler) {
	l := pipenet.Listen()
	server := &http.Server{Handler: h}
	defer server.Close()
	go server.Serve(l)
	client := &http.Client{Transport: &http.Transport{DialContext: l.DialContext}}
	event := []byte(`{"a":"` + strings.Repeat("x", 1000) + `"}`)
	b.ReportAllocs()
	for b.Loop() {
		out, err := client.Post("http://lambda.test/2015-03-31/functions/f/invocations", "", bytes.NewReader(event))
		if err != nil {
			b.Fatal(err)
		}
		body, err := io.ReadAll(out.Body)
		if out.Body.Close(); err != nil || len(body) != len(event) {
			b.Fatal(err, len(body))
		}
	}
}
