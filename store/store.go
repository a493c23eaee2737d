// Package store keeps bytes that survive a restart: keys with revisions,
// ordered logs, a queue of what is due later, and leases with fencing. It owns
// the interfaces, their errors and limits, and Memory, an engine that forgets
// when the process ends; engines that remember are packages below it. It
// refuses to know what the bytes mean: typed views are small structs in the
// packages that use them.
//
// Every write is a Txn: a value that lists what is to be written and under
// which conditions. It is written as a whole or not at all, and Commit returns
// once it is durable.
//
// # Rules for all engines
//
// All methods are safe for concurrent use. A read sees every commit that has
// returned before it began, and never half of one. Slices given to an engine
// may be reused after the call, slices it returns belong to the caller. An
// empty value is a value and comes back with length 0.
//
// Names (keys, logs, queues, leases, holders) are UTF-8 without NUL, between 1
// and MaxName bytes, ordered by their bytes. Values, payloads and notes have at
// most MaxValue bytes. What breaks a limit fails with ErrInvalid and changes
// nothing.
//
// A page is what one List, Watch, Read or Claim returns: at most as many as
// asked for (1 to MaxPage; fewer than 1 fails with ErrInvalid, more counts as
// MaxPage), and no further one once the page has MaxPageBytes. So a page
// may be shorter than what is left: only an empty page is the end.
//
// ctx ends waiting, not writing: when Commit, Acquire, Renew or Release return
// an error of ctx, nothing was written.
//
// After Close every call fails with ErrClosed, and those waiting return it.
package store

import (
	"context"
	"io"
	"time"
)

// A Store is all of it. Who opened it closes it, after those who use it have
// stopped; Close makes durable what was to ride with a later commit.
type Store interface {
	Committer
	KV
	Log
	Due
	Leases
	io.Closer
}

// A Committer writes.
type Committer interface {
	// Commit writes t as a whole and returns once it is durable, or writes
	// nothing and returns an error: ErrConflict when a condition does not hold,
	// ErrLost for a fence, ErrNotFound for a Hold of an unknown entry,
	// ErrInvalid, ErrFull, ErrReadOnly, ErrCorrupt, ErrClosed, an error of ctx.
	// After another error of an engine (a disk that fails) it is open whether
	// the write will be seen. A Txn that fails leaves those committed with it
	// untouched. A zero Txn makes durable what Ack has put off.
	Commit(ctx context.Context, t Txn) (Committed, error)
}

// A Txn is written as a whole. Its parts are independent of each other: no key
// and no entry may be in it twice (ErrInvalid), but for a Check, which looks at
// what was there before. At most MaxTxn parts, at most MaxTxnBytes of values.
type Txn struct {
	Fence  []Lease // must still be held: see Leases
	Check  []Check
	Put    []Put
	Delete []Delete
	Append []Append
	Trim   []Trim
	Queue  []Item
	Hold   []Hold
	Ack    []ID // removes entries; unknown ones are no error
}

// Committed is what a Txn was given, each in the order of the Txn.
type Committed struct {
	Revisions []Revision // of Put
	Positions []Position // of Append
	IDs       []ID       // of Queue
}

// A Revision numbers the changes of keys in the order of their commits, over
// all keys. It grows by at least one with every Put, and with every Delete of
// a key that is there.
type Revision int64

// Conditions on a key that are not the revision it must have.
const (
	Any    Revision = 0  // no condition
	Absent Revision = -1 // the key must not be there
)

// A Check is a condition on a key that the Txn may leave alone.
type Check struct {
	Key string
	If  Revision // Any: no condition
}

// A Put sets the value of a key.
type Put struct {
	Key   string
	Value []byte
	If    Revision // compare and set: what the key must have. Zero: Any
}

// A Delete removes a key. One that is not there is no error under Any.
type Delete struct {
	Key string
	If  Revision // Zero: Any
}

// KV are keys with values. See Txn for writing, Set for a single key.
type KV interface {
	// Get returns ErrNotFound for a key that is not there.
	Get(ctx context.Context, key string) (Pair, error)

	// List returns a page of the keys that begin with prefix (empty: all) and
	// are greater than after, in ascending order. The pages of a walk are not
	// one moment: read on with Watch to see what changed meanwhile.
	List(ctx context.Context, prefix, after string, max int) ([]Pair, error)

	// Watch returns a page of the changes with a revision greater than after to
	// keys that begin with prefix, in ascending order of revision, and waits
	// until there is one or ctx is done. Of several changes to a key only the
	// newest is sure to be there. Begin with after 0 to be given all keys
	// first, in order of their revisions, and the deletes that are still known;
	// go on with the revision of the last change. ErrTrimmed: more than KeptDeletes keys were deleted since after,
	// and some of these are forgotten; begin anew.
	Watch(ctx context.Context, prefix string, after Revision, max int) ([]Change, error)
}

// A Pair is a key with its value and the revision of its last Put.
type Pair struct {
	Key      string
	Value    []byte
	Revision Revision
}

// A Change is a Put or a Delete of a key. Value is nil when Deleted.
type Change struct {
	Pair
	Deleted bool
}

// A Position numbers the entries of one log from 1, in the order of their
// commits and within one Txn in its order. None is used twice, also when the
// log was trimmed.
type Position int64

// An Append adds an entry at the end of a log, which begins with its first.
type Append struct {
	Log   string
	Value []byte
}

// A Trim removes a log's entries up to and with Through. Positions that the
// log has not reached are ErrInvalid.
type Trim struct {
	Log     string
	Through Position
}

// Log are ordered logs by name. See Txn for writing.
type Log interface {
	// Read returns a page of a log's entries with a position greater than
	// after, in order. It does not wait. Entries that were trimmed are passed
	// over; an unknown log is empty.
	Read(ctx context.Context, log string, after Position, max int) ([]LogEntry, error)

	// Bounds returns the positions of the first and the last entry. A log that
	// is empty has first = last+1; one never appended to has 1 and 0.
	Bounds(ctx context.Context, log string) (first, last Position, err error)
}

// A LogEntry is a value in a log.
type LogEntry struct {
	Position Position
	Value    []byte
}

// An ID names an entry of the due queue. IDs grow in the order of commits,
// start above 0 and are never used again.
type ID int64

// An Item is put into a queue and handed out once it is due. A zero Due is due
// at once: its Due will be the moment it was put.
type Item struct {
	Queue   string
	Due     time.Time // kept to the nanosecond; between the years 1678 and 2261
	Payload []byte
	Note    []byte
}

// A Hold makes an entry due at another time, replaces its note, and ends its
// claim once that is durable. An entry that is not there is ErrNotFound.
type Hold struct {
	ID   ID
	Due  time.Time // zero: at once
	Note []byte
}

// An Entry is an Item in its queue. Times are without a monotonic reading.
type Entry struct {
	ID ID
	Item
	Added time.Time // when it was put
}

// Due are queues of what is to be done later, by name: many queues over one
// table, millions of entries without growing memory. Entries are put, held
// and removed by a Txn.
//
// An entry is claimed from the moment Claim returned it until it is held,
// acknowledged or unclaimed. Claims live in memory: when the process ends,
// every entry that is still there will be handed out again.
type Due interface {
	// Claim returns a page of a queue's entries that are due and not claimed,
	// by due time, those of one time by ID, and claims them. When there are
	// none it waits until there are, at most for wait (0 or less: not at all),
	// and then returns none and no error.
	Claim(ctx context.Context, queue string, max int, wait time.Duration) ([]Entry, error)

	// Unclaim makes claimed entries available again, as they were. It writes
	// nothing. Entries that are not claimed are left alone.
	Unclaim(ctx context.Context, ids ...ID) error

	// Ack removes claimed entries, but does not wait until that is durable: it
	// rides with the next commit or with Close, at the latest when MaxPage
	// have gathered. Meanwhile they stay claimed and are not counted. An Ack
	// lost with the process only hands out again. Entries that are not claimed
	// are left alone. For one that must be durable use Txn.Ack.
	Ack(ctx context.Context, ids ...ID) error

	// Next returns when the first entry of a queue that is not claimed is due,
	// which may have passed. ok is false when there is none.
	Next(ctx context.Context, queue string) (due time.Time, ok bool, err error)

	// Count returns how many entries a queue has, claimed ones included. It
	// does not take longer for more entries.
	Count(ctx context.Context, queue string) (int64, error)

	// Queues returns a page of the names of queues with entries that are
	// greater than after, in ascending order.
	Queues(ctx context.Context, after string, max int) ([]string, error)
}

// A Lease is the right of a holder to a name, until it expires or is released.
type Lease struct {
	Name   string
	Holder string
	Token  int64     // fencing token: grows every time the name is acquired
	Until  time.Time // by the clock of the store's host
}

// Leases give a name to one holder at a time. Acquired, renewed and released
// leases are durable.
//
// A Lease in Txn.Fence holds as long as its token is the newest of its name
// and it was not released, expired or not: who lost a lease without noticing
// cannot write over the work of the next holder. Only Name and Token count.
type Leases interface {
	// Acquire takes a name for ttl (more than 0) with a new token. While it is
	// another holder's it fails with a *HeldError (ErrHeld). A holder that has
	// it already gets it anew, with a new token: one that restarts need not
	// wait for itself, and its former self is fenced off.
	Acquire(ctx context.Context, name, holder string, ttl time.Duration) (Lease, error)

	// Renew makes a lease last for ttl from now, with the same token. ErrLost:
	// somebody acquired it since, or it was released. One that has merely
	// expired can be renewed.
	Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error)

	// Release gives a lease back. ErrLost as with Renew.
	Release(ctx context.Context, l Lease) error
}
