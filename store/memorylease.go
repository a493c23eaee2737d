package store

import (
	"context"
	"time"
)

// holds says whether a lease is its name's newest and not released.
func (m *memory) holds(l Lease) error {
	if have, ok := m.leases[l.Name]; !ok || have.Token != l.Token {
		return ErrLost
	}
	return nil
}

func (m *memory) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (Lease, error) {
	if err := first(ValidName("name", name), ValidName("holder", holder), ValidTTL(ttl)); err != nil {
		return Lease{}, err
	}
	if err := m.begin(ctx); err != nil {
		return Lease{}, err
	}
	defer m.mu.Unlock()
	now := time.Now()
	if have, ok := m.leases[name]; ok && have.Holder != holder && now.Before(have.Until) {
		return Lease{}, &HeldError{Name: name, Holder: have.Holder, Until: have.Until}
	}
	m.token++
	l := Lease{Name: name, Holder: holder, Token: m.token, Until: moment(now.Add(ttl).UnixNano())}
	m.leases[name] = l
	return l, nil
}

func (m *memory) Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error) {
	if err := first(ValidName("name", l.Name), ValidTTL(ttl)); err != nil {
		return Lease{}, err
	}
	if err := m.begin(ctx); err != nil {
		return Lease{}, err
	}
	defer m.mu.Unlock()
	if err := m.holds(l); err != nil {
		return Lease{}, err
	}
	l = m.leases[l.Name]
	l.Until = moment(time.Now().Add(ttl).UnixNano())
	m.leases[l.Name] = l
	return l, nil
}

func (m *memory) Release(ctx context.Context, l Lease) error {
	if err := ValidName("name", l.Name); err != nil {
		return err
	}
	if err := m.begin(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if err := m.holds(l); err != nil {
		return err
	}
	delete(m.leases, l.Name)
	return nil
}
