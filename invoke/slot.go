package invoke

import (
	"context"
	"sync"
)

// A slot is a target with room of its own, from Reserve until release. An
// invocation that runs at release keeps the room until it ends.
type slot struct {
	of     *Limiter
	target Target // with its own room, if it is a Reserver
	free   func() // gives that back

	mu       sync.Mutex
	running  int
	returned bool
}

func (s *slot) Invoke(ctx context.Context, r Request) (Result, error) {
	if !s.enter() {
		return s.of.Invoke(ctx, r)
	}
	defer s.leave()
	return s.target.Invoke(ctx, r)
}

func (s *slot) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.returned {
		return false
	}
	s.running++
	return true
}

func (s *slot) leave() {
	s.mu.Lock()
	s.running--
	over := s.returned && s.running == 0
	s.mu.Unlock()
	if over {
		s.of.free()
	}
}

func (s *slot) release() {
	s.mu.Lock()
	if s.returned {
		s.mu.Unlock()
		return
	}
	s.returned = true
	over := s.running == 0
	s.mu.Unlock()
	s.free()
	if over {
		s.of.free()
	}
}
