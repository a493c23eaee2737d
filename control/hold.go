package control

import (
	"context"
	"slices"
	"sync"
)

// Holds give the right to change a key to one caller at a time. Those who wait
// do so outside of any mutex.
type holds struct {
	mu   sync.Mutex
	busy map[string]chan struct{} // closed when given back
}

// take waits for keys until ctx is done. They are taken in ascending order, so
// callers of several never wait for each other in a circle. Who holds the key of
// a function may take that of its code, and nobody the other way round.
func (h *holds) take(ctx context.Context, keys ...string) (give func(), err error) {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for i, key := range keys {
		if err := h.one(ctx, key); err != nil {
			h.give(keys[:i])
			return nil, err
		}
	}
	return func() { h.give(keys) }, nil
}

func (h *holds) one(ctx context.Context, key string) error {
	for {
		h.mu.Lock()
		busy, taken := h.busy[key]
		if !taken {
			if h.busy == nil {
				h.busy = map[string]chan struct{}{}
			}
			h.busy[key] = make(chan struct{})
		}
		h.mu.Unlock()
		if !taken {
			return nil
		}
		select {
		case <-busy:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (h *holds) give(keys []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range keys {
		close(h.busy[key])
		delete(h.busy, key)
	}
}
