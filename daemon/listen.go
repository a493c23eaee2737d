package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"github.com/penstock/penstock/awswire"
)

// listen opens the daemon's port. Only loopback addresses are taken: nothing
// here asks callers who they are.
func listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usage("--listen %q: must be HOST:PORT, e.g. 127.0.0.1:9330", address)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return nil, usage("--listen %q: must be a loopback address (127.0.0.1 or ::1): the endpoint has no authentication", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, usage("--listen %q: the port must be from 0 to 65535", address)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, environment("--listen %s: the port is in use, perhaps by another penstock: choose another with --listen", address)
	case err != nil:
		return nil, environment("--listen %s: %w", address, err)
	}
	return l, nil
}

// serve answers AWS requests on l until ctx is done, then gives running ones a
// moment to end.
func serve(ctx context.Context, l net.Listener, routes []awswire.Route, hosts []string, log *slog.Logger) error {
	server := &http.Server{
		Handler:           &awswire.Guard{Next: &awswire.Router{Routes: routes}, Hosts: hosts},
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(last) != nil {
			server.Close()
		}
	})
	err := server.Serve(l)
	if !stop() {
		<-closed
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	}
	return nil
}

// url is where clients find what is served on l.
func url(l net.Listener) string { return "http://" + l.Addr().String() }
