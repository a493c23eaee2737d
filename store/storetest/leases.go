package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/penstock/penstock/store"
)

var leaseCases = []testCase{
	{"a lease is one holder's until it expires", func(r *rig) {
		began := time.Now()
		mine := r.acquire("shard", "me", time.Minute)
		if mine.Name != "shard" || mine.Holder != "me" || mine.Token <= 0 || !mine.Until.Equal(began.Add(time.Minute)) {
			r.Fatalf("lease %+v", mine)
		}
		held := func() {
			r.Helper()
			_, err := r.Acquire(r.ctx, "shard", "you", time.Minute)
			var h *store.HeldError
			if r.fails(err, store.ErrHeld); !errors.As(err, &h) || h.Holder != "me" || h.Name != "shard" || h.Until.Before(time.Now()) {
				r.Fatalf("error %#v", err)
			}
		}
		held()
		r.acquire("other", "you", time.Minute)
		time.Sleep(time.Minute - time.Nanosecond)
		held()
		renewed, err := r.Renew(r.ctx, store.Lease{Name: "shard", Token: mine.Token}, time.Hour)
		r.ok(err)
		if renewed.Token != mine.Token || renewed.Holder != "me" || !renewed.Until.Equal(time.Now().Add(time.Hour)) {
			r.Fatalf("renewed %+v", renewed)
		}
		time.Sleep(time.Hour - time.Nanosecond)
		held()
		time.Sleep(time.Nanosecond)
		if yours := r.acquire("shard", "you", time.Minute); yours.Token <= mine.Token {
			r.Fatalf("token %d after %d", yours.Token, mine.Token)
		}
		_, err = r.Renew(r.ctx, mine, time.Minute)
		r.fails(err, store.ErrLost)
		r.fails(err, store.ErrConflict)
		r.fails(r.Release(r.ctx, mine), store.ErrLost)
		_, err = r.Acquire(r.ctx, "shard", "me", time.Minute)
		r.fails(err, store.ErrHeld)
	}},
	{"a lease that is released is free", func(r *rig) {
		mine := r.acquire("shard", "me", time.Hour)
		r.ok(r.Release(r.ctx, mine))
		r.fails(r.Release(r.ctx, mine), store.ErrLost)
		_, err := r.Renew(r.ctx, mine, time.Hour)
		r.fails(err, store.ErrLost)
		if yours := r.acquire("shard", "you", time.Hour); yours.Token <= mine.Token {
			r.Fatalf("token %d after %d", yours.Token, mine.Token)
		}
		r.fails(r.Release(r.ctx, store.Lease{Name: "never", Token: mine.Token}), store.ErrLost)
	}},
	{"a holder that comes again fences off its former self", func(r *rig) {
		former := r.acquire("shard", "me", time.Hour)
		r.write(former, nil)
		now := r.acquire("shard", "me", time.Hour)
		if now.Token <= former.Token {
			r.Fatalf("token %d after %d", now.Token, former.Token)
		}
		r.write(former, store.ErrLost)
		r.write(now, nil)
	}},
	{"a fence holds until the next holder", func(r *rig) {
		mine := r.acquire("shard", "me", time.Minute)
		r.write(mine, nil)
		time.Sleep(time.Hour) // expired, but nobody's else
		r.write(mine, nil)
		_, err := r.Renew(r.ctx, mine, time.Minute)
		r.ok(err)
		time.Sleep(time.Hour)
		yours := r.acquire("shard", "you", time.Minute)
		r.write(mine, store.ErrLost)
		r.write(mine, store.ErrConflict)
		r.write(yours, nil)
		r.write(store.Lease{Name: "shard", Token: yours.Token + 1}, store.ErrLost)
		r.write(store.Lease{Name: "else", Token: yours.Token}, store.ErrLost)
		r.ok(r.Release(r.ctx, yours))
		r.write(yours, store.ErrLost)
	}},
	{"of many one gets the lease", func(r *rig) {
		for round := range 10 {
			var won atomic.Int64
			race(r, 12, func(i int) {
				_, err := r.Acquire(r.ctx, fmt.Sprint("lease", round), fmt.Sprint("holder", i), time.Minute)
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, store.ErrHeld) {
					r.Errorf("error %v", err)
				}
			})
			if won.Load() != 1 {
				r.Fatalf("%d got it, want 1", won.Load())
			}
		}
	}},
}

func (r *rig) acquire(name, holder string, ttl time.Duration) store.Lease {
	r.Helper()
	l, err := r.Acquire(r.ctx, name, holder, ttl)
	r.ok(err)
	return l
}

// write writes under a lease; nil: it works.
func (r *rig) write(l store.Lease, want error) {
	r.Helper()
	value := fmt.Sprint(time.Now().UnixNano(), l.Token)
	_, err := r.Commit(r.ctx, store.Txn{Fence: []store.Lease{l}, Put: []store.Put{{Key: "work", Value: []byte(value)}}})
	if want == nil {
		r.ok(err)
		r.wants("work", value)
		return
	}
	r.fails(err, want)
}
