package awswire_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/penstock/penstock/internal/pipenet"
)

// overPipe sends text to a server of h and returns all that it answers before it
// closes the connection.
func overPipe(t *testing.T, h http.Handler, text string) (string, error) {
	t.Helper()
	l := pipenet.Listen()
	server := &http.Server{Handler: h}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() {
		server.Close()
		<-served
	}()
	conn, err := l.DialContext(t.Context(), "tcp", "x")
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second)) // a server that waits for more is a failure
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(conn)
	return string(answer), err
}

// errorType is a header as AWS spells it, which is not how net/http would.
var errorType = "x-amzn-ErrorType"
