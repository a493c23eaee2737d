package store

import (
	"context"
	"fmt"
)

type memoryLog struct {
	first  Position // of values
	values [][]byte
}

func (l *memoryLog) last() Position { return l.first + Position(len(l.values)) - 1 }

func (l *memoryLog) append(value []byte) Position {
	l.values = append(l.values, clone(value))
	return l.last()
}

func (l *memoryLog) trim(through Position) {
	if n := through - l.first + 1; n > 0 {
		clear(l.values[:n])
		l.values = l.values[n:]
		l.first = through + 1
	}
}

func (m *memory) log(name string) *memoryLog {
	if m.logs[name] == nil {
		m.logs[name] = &memoryLog{first: 1}
	}
	return m.logs[name]
}

func (m *memory) allowsTrims(t Txn) error {
	for i, c := range t.Trim {
		var last Position
		if l := m.logs[c.Log]; l != nil {
			last = l.last()
		}
		if c.Through < 0 || c.Through > last {
			return TrimBeyond(i, c, last)
		}
	}
	return nil
}

// TrimBeyond is the error of a Trim that is not within its log. For engines.
func TrimBeyond(i int, c Trim, last Position) error {
	return &InvalidError{Field: field("Trim", i, "Through"), Rule: fmt.Sprintf("is %d, but the log's last position is %d", c.Through, last)}
}

func (m *memory) Read(ctx context.Context, log string, after Position, most int) ([]LogEntry, error) {
	most, err := ValidPage(most)
	if err := first(err, ValidName("log", log)); err != nil {
		return nil, err
	}
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	l := m.logs[log]
	if l == nil {
		return nil, nil
	}
	var page []LogEntry
	bytes := 0
	for p := max(after+1, l.first); p <= l.last() && len(page) < most && bytes < MaxPageBytes; p++ {
		value := l.values[p-l.first]
		bytes += len(value)
		page = append(page, LogEntry{p, clone(value)})
	}
	return page, nil
}

func (m *memory) Bounds(ctx context.Context, log string) (Position, Position, error) {
	if err := ValidName("log", log); err != nil {
		return 0, 0, err
	}
	if err := m.begin(ctx); err != nil {
		return 0, 0, err
	}
	defer m.mu.Unlock()
	l := m.logs[log]
	if l == nil {
		return 1, 0, nil
	}
	return l.first, l.last(), nil
}
