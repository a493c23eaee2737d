package sqs

import "container/list"

// A group is the messages of one message group of a FIFO queue, in order. Only its
// head decides whether it can be served: while an earlier message is hidden or
// delayed, all later ones wait.
type group struct {
	name       string
	head, tail *message
	turn       *list.Element // in groups.ready; nil: cannot be served now
}

// groups keeps the groups of a FIFO queue and the turn of those that can be
// served: a group just served goes to the back.
type groups struct {
	byName map[string]*group
	ready  *list.List // of *group
}

func newGroups() groups {
	return groups{byName: map[string]*group{}, ready: list.New()}
}

// insert puts m at its place in its group. New messages go to the end at once;
// only a dead letter that could not be moved looks for its former place.
func (gs *groups) insert(m *message) {
	g := gs.byName[*m.group]
	if g == nil {
		g = &group{name: *m.group}
		gs.byName[g.name] = g
	}
	before := g.tail
	for before != nil && before.place > m.place {
		before = before.prev
	}
	m.prev = before
	if before == nil {
		m.next, g.head = g.head, m
	} else {
		m.next, before.next = before.next, m
	}
	if m.next == nil {
		g.tail = m
	} else {
		m.next.prev = m
	}
	gs.refresh(g)
}

func (gs *groups) remove(m *message) {
	g := gs.byName[*m.group]
	if m.prev == nil {
		g.head = m.next
	} else {
		m.prev.next = m.next
	}
	if m.next == nil {
		g.tail = m.prev
	} else {
		m.next.prev = m.prev
	}
	m.prev, m.next = nil, nil
	gs.refresh(g)
}

// of returns the group of m.
func (gs *groups) of(m *message) *group { return gs.byName[*m.group] }

// refresh gives g a turn or takes it away, as its head demands.
func (gs *groups) refresh(g *group) {
	can := g.head != nil && g.head.state == visible
	switch {
	case can && g.turn == nil:
		g.turn = gs.ready.PushBack(g)
	case !can && g.turn != nil:
		gs.ready.Remove(g.turn)
		g.turn = nil
	}
	if g.head == nil {
		delete(gs.byName, g.name)
	}
}

// next takes the group whose turn it is out of the row; nil: none can be served.
// The caller refreshes it when served.
func (gs *groups) next() *group {
	e := gs.ready.Front()
	if e == nil {
		return nil
	}
	g := gs.ready.Remove(e).(*group)
	g.turn = nil
	return g
}
