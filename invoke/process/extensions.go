package process

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/penstock/penstock/invoke"
)

// maxExtensions is how many extensions a process may register.
const maxExtensions = 10

// extensionInfo is what a registration is answered with.
type extensionInfo struct {
	FunctionName    string `json:"functionName"`
	FunctionVersion string `json:"functionVersion"`
	Handler         string `json:"handler"`
}

// An extension is an in-process one: code inside the runtime that registered.
// Go's WithEnableSIGTERM is such a one, without events.
type extension struct {
	invokes bool
	events  chan *invocation
}

// notifyExtensions tells those that asked for INVOKE events. One that does not
// collect its events loses the newest rather than holding up the function.
func (a *api) notifyExtensions(inv *invocation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.extensions {
		if e.invokes {
			select {
			case e.events <- inv:
			default:
			}
		}
	}
}

// serveExtensions answers the mounts beside the Runtime API.
func (a *api) serveExtensions(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "POST /2020-01-01/extension/register":
		a.register(w, r)
	case "GET /2020-01-01/extension/event/next":
		a.extensionNext(w, r)
	case "POST /2020-01-01/extension/init/error", "POST /2020-01-01/extension/exit/error":
		if a.extension(w, r) != nil {
			accepted(w)
		}
	case "PUT /2020-08-15/logs":
		refuse(w, http.StatusAccepted, "Logs.NotSupported", "Logs API is not supported")
	case "PUT /2022-07-01/telemetry":
		refuse(w, http.StatusAccepted, "Telemetry.NotSupported", "Telemetry API is not supported")
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (a *api) register(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Events []string `json:"events"`
	}
	if r.Header.Get("Lambda-Extension-Name") == "" {
		refuse(w, http.StatusForbidden, "Extension.InvalidExtensionName", "Empty extension name")
		return
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body); err != nil {
		refuse(w, http.StatusForbidden, "InvalidRequestFormat", err.Error())
		return
	}
	for _, e := range body.Events {
		if e != "INVOKE" {
			refuse(w, http.StatusForbidden, "Extension.InvalidEventType", e+": invalid event type for internal extensions")
			return
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.state != stateStarted:
		refuse(w, http.StatusForbidden, "Extension.RegistrationClosed", "Extension registration closed already")
		return
	case len(a.extensions) == maxExtensions:
		refuse(w, http.StatusForbidden, "Extension.TooManyExtensions", "Extension limit (10) reached")
		return
	}
	id := invoke.NewID()
	a.extensions[id] = &extension{
		invokes: slices.Contains(body.Events, "INVOKE"),
		events:  make(chan *invocation, 64),
	}
	out, _ := json.Marshal(a.info)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Lambda-Extension-Identifier", id)
	w.Write(out)
}

// extension finds the caller; when there is none it is refused.
func (a *api) extension(w http.ResponseWriter, r *http.Request) *extension {
	id := r.Header.Get("Lambda-Extension-Identifier")
	a.mu.Lock()
	e := a.extensions[id]
	a.mu.Unlock()
	switch {
	case id == "":
		refuse(w, http.StatusForbidden, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
	case e == nil:
		refuse(w, http.StatusForbidden, "Extension.UnknownExtensionIdentifier", "Unknown extension "+strings.ToValidUTF8(id, "?"))
	}
	return e
}

// extensionNext blocks until an invocation, for ever if none was asked for.
func (a *api) extensionNext(w http.ResponseWriter, r *http.Request) {
	e := a.extension(w, r)
	if e == nil {
		return
	}
	select {
	case <-r.Context().Done():
	case inv := <-e.events:
		out, _ := json.Marshal(map[string]any{
			"eventType": "INVOKE", "deadlineMs": inv.deadline.UnixMilli(), "requestId": inv.id,
			"invokedFunctionArn": inv.arn,
			"tracing":            map[string]string{"type": "X-Amzn-Trace-Id", "value": inv.trace},
		})
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Lambda-Extension-Event-Identifier", invoke.NewID())
		w.Write(out)
	}
}
