package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"testing/synctest"

	"github.com/penstock/penstock/store"
)

var watchCases = []testCase{
	{"a watch begins with all keys, by revision", func(r *rig) {
		r.put("x/b", "1", store.Any)
		r.put("y", "2", store.Any)
		r.put("x/a", "3", store.Any)
		last := r.put("x/b", "4", store.Any)
		r.watches("x/", 0, 10, "x/a=3 x/b=4")
		r.watches("x/", 0, 1, "x/a=3")
		r.watches("", last-1, 10, "x/b=4")
	}},
	{"a watch waits for a change of its keys", func(r *rig) {
		last := r.put("x/a", "1", store.Any)
		began := time.Now()
		go func() {
			time.Sleep(time.Hour)
			_, _ = store.Set(r.ctx, r, "y", nil, store.Any)
			_, _ = r.Commit(r.ctx, store.Txn{Append: []store.Append{{Log: "x/a"}}})
			time.Sleep(time.Hour)
			_, _ = store.Set(r.ctx, r, "x/b", []byte("2"), store.Any)
		}()
		last = r.watches("x/", last, 10, "x/b=2")
		r.took(began, 2*time.Hour)
		go func() {
			time.Sleep(time.Hour)
			_ = store.Remove(r.ctx, r, "x/a", store.Any)
		}()
		last = r.watches("x/", last, 10, "x/a deleted")
		r.took(began, 3*time.Hour)
		r.put("x/a", "3", store.Absent)
		r.watches("x/", last, 10, "x/a=3")
	}},
	{"a watch sees a transaction as a whole, in pages", func(r *rig) {
		from := r.put("k", "0", store.Any)
		r.commit(store.Txn{Put: []store.Put{{Key: "a", Value: []byte("1")}, {Key: "b", Value: []byte("2")}}, Delete: []store.Delete{{Key: "k"}}})
		var all []string
		for range 3 {
			page, err := r.Watch(r.ctx, "", from, 1)
			r.ok(err)
			from = page[0].Revision
			all = append(all, page[0].Key)
		}
		if got := strings.Join(all, " "); got != "a b k" {
			r.Fatalf("changes of %s, want a b k", got)
		}
	}},
	{"a watch ends with its context", func(r *rig) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(r.ctx, time.Hour)
		defer cancel()
		_, err := r.Watch(ctx, "", 0, 1)
		r.fails(err, context.DeadlineExceeded)
		r.took(began, time.Hour)
		_, err = r.Watch(ctx, "", 0, 0)
		r.fails(err, store.ErrInvalid)
	}},
	{"watchers miss nothing", watchersMissNothing},
	{"deletes beyond those kept are forgotten, and it is said", func(r *rig) {
		first := r.put("stays", "1", store.Any)
		n := store.KeptDeletes + 3000
		for from := 0; from < n; from += 1000 {
			var put, gone store.Txn
			for i := range 1000 {
				key := fmt.Sprintf("gone/%06d", from+i)
				put.Put = append(put.Put, store.Put{Key: key})
				gone.Delete = append(gone.Delete, store.Delete{Key: key})
			}
			r.commit(put)
			r.commit(gone)
		}
		_, err := r.Watch(r.ctx, "", first, 10)
		r.fails(err, store.ErrTrimmed)
		_, err = r.Watch(r.ctx, "elsewhere/", first, 10)
		r.fails(err, store.ErrTrimmed)
		r.watches("s", 0, 10, "stays=1")
		// Those that are kept are reported: of the newest revisions every other
		// thousand are deletes, the rest are puts that these overtook.
		latest := r.put("end", "1", store.Any)
		seen := 0
		for after := latest - 1 - store.KeptDeletes; after < latest; {
			page, err := r.Watch(r.ctx, "", after, store.MaxPage)
			r.ok(err)
			for _, c := range page {
				after = c.Revision
				if c.Deleted {
					seen++
				}
			}
		}
		if seen != store.KeptDeletes/2 {
			r.Fatalf("%d deletes reported, want %d", seen, store.KeptDeletes/2)
		}
	}},
}

// watches wants a page of changes, as "key=value" or "key deleted", and
// returns its last revision.
func (r *rig) watches(prefix string, after store.Revision, max int, want string) store.Revision {
	r.Helper()
	page, err := r.Watch(r.ctx, prefix, after, max)
	r.ok(err)
	var got []string
	for _, c := range page {
		if c.Revision <= after {
			r.Fatalf("revision %d after %d", c.Revision, after)
		}
		after = c.Revision
		if c.Deleted {
			got = append(got, c.Key+" deleted")
		} else {
			got = append(got, c.Key+"="+string(c.Value))
		}
	}
	if strings.Join(got, " ") != want {
		r.Fatalf("changes %q, want %q", got, want)
	}
	return after
}

// Writers put, replace and delete; at the end every watcher has the same keys
// as the store, and has seen revisions only grow.
func watchersMissNothing(r *rig) {
	var watchers sync.WaitGroup
	for range 4 {
		watchers.Go(func() {
			have := map[string]string{}
			for after := store.Revision(0); have["end"] == ""; {
				page, err := r.Watch(r.ctx, "", after, 7)
				if err != nil {
					r.Errorf("watch: %v", err)
					return
				}
				for _, c := range page {
					if c.Revision <= after {
						r.Errorf("revision %d after %d", c.Revision, after)
					}
					after = c.Revision
					have[c.Key] = string(c.Value)
					if c.Deleted {
						delete(have, c.Key)
					}
				}
			}
			want := map[string]string{}
			list, err := r.List(r.ctx, "", "", store.MaxPage)
			for _, p := range list {
				want[p.Key] = string(p.Value)
			}
			if err != nil || !maps.Equal(have, want) {
				r.Errorf("a watcher has %v, the store %v (%v)", have, want, err)
			}
		})
	}
	race(r, 4, func(w int) {
		for i := range 60 {
			key := fmt.Sprint(w, "/", i%7)
			if i%3 == 2 {
				r.errors(store.Remove(r.ctx, r, key, store.Any))
				continue
			}
			_, err := store.Set(r.ctx, r, key, fmt.Append(nil, i), store.Any)
			r.errors(err)
			if i%10 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
	})
	synctest.Wait()
	r.put("end", "!", store.Any)
	watchers.Wait()
}

// errors is ok for goroutines.
func (r *rig) errors(err error) {
	r.Helper()
	if err != nil && !errors.Is(err, context.Canceled) {
		r.Errorf("error %v", err)
	}
}
