package awswire_test

import (
	"io"
	"net/http"
	"testing"

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
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(conn)
	return string(answer), err
}
