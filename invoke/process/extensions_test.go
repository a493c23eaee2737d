package process

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestExtensions(t *testing.T) {
	register := func(c runtimeClient, name, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/2020-01-01/extension/register", strings.NewReader(body))
		r.Header.Set("Lambda-Extension-Name", name)
		return c.send(r)
	}
	synctest.Test(t, func(t *testing.T) {
		a, c, _ := testAPI(1)
		w := register(c, "GoLangEnableSIGTERM", `{"events":[]}`)
		id := w.Header().Get("Lambda-Extension-Identifier")
		if w.Code != 200 || id == "" || w.Body.String() != `{"functionName":"f","functionVersion":"$LATEST","handler":"f.handler"}` {
			t.Fatalf("register: %d %q %s", w.Code, id, w.Body)
		}
		agent := register(c, "agent", `{"events":["INVOKE"]}`).Header().Get("Lambda-Extension-Identifier")
		for body, want := range map[string]string{`{"events":["SHUTDOWN"]}`: "Extension.InvalidEventType", `nonsense`: "InvalidRequestFormat"} {
			if w := register(c, "x", body); w.Code != 403 || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: %d %s", body, w.Code, w.Body)
			}
		}
		if w := register(c, "", `{}`); !strings.Contains(w.Body.String(), "Extension.InvalidExtensionName") {
			t.Errorf("no name: %s", w.Body)
		}
		for range maxExtensions - 2 {
			register(c, "more", `{}`)
		}
		if w := register(c, "more", `{}`); w.Code != 403 || !strings.Contains(w.Body.String(), "Extension.TooManyExtensions") {
			t.Errorf("too many: %s", w.Body)
		}
		event := func(ctx context.Context, id string) <-chan *httptest.ResponseRecorder {
			got := make(chan *httptest.ResponseRecorder, 1)
			r := httptest.NewRequest("GET", "/2020-01-01/extension/event/next", nil).WithContext(ctx)
			r.Header.Set("Lambda-Extension-Identifier", id)
			go func() { got <- c.send(r) }()
			return got
		}
		if w := <-event(t.Context(), "unknown"); w.Code != 403 {
			t.Errorf("unknown extension: %d", w.Code)
		}
		ctx, cancel := context.WithCancel(t.Context())
		quiet, told := event(ctx, id), event(ctx, agent)
		a.deliver(testInvocation("id-1"))
		if w := <-told; !strings.Contains(w.Body.String(), `"eventType":"INVOKE"`) || !strings.Contains(w.Body.String(), `"requestId":"id-1"`) {
			t.Errorf("event: %s", w.Body)
		}
		time.Sleep(time.Hour)
		if len(quiet) != 0 {
			t.Error("an extension without events was woken")
		}
		cancel()
		<-quiet
		c.next()
		if w := register(c, "late", `{}`); !strings.Contains(w.Body.String(), "Extension.RegistrationClosed") {
			t.Errorf("late: %s", w.Body)
		}
	})
}
