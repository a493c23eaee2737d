package store

import (
	"container/heap"
	"context"
	"slices"
	"time"
)

type memoryEntry struct {
	id    ID
	item  Item
	due   int64 // nanoseconds since 1970
	added int64
	at    int // index in its queue's heap; -1: claimed
}

type memoryQueue struct {
	waiting dueHeap // entries that are not claimed
	count   int64   // claimed ones included
}

type dueHeap []*memoryEntry

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	return h[i].due < h[j].due || h[i].due == h[j].due && h[i].id < h[j].id
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i]; h[i].at, h[j].at = i, j }
func (h *dueHeap) Push(x any)   { e := x.(*memoryEntry); e.at = len(*h); *h = append(*h, e) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	e.at = -1
	return e
}

func (m *memory) allowsHolds(t Txn) error {
	for _, h := range t.Hold {
		if m.entries[h.ID] == nil {
			return ErrNotFound
		}
	}
	return nil
}

func (m *memory) enqueue(item Item, now int64) ID {
	m.id++
	q := m.queues[item.Queue]
	if q == nil {
		q = &memoryQueue{}
		m.queues[item.Queue] = q
	}
	item.Payload, item.Note = clone(item.Payload), clone(item.Note)
	e := &memoryEntry{id: m.id, item: item, due: dueAt(item.Due, now), added: now}
	m.entries[e.id] = e
	q.count++
	heap.Push(&q.waiting, e)
	m.rings.Ring(item.Queue)
	return e.id
}

func dueAt(due time.Time, now int64) int64 {
	if due.IsZero() {
		return now
	}
	return due.UnixNano()
}

func (m *memory) hold(h Hold, now int64) {
	e := m.entries[h.ID]
	q := m.queues[e.item.Queue]
	e.due, e.item.Note = dueAt(h.Due, now), clone(h.Note)
	if e.at < 0 {
		heap.Push(&q.waiting, e)
	} else {
		heap.Fix(&q.waiting, e.at)
	}
	m.rings.Ring(e.item.Queue)
}

func (m *memory) drop(id ID) {
	e := m.entries[id]
	if e == nil {
		return
	}
	q := m.queues[e.item.Queue]
	if e.at >= 0 {
		heap.Remove(&q.waiting, e.at)
	}
	delete(m.entries, id)
	if q.count--; q.count == 0 {
		delete(m.queues, e.item.Queue)
	}
}

func (m *memory) Claim(ctx context.Context, queue string, max int, wait time.Duration) ([]Entry, error) {
	max, err := ValidPage(max)
	if err := first(err, ValidName("queue", queue)); err != nil {
		return nil, err
	}
	until := time.Now().Add(wait)
	for {
		if err := m.begin(ctx); err != nil {
			return nil, err
		}
		now := time.Now()
		page, next := m.claim(queue, max, now.UnixNano())
		rang := m.rings.Hear(queue)
		m.mu.Unlock()
		left := until.Sub(now)
		if len(page) > 0 || left <= 0 {
			return page, nil
		}
		if next != nil && time.Duration(*next-now.UnixNano()) < left {
			left = time.Duration(*next - now.UnixNano())
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-rang:
		case <-m.ended:
			timer.Stop()
			return nil, ErrClosed
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
		timer.Stop()
	}
}

// claim takes what is due; next is when something will be.
func (m *memory) claim(queue string, max int, now int64) (page []Entry, next *int64) {
	q := m.queues[queue]
	if q == nil {
		return nil, nil
	}
	for bytes := 0; len(q.waiting) > 0 && q.waiting[0].due <= now && len(page) < max && bytes < MaxPageBytes; {
		e := heap.Pop(&q.waiting).(*memoryEntry)
		item := e.item
		item.Due, item.Payload, item.Note = moment(e.due), clone(item.Payload), clone(item.Note)
		bytes += len(item.Payload) + len(item.Note)
		page = append(page, Entry{e.id, item, moment(e.added)})
	}
	if len(q.waiting) > 0 {
		due := q.waiting[0].due
		next = &due
	}
	return page, next
}

func moment(nanoseconds int64) time.Time { return time.Unix(0, nanoseconds).UTC() }

func (m *memory) Unclaim(ctx context.Context, ids ...ID) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for _, id := range ids {
		if e := m.entries[id]; e != nil && e.at < 0 {
			heap.Push(&m.queues[e.item.Queue].waiting, e)
			m.rings.Ring(e.item.Queue)
		}
	}
	return nil
}

func (m *memory) Ack(ctx context.Context, ids ...ID) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for _, id := range ids {
		if e := m.entries[id]; e != nil && e.at < 0 {
			m.drop(id)
		}
	}
	return nil
}

func (m *memory) Next(ctx context.Context, queue string) (time.Time, bool, error) {
	if err := ValidName("queue", queue); err != nil {
		return time.Time{}, false, err
	}
	if err := m.begin(ctx); err != nil {
		return time.Time{}, false, err
	}
	defer m.mu.Unlock()
	q := m.queues[queue]
	if q == nil || len(q.waiting) == 0 {
		return time.Time{}, false, nil
	}
	return moment(q.waiting[0].due), true, nil
}

func (m *memory) Count(ctx context.Context, queue string) (int64, error) {
	if err := ValidName("queue", queue); err != nil {
		return 0, err
	}
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	if q := m.queues[queue]; q != nil {
		return q.count, nil
	}
	return 0, nil
}

func (m *memory) Queues(ctx context.Context, after string, max int) ([]string, error) {
	max, err := ValidPage(max)
	if err != nil {
		return nil, err
	}
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var page []string
	for name := range m.queues {
		if name > after {
			page = append(page, name)
		}
	}
	slices.Sort(page)
	return page[:min(max, len(page))], nil
}
