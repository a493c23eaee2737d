package poller

import (
	"errors"
	"sync"
	"time"

	"github.com/penstock/penstock/sources"
)

// A backoff doubles pauses from first (zero: half a second) to 30 seconds.
type backoff struct {
	first, last time.Duration
	jitter      func(time.Duration) time.Duration
}

func (b *backoff) next() time.Duration {
	if b.last == 0 {
		b.last = orDefault(b.first, 500*time.Millisecond)
	} else {
		b.last = min(2*b.last, 30*time.Second)
	}
	if b.jitter != nil {
		return b.jitter(b.last)
	}
	return b.last
}

func (b *backoff) reset() { b.last = 0 }

// troubleLog writes what keeps a mapping from receiving to the log when it begins, when its class
// changes and when it ends, rather than at every try.
type troubleLog struct {
	mu    sync.Mutex
	class error
}

// errPassing is the class of trouble that is neither ErrGone nor ErrDenied.
var errPassing = errors.New("passing trouble")

func (t *troubleLog) begin(p *Pipe, err error, wait time.Duration) {
	class := errPassing
	for _, known := range []error{sources.ErrGone, sources.ErrDenied} {
		if errors.Is(err, known) {
			class = known
		}
	}
	t.mu.Lock()
	news := t.class != class
	t.class = class
	t.mu.Unlock()
	if news {
		p.log().Warn("mapping cannot receive; trying again until it can", "mapping", p.Name, "error", err)
	}
	p.observe(Step{Action: Trouble, Err: err, Wait: wait})
}

func (t *troubleLog) end(p *Pipe) {
	t.mu.Lock()
	was := t.class
	t.class = nil
	t.mu.Unlock()
	if was != nil {
		p.log().Info("mapping can receive again", "mapping", p.Name)
		p.observe(Step{Action: Recovered})
	}
}
