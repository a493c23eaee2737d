package awsclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// ErrResponseTooLong: a response had more bytes than Client.MaxResponse.
var ErrResponseTooLong = errors.New("response too long")

const (
	maxResponse = 64 << 20
	// afterCancel is how long a response that has begun may go on arriving
	// after its request was cancelled: messages in it are already hidden from
	// everybody else.
	afterCancel = 5 * time.Second
)

// A transport hands the SDK whole responses and keeps the SDK's hands off a
// request on its way. Without it up to one reply in a hundred fails while it is
// read, on a connection that is "closed", and is then paid for by a retry: the
// SDK closes the request's body while the connection may still hold it.
type transport struct {
	pool    *http.Transport
	max     int64         // of a response, in bytes
	timeout time.Duration // of a request with its response
}

// newPool returns the connections that all configurations of a Client share.
func newPool(dial func(context.Context, string, string) (net.Conn, error)) *http.Transport {
	pool := &http.Transport{
		DialContext:           dial,
		ForceAttemptHTTP2:     true,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   5 * time.Second,
		ExpectContinueTimeout: time.Second,
		MaxIdleConns:          1024,
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       55 * time.Second,
		// Every waiting receive has a connection; long bodies pass buffers by.
		ReadBufferSize:  2 << 10,
		WriteBufferSize: 2 << 10,
	}
	if dial == nil {
		pool.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
		pool.Proxy = http.ProxyFromEnvironment
	}
	return pool
}

// RoundTrip sends a copy of the request and returns a response whose body is
// in memory.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), t.timeout)
	defer cancel()
	stop := context.AfterFunc(r.Context(), cancel)
	defer stop()

	sent, err := detach(r, ctx)
	if err != nil {
		return nil, err
	}
	resp, err := t.pool.RoundTrip(sent)
	if err != nil {
		if cause := r.Context().Err(); cause != nil {
			err = cause
		}
		return nil, err
	}
	if stop() {
		stop = context.AfterFunc(r.Context(), func() { time.AfterFunc(afterCancel, cancel) })
		defer stop()
	}
	body, err := t.read(resp)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.Request = r
	return resp, nil
}

// detach copies the request with its body. GetBody lets net/http send it again
// on another connection if the first was closed before anything was written.
func detach(r *http.Request, ctx context.Context) (*http.Request, error) {
	sent := r.WithContext(ctx)
	if r.Body == nil || r.Body == http.NoBody {
		return sent, nil
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	sent.Body = io.NopCloser(bytes.NewReader(body))
	sent.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	sent.ContentLength = int64(len(body))
	return sent, nil
}

func (t *transport) read(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	if resp.ContentLength > t.max {
		return nil, fmt.Errorf("%w: %d bytes, limit %d", ErrResponseTooLong, resp.ContentLength, t.max)
	}
	var body bytes.Buffer
	if resp.ContentLength > 0 {
		body.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	n, err := body.ReadFrom(io.LimitReader(resp.Body, t.max+1))
	if err != nil {
		return nil, fmt.Errorf("read response: %w", err)
	}
	if n > t.max {
		return nil, fmt.Errorf("%w: limit %d bytes", ErrResponseTooLong, t.max)
	}
	return body.Bytes(), nil
}
