package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/penstock/penstock/store"
)

// holds says whether a lease is its name's newest and not released.
func (c *committer) holds(l store.Lease) error {
	token, ok, err := c.conn.number("SELECT token FROM leases WHERE name=?", l.Name)
	if err == nil && (!ok || token != l.Token) {
		err = store.ErrLost
	}
	return err
}

func moment(nanoseconds int64) time.Time { return time.Unix(0, nanoseconds).UTC() }

// Acquire takes a lease; see store.Leases.
func (s *Store) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (l store.Lease, err error) {
	if err := errors.Join(store.ValidName("name", name), store.ValidName("holder", holder), store.ValidTTL(ttl)); err != nil {
		return store.Lease{}, err
	}
	err = s.do(ctx, &write{apply: func(c *committer) error {
		row, err := c.conn.row("SELECT holder, until FROM leases WHERE name=?", name)
		if err != nil {
			return err
		}
		now := time.Now()
		if row != nil && text(row[0]) != holder && now.UnixNano() < number(row[1]) {
			return &store.HeldError{Name: name, Holder: text(row[0]), Until: moment(number(row[1]))}
		}
		c.counters.token++
		l = store.Lease{Name: name, Holder: holder, Token: c.counters.token, Until: moment(now.Add(ttl).UnixNano())}
		_, err = c.conn.exec("REPLACE INTO leases (name, holder, token, until) VALUES (?, ?, ?, ?)", name, holder, l.Token, l.Until.UnixNano())
		return err
	}})
	if err != nil {
		return store.Lease{}, err
	}
	return l, nil
}

// Renew prolongs a lease; see store.Leases.
func (s *Store) Renew(ctx context.Context, l store.Lease, ttl time.Duration) (store.Lease, error) {
	if err := errors.Join(store.ValidName("name", l.Name), store.ValidTTL(ttl)); err != nil {
		return store.Lease{}, err
	}
	err := s.do(ctx, &write{apply: func(c *committer) error {
		row, err := c.conn.row("SELECT holder FROM leases WHERE name=? AND token=?", l.Name, l.Token)
		if err != nil {
			return err
		}
		if row == nil {
			return store.ErrLost
		}
		l.Holder, l.Until = text(row[0]), moment(time.Now().Add(ttl).UnixNano())
		_, err = c.conn.exec("UPDATE leases SET until=? WHERE name=?", l.Until.UnixNano(), l.Name)
		return err
	}})
	if err != nil {
		return store.Lease{}, err
	}
	return l, nil
}

// Release gives a lease back; see store.Leases.
func (s *Store) Release(ctx context.Context, l store.Lease) error {
	if err := store.ValidName("name", l.Name); err != nil {
		return err
	}
	return s.do(ctx, &write{apply: func(c *committer) error {
		if err := c.holds(l); err != nil {
			return err
		}
		_, err := c.conn.exec("DELETE FROM leases WHERE name=?", l.Name)
		return err
	}})
}
