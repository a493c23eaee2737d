package process

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"

	"github.com/penstock/penstock/invoke"
)

// discardLimit bounds what is read of a body that is refused anyway. A client
// that is cut off while it writes sees a broken connection, not the refusal.
const discardLimit = 256 << 20

// response takes a result: POST /runtime/invocation/{id}/response.
func (a *api) response(w http.ResponseWriter, r *http.Request, id string) {
	inv, ok := a.begin(w, id, stateResponse)
	if !ok {
		return
	}
	if mode := r.Header.Get("Lambda-Runtime-Function-Response-Mode"); mode != "" && mode != "streaming" {
		a.settle(inv, answer{
			payload: failureObject("Runtime.InvalidResponseModeHeader", "Invalid response mode "+mode),
			status:  "error", kind: "Runtime.InvalidResponseModeHeader",
		})
		refuse(w, http.StatusBadRequest, "InvalidFunctionResponseMode", "Invalid function response mode")
		return
	}
	body, ok := a.read(w, r, inv)
	if !ok {
		return
	}
	// Trailers can be read only now that the body ended. Every client that
	// streams sends them, and Go for plain results too.
	if kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); kind != "" {
		text, err := base64.StdEncoding.DecodeString(r.Trailer.Get("Lambda-Runtime-Function-Error-Body"))
		if err != nil || len(text) == 0 {
			text = failureObject(errorKind(kind), "")
		}
		a.settle(inv, answer{payload: text, status: "error", kind: errorKind(kind)})
	} else {
		a.settle(inv, answer{payload: body, status: "success"})
	}
	accepted(w)
}

// failure takes an error: POST /runtime/invocation/{id}/error. The error type
// header is not required: Python, Node and Go do not send it.
func (a *api) failure(w http.ResponseWriter, r *http.Request, id string) {
	inv, ok := a.begin(w, id, stateError)
	if !ok {
		return
	}
	body, ok := a.read(w, r, inv)
	if !ok {
		return
	}
	kind := r.Header.Get("Lambda-Runtime-Function-Error-Type")
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "application/vnd.aws.lambda.error.cause+json" {
		body = withoutCause(body)
	}
	a.settle(inv, answer{payload: body, status: "error", kind: errorKind(kind)})
	accepted(w)
}

// initError takes the error of a failed start: POST /runtime/init/error.
func (a *api) initError(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	if a.state != stateStarted {
		defer a.mu.Unlock()
		refuseTransition(w, a.state, stateInitError)
		return
	}
	a.state = stateInitError
	a.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(r.Body, invoke.MaxResponse+1))
	if err != nil || len(body) > invoke.MaxResponse {
		body = failureObject("Runtime.Unknown", "the init error could not be read")
	}
	kind := errorKind(r.Header.Get("Lambda-Runtime-Function-Error-Type"))
	if kind == "" {
		kind = "Runtime.Unknown"
	}
	accepted(w)
	http.NewResponseController(w).Flush() // the runtime exits; let it see the answer first
	a.initFailed <- answer{payload: body, status: "error", kind: kind}
}

// begin checks that an answer for id is legal now. The id is checked first.
func (a *api) begin(w http.ResponseWriter, id string, next state) (*invocation, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.limit > 1 {
		if inv, ok := a.flying[id]; ok {
			delete(a.flying, id)
			return inv, true
		}
		if a.late[id] {
			delete(a.late, id)
			refuse(w, http.StatusGone, "InvokeTimeout", "Invoke timeout")
			return nil, false
		}
	} else if a.current != nil && a.current.id == id {
		if a.state == stateRunning {
			a.state = next
			return a.current, true
		}
		refuseTransition(w, a.state, next)
		return nil, false
	}
	refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
	return nil, false
}

// read takes the body of an answer; when it cannot, both sides are told.
func (a *api) read(w http.ResponseWriter, r *http.Request, inv *invocation) ([]byte, bool) {
	var body []byte
	err := error(nil)
	if n := r.ContentLength; n >= 0 && n <= invoke.MaxResponse {
		body = make([]byte, n)
		_, err = io.ReadFull(r.Body, body)
	} else { // to its end, which sets the trailers
		body, err = io.ReadAll(io.LimitReader(r.Body, invoke.MaxResponse+1))
	}
	switch {
	case err != nil:
		a.settle(inv, truncated(inv.id))
		refuse(w, http.StatusBadRequest, "TruncatedHTTPRequest", "HTTP request detected as truncated")
	case len(body) > invoke.MaxResponse:
		a.settle(inv, tooLarge())
		io.Copy(io.Discard, io.LimitReader(r.Body, discardLimit))
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (6291556 bytes).")
	default:
		return body, true
	}
	return nil, false
}

// settle releases the answer. In classic order the environment is free only
// when the runtime polls again; among several pollers the answer is the end.
func (a *api) settle(inv *invocation, ans answer) {
	inv.answer(ans)
	a.mu.Lock()
	if a.limit == 1 {
		a.state = stateSent
	}
	a.mu.Unlock()
	if a.limit > 1 {
		inv.finish()
	}
}

var knownKind = regexp.MustCompile(`(Runtime|Function)\.[A-Z][a-zA-Z]+`)

// errorKind maps the error type header to what Lambda reports.
func errorKind(header string) string {
	switch {
	case header == "":
		return ""
	case knownKind.MatchString(header):
		return knownKind.FindString(header)
	case strings.HasPrefix(header, "Function."):
		return "Function.Unknown"
	}
	return "Runtime.Unknown"
}

// withoutCause strips the X-Ray cause from a combined error body.
func withoutCause(body []byte) []byte {
	var e struct {
		Message json.RawMessage `json:"errorMessage,omitempty"`
		Type    json.RawMessage `json:"errorType,omitempty"`
		Trace   json.RawMessage `json:"stackTrace,omitempty"`
	}
	if json.Unmarshal(body, &e) != nil {
		return body
	}
	out, err := json.Marshal(e)
	if err != nil {
		return body
	}
	return out
}

func accepted(w http.ResponseWriter) {
	w.Header()["Content-Type"] = []string{"application/json"}
	w.WriteHeader(http.StatusAccepted)
	io.WriteString(w, `{"status":"OK"}`+"\n")
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	body, _ := json.Marshal(struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}{message, kind})
	w.Header()["Content-Type"] = []string{"application/json"}
	w.WriteHeader(status)
	w.Write(body)
}

func refuseTransition(w http.ResponseWriter, from, to state) {
	refuse(w, http.StatusForbidden, "InvalidStateTransition",
		"State transition from "+string(from)+" to "+string(to)+" failed for runtime. Error: State transition is not allowed")
}
