package process

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// api is the Lambda Runtime API as one child process sees it: a state machine
// behind an http.Handler. It holds no listener, so tests call it directly.
//
// With limit 1 it keeps Lambda's legal order (one invocation at a time); above
// that it follows the managed-instances mode: several pollers, answers matched
// by id, no order between them.
type api struct {
	limit  int
	info   extensionInfo
	onPoll func(n int) // n pollers came that can take an invocation; negative: went without one

	queue      chan *invocation
	started    chan struct{} // closed at the first next
	initFailed chan answer   // gets at most one

	mu         sync.Mutex
	state      state
	current    *invocation
	flying     map[string]*invocation
	late       map[string]bool // timed out; an answer gets 410
	pollers    int
	extensions map[string]*extension
}

// state is the runtime's, named as in the texts of refusals.
type state string

const (
	stateStarted   state = "Started"
	stateInitError state = "InitError"
	stateReady     state = "Ready"
	stateRunning   state = "Running"
	stateResponse  state = "InvocationResponse"
	stateError     state = "InvocationErrorResponse"
	stateSent      state = "RuntimeResponseSentState"
)

func newAPI(limit int, info extensionInfo, onPoll func(int)) *api {
	return &api{
		limit: limit, info: info, onPoll: onPoll,
		queue:      make(chan *invocation, limit),
		started:    make(chan struct{}),
		initFailed: make(chan answer, 1),
		state:      stateStarted,
		flying:     map[string]*invocation{},
		late:       map[string]bool{},
		extensions: map[string]*extension{},
	}
}

// deliver gives the runtime an invocation. The caller knows that there is room.
func (a *api) deliver(inv *invocation) {
	a.notifyExtensions(inv)
	a.queue <- inv
}

// expire forgets an invocation that timed out; its answer would come too late.
func (a *api) expire(inv *invocation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.flying[inv.id]; ok {
		delete(a.flying, inv.id)
		a.late[inv.id] = true
	}
}

// ServeHTTP serves the Runtime API, below /2018-06-01/, and what is beside it.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/2018-06-01/")
	if !ok {
		a.serveExtensions(w, r)
		return
	}
	want, serve := http.MethodPost, http.HandlerFunc(nil)
	switch path {
	case "runtime/invocation/next":
		want, serve = http.MethodGet, a.next
	case "runtime/init/error":
		serve = a.initError
	case "ping":
		want, serve = http.MethodGet, func(http.ResponseWriter, *http.Request) {}
	default:
		rest, _ := strings.CutPrefix(path, "runtime/invocation/")
		id, verb, _ := strings.Cut(rest, "/")
		switch {
		case rest == path || id == "":
		case verb == "response":
			serve = func(w http.ResponseWriter, r *http.Request) { a.response(w, r, id) }
		case verb == "error":
			serve = func(w http.ResponseWriter, r *http.Request) { a.failure(w, r, id) }
		}
	}
	switch {
	case serve == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.Method != want:
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		serve(w, r)
	}
}

// next is the long poll. It has no time limit of its own.
func (a *api) next(w http.ResponseWriter, r *http.Request) {
	if a.limit > 1 {
		a.nextOfMany(w, r)
		return
	}
	a.mu.Lock()
	switch a.state {
	case stateStarted, stateSent:
		if a.state == stateStarted {
			close(a.started)
		} else {
			a.current.finish()
		}
		a.state, a.current = stateReady, nil
		a.mu.Unlock()
		a.onPoll(1)
	case stateReady: // a second poller waits too; an event wakes one of them
		a.mu.Unlock()
	case stateRunning:
		inv := a.current
		a.mu.Unlock()
		writeEvent(w, inv)
		return
	default:
		refuseTransition(w, a.state, stateReady)
		a.mu.Unlock()
		return
	}
	select {
	case <-r.Context().Done():
		return
	case inv := <-a.queue:
		if r.Context().Err() != nil {
			a.queue <- inv // of a poller that is gone; another one waits, or will come
			return
		}
		a.mu.Lock()
		a.state, a.current = stateRunning, inv
		a.mu.Unlock()
		inv.markHanded()
		if writeEvent(w, inv) != nil {
			a.takeBack(inv)
		}
	}
}

// takeBack gives the event that could not be written to the other poller that
// waits, or to the next.
func (a *api) takeBack(inv *invocation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state == stateRunning && a.current == inv {
		a.state, a.current = stateReady, nil
		a.queue <- inv
	}
}

// nextOfMany serves one of several pollers. An event whose poller went away
// before it was written goes back to the queue.
func (a *api) nextOfMany(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	if a.state == stateInitError {
		refuseTransition(w, a.state, stateReady)
		a.mu.Unlock()
		return
	}
	if a.pollers >= a.limit {
		a.mu.Unlock()
		refuse(w, http.StatusInternalServerError, "InternalServerError", "Internal Server Error")
		return
	}
	a.pollers++
	if a.state == stateStarted {
		a.state = stateReady
		close(a.started)
	}
	a.mu.Unlock()
	a.onPoll(1)

	var inv *invocation
	select {
	case <-r.Context().Done():
	case inv = <-a.queue:
	}
	a.mu.Lock()
	a.pollers--
	gone := r.Context().Err() != nil
	if inv != nil && !gone {
		a.flying[inv.id] = inv
	}
	a.mu.Unlock()
	switch {
	case inv == nil:
		a.onPoll(-1)
	case gone:
		a.queue <- inv
		a.onPoll(-1)
	default:
		inv.markHanded()
		if writeEvent(w, inv) != nil {
			a.mu.Lock()
			delete(a.flying, inv.id)
			a.mu.Unlock()
			a.queue <- inv
			a.onPoll(-1)
		}
	}
}

// writeEvent hands an event out. Headers whose value is empty are left out.
func writeEvent(w http.ResponseWriter, inv *invocation) error {
	h := w.Header()
	set := func(name, value string) {
		if value != "" {
			h[name] = []string{value}
		}
	}
	set("Content-Type", "application/json") // Python parses exactly this
	set("Content-Length", strconv.Itoa(len(inv.event)))
	set("Lambda-Runtime-Aws-Request-Id", inv.id)
	set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
	set("Lambda-Runtime-Invoked-Function-Arn", inv.arn)
	set("Lambda-Runtime-Trace-Id", inv.trace)
	set("Lambda-Runtime-Client-Context", string(inv.clientContext))
	if _, err := w.Write(inv.event); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}
