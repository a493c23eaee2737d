package process

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
)

func TestBrokenPollGetsTheEventAgain(t *testing.T) {
	for _, limit := range []int{1, 2} {
		for _, waits := range []bool{false, true} { // another poller, before the broken one
			synctest.Test(t, func(t *testing.T) {
				a, c, ready := testAPI(limit)
				ctx, cancel := context.WithCancel(t.Context())
				c.poll(ctx)
				synctest.Wait()
				cancel()
				synctest.Wait()
				broken := make(chan struct{})
				go func() {
					defer close(broken)
					a.ServeHTTP(failingWriter{httptest.NewRecorder()}, httptest.NewRequest("GET", nextPath, nil))
				}()
				synctest.Wait()
				var other <-chan *httptest.ResponseRecorder
				if waits {
					other = c.poll(t.Context())
					synctest.Wait()
				}
				a.deliver(testInvocation("id-1"))
				<-broken
				if !waits {
					other = c.poll(t.Context())
				}
				synctest.Wait()
				select {
				case w := <-other:
					if w.Header().Get("Lambda-Runtime-Aws-Request-Id") != "id-1" {
						t.Errorf("limit %d: %v", limit, w.Header())
					}
				default:
					t.Fatalf("limit %d, another waits %v: the event is lost", limit, waits)
				}
				// Room for one was promised once, and nobody waits now.
				if n := ready.Load(); n != 1 {
					t.Errorf("limit %d: room for %d, must be 1 in all", limit, n)
				}
			})
		}
	}
}

// TestGoneButNotYetNoticed: whichever branch the poller's select takes, an event
// it cannot pass on is still there.
func TestGoneButNotYetNoticed(t *testing.T) {
	for _, limit := range []int{1, 2} {
		for range 20 { // select is random
			a, _, _ := testAPI(limit)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			a.deliver(testInvocation("id-1"))
			a.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", nextPath, nil).WithContext(ctx))
			if len(a.queue) != 1 { // another poller may wait for it
				t.Fatalf("limit %d: the event was handed to nobody", limit)
			}
		}
	}
}

type failingWriter struct{ http.ResponseWriter }

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }
