package sqs

// An order is a binary heap of messages that also removes from the middle: each
// message knows its index in the orders it is in.
type order struct {
	slot  int // which of message.slots this order keeps its index in
	less  func(a, b *message) bool
	items []*message
}

// The orders of a queue, and so the slots of a message.
const (
	slotReady  = iota // receivable, by place in the queue; standard queues only
	slotHidden        // in flight or delayed, by when that ends
	slotAge           // all, by when their retention began
	slots
)

func (o *order) len() int { return len(o.items) }

func (o *order) top() *message {
	if len(o.items) == 0 {
		return nil
	}
	return o.items[0]
}

func (o *order) push(m *message) {
	m.slots[o.slot] = len(o.items) + 1
	o.items = append(o.items, m)
	o.up(len(o.items) - 1)
}

func (o *order) pop() *message {
	m := o.top()
	if m != nil {
		o.remove(m)
	}
	return m
}

// remove takes m out; a message that is not in is left alone.
func (o *order) remove(m *message) {
	i, last := m.slots[o.slot]-1, len(o.items)-1
	if i < 0 {
		return
	}
	o.swap(i, last)
	o.items[last] = nil
	o.items = o.items[:last]
	m.slots[o.slot] = 0
	if i < last {
		o.up(i)
		o.down(i)
	}
}

func (o *order) swap(i, j int) {
	o.items[i], o.items[j] = o.items[j], o.items[i]
	o.items[i].slots[o.slot], o.items[j].slots[o.slot] = i+1, j+1
}

func (o *order) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !o.less(o.items[i], o.items[parent]) {
			return
		}
		o.swap(i, parent)
		i = parent
	}
}

func (o *order) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(o.items) {
			return
		}
		if child+1 < len(o.items) && o.less(o.items[child+1], o.items[child]) {
			child++
		}
		if !o.less(o.items[child], o.items[i]) {
			return
		}
		o.swap(i, child)
		i = child
	}
}
