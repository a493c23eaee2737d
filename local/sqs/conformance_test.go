package sqs_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/penstock/penstock/internal/pipenet"
	local "github.com/penstock/penstock/local/sqs"
)

// TestConformance runs every row against a Service of its own, over HTTP, in fake
// time.
func TestConformance(t *testing.T) {
	for _, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := serve(t, &local.Service{Strict: r.strict})
				if err := r.do(t.Context(), g); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// serve puts a Service behind HTTP on an in-memory network until the test ends.
func serve(t *testing.T, s *local.Service) rig {
	t.Helper()
	l := pipenet.Listen()
	srv := &http.Server{Handler: s.Handler()}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	transport := &http.Transport{DialContext: l.DialContext}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		s.Close()
		srv.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	return rig{endpoint: "http://sqs.test", http: &http.Client{Transport: transport}}
}
