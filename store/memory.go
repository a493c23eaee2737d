package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory returns a Store that keeps everything in memory and forgets it with
// the process: for tests, which may run it in testing/synctest, and for trying
// things out. Its time is time.Now and timers, it starts no goroutines.
func Memory() Store {
	return &memory{
		keys:    map[string]*key{},
		logs:    map[string]*memoryLog{},
		queues:  map[string]*memoryQueue{},
		entries: map[ID]*memoryEntry{},
		leases:  map[string]Lease{},
		ended:   make(chan struct{}),
	}
}

type memory struct {
	mu    sync.Mutex
	ended chan struct{} // closed by Close

	revision  Revision
	keys      map[string]*key // deleted ones that Watch can report, too
	sorted    []string        // keys that are there
	history   []change        // by revision; the newest of a key, and some overtaken ones
	deleted   int             // how many of keys are deleted
	forgotten Revision        // newest delete that Watch cannot report any more

	logs map[string]*memoryLog

	id      ID
	entries map[ID]*memoryEntry
	queues  map[string]*memoryQueue
	rings   Bells // by queue
	changes Bells // "": a change of keys

	token  int64
	leases map[string]Lease
}

type key struct {
	value    []byte
	revision Revision
	deleted  bool
}

type change struct {
	revision Revision
	key      string
}

// begin locks a store that is open. Who gets no error unlocks.
func (m *memory) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	if m.closed() {
		m.mu.Unlock()
		return ErrClosed
	}
	return nil
}

func (m *memory) closed() bool {
	select {
	case <-m.ended:
		return true
	default:
		return false
	}
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed() {
		return ErrClosed
	}
	close(m.ended)
	return nil
}

func (m *memory) Commit(ctx context.Context, t Txn) (Committed, error) {
	if err := t.Validate(); err != nil {
		return Committed{}, err
	}
	if err := m.begin(ctx); err != nil {
		return Committed{}, err
	}
	defer m.mu.Unlock()
	if err := m.allows(t); err != nil {
		return Committed{}, err
	}
	var done Committed
	for _, p := range t.Put {
		done.Revisions = append(done.Revisions, m.write(p.Key, slices.Clone(p.Value), false))
	}
	for _, d := range t.Delete {
		if k := m.keys[d.Key]; k != nil && !k.deleted {
			m.write(d.Key, nil, true)
		}
	}
	if len(t.Put)+len(t.Delete) > 0 {
		m.forget()
		m.changes.Ring("")
	}
	for _, a := range t.Append {
		done.Positions = append(done.Positions, m.log(a.Log).append(a.Value))
	}
	for _, c := range t.Trim {
		m.log(c.Log).trim(c.Through)
	}
	now := time.Now().UnixNano()
	for _, item := range t.Queue {
		done.IDs = append(done.IDs, m.enqueue(item, now))
	}
	for _, h := range t.Hold {
		m.hold(h, now)
	}
	for _, id := range t.Ack {
		m.drop(id)
	}
	return done, nil
}

// allows says whether all conditions of t hold.
func (m *memory) allows(t Txn) error {
	for _, l := range t.Fence {
		if err := m.holds(l); err != nil {
			return err
		}
	}
	check := func(name string, want Revision) error {
		have := Absent
		if k := m.keys[name]; k != nil && !k.deleted {
			have = k.revision
		}
		if want != Any && want != have {
			return &ConflictError{Key: name, Want: want, Have: have}
		}
		return nil
	}
	for _, c := range t.Check {
		if err := check(c.Key, c.If); err != nil {
			return err
		}
	}
	for _, p := range t.Put {
		if err := check(p.Key, p.If); err != nil {
			return err
		}
	}
	for _, d := range t.Delete {
		if err := check(d.Key, d.If); err != nil {
			return err
		}
	}
	return first(m.allowsTrims(t), m.allowsHolds(t))
}

func (m *memory) write(name string, value []byte, deleted bool) Revision {
	m.revision++
	at, there := slices.BinarySearch(m.sorted, name)
	switch {
	case deleted && there:
		m.sorted = slices.Delete(m.sorted, at, at+1)
		m.deleted++
	case !deleted && !there:
		m.sorted = slices.Insert(m.sorted, at, name)
		if m.keys[name] != nil {
			m.deleted--
		}
	}
	m.keys[name] = &key{value: value, revision: m.revision, deleted: deleted}
	m.history = append(m.history, change{m.revision, name})
	return m.revision
}

// forget drops overtaken changes, once they are most of the history, and
// deletes beyond KeptDeletes.
func (m *memory) forget() {
	if len(m.history) < 2*len(m.keys)+MaxPage && m.deleted <= KeptDeletes {
		return
	}
	excess := m.deleted - KeptDeletes
	m.history = slices.DeleteFunc(m.history, func(c change) bool {
		k := m.keys[c.key]
		if k == nil || k.revision != c.revision {
			return true
		}
		if !k.deleted || excess <= 0 {
			return false
		}
		excess--
		m.deleted--
		m.forgotten = c.revision
		delete(m.keys, c.key)
		return true
	})
}

func (m *memory) Get(ctx context.Context, name string) (Pair, error) {
	if err := ValidName("key", name); err != nil {
		return Pair{}, err
	}
	if err := m.begin(ctx); err != nil {
		return Pair{}, err
	}
	defer m.mu.Unlock()
	k := m.keys[name]
	if k == nil || k.deleted {
		return Pair{}, ErrNotFound
	}
	return Pair{name, clone(k.value), k.revision}, nil
}

func (m *memory) List(ctx context.Context, prefix, after string, max int) ([]Pair, error) {
	max, err := ValidPage(max)
	if err != nil {
		return nil, err
	}
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	at, found := slices.BinarySearch(m.sorted, after)
	if found {
		at++
	}
	if from, _ := slices.BinarySearch(m.sorted, prefix); from > at {
		at = from
	}
	var page []Pair
	for bytes := 0; at < len(m.sorted) && len(page) < max && bytes < MaxPageBytes; at++ {
		name := m.sorted[at]
		if !strings.HasPrefix(name, prefix) {
			break
		}
		k := m.keys[name]
		bytes += len(k.value)
		page = append(page, Pair{name, clone(k.value), k.revision})
	}
	return page, nil
}

func (m *memory) Watch(ctx context.Context, prefix string, after Revision, max int) ([]Change, error) {
	max, err := ValidPage(max)
	if err != nil {
		return nil, err
	}
	all := after == 0
	for {
		if err := m.begin(ctx); err != nil {
			return nil, err
		}
		page := m.changed(prefix, &after, max)
		forgotten := !all && after < m.forgotten
		changed := m.changes.Hear("")
		m.mu.Unlock()
		if forgotten {
			return nil, ErrTrimmed
		}
		if len(page) > 0 {
			return page, nil
		}
		select {
		case <-changed:
		case <-m.ended:
			return nil, ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// changed returns the changes since after, and moves it to where it looked
// when there is none.
func (m *memory) changed(prefix string, after *Revision, max int) (page []Change) {
	if *after != 0 && *after < m.forgotten {
		return nil
	}
	at, found := slices.BinarySearchFunc(m.history, *after, func(c change, r Revision) int { return cmp.Compare(c.revision, r) })
	if found {
		at++
	}
	for bytes := 0; at < len(m.history) && len(page) < max && bytes < MaxPageBytes; at++ {
		c := m.history[at]
		k := m.keys[c.key]
		if k == nil || k.revision != c.revision || !strings.HasPrefix(c.key, prefix) {
			continue
		}
		pair := Pair{Key: c.key, Revision: c.revision}
		if !k.deleted {
			pair.Value = clone(k.value)
		}
		bytes += len(k.value)
		page = append(page, Change{pair, k.deleted})
	}
	if len(page) == 0 {
		*after = m.revision
	}
	return page
}

// clone copies; an empty value is not nil.
func clone(b []byte) []byte { return append([]byte{}, b...) }
