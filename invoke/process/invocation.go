package process

import (
	"sync"
	"time"
)

// An invocation is one event on its way through a child process.
type invocation struct {
	id            string
	arn           string
	trace         string
	clientContext []byte // JSON text
	event         []byte
	deadline      time.Time // written before delivery, read after it

	done chan struct{} // closed when the runtime is through with it
	// clock runs out at the deadline, and settleTime after an answer. Set before
	// delivery; nil in tests without time.
	clock *time.Timer

	mu     sync.Mutex
	handed bool
	result answer

	// Owned by the recorder.
	tail []byte
}

// An answer is what becomes of an invocation.
type answer struct {
	payload []byte
	// status is "success", "error", "failure" or "timeout".
	status string
	// kind is the error type the REPORT line shows. Empty: none is shown.
	kind string
}

func newInvocation(id string) *invocation {
	return &invocation{id: id, done: make(chan struct{}), tail: make([]byte, 0, tailRoom)}
}

// answer sets the result unless there is one already: an answer that was given
// stands, whatever happens to the process afterwards.
func (i *invocation) answer(a answer) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.result.status != "" {
		return false
	}
	i.result = a
	if i.clock != nil {
		i.clock.Reset(settleTime)
	}
	return true
}

// outcome returns the answer; it must have been given.
func (i *invocation) outcome() answer {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.result
}

func (i *invocation) hasAnswer() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.result.status != ""
}

// finish says that the runtime asked for more work. It may be called again.
func (i *invocation) finish() {
	i.mu.Lock()
	defer i.mu.Unlock()
	select {
	case <-i.done:
	default:
		close(i.done)
	}
}

func (i *invocation) markHanded() {
	i.mu.Lock()
	i.handed = true
	i.mu.Unlock()
}

// wasHanded says whether the function may have seen the event.
func (i *invocation) wasHanded() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.handed
}
