package store

// Bells wake those who wait for something by name. They are for engines, which
// guard them with the mutex that guards what is waited for: who finds nothing
// takes the bell before unlocking, and so misses no ring.
type Bells struct {
	bells map[string]chan struct{}
}

// Hear returns a channel that the next ring of this name closes.
func (b *Bells) Hear(name string) <-chan struct{} {
	if b.bells == nil {
		b.bells = map[string]chan struct{}{}
	}
	if b.bells[name] == nil {
		b.bells[name] = make(chan struct{})
	}
	return b.bells[name]
}

// Ring wakes all who hear this name.
func (b *Bells) Ring(name string) {
	if c := b.bells[name]; c != nil {
		close(c)
		delete(b.bells, name)
	}
}
