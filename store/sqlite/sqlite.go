// Package sqlite is the store for one daemon: a single SQLite file that
// ordinary SQLite tools can copy and look into (docs/store.md). It owns the
// file, its layout and its versions. It refuses to share it: a second process
// that opens it gets store.ErrInUse, and what it finds damaged or newer than
// itself it leaves as it is.
//
// A commit has reached the disk before it returns: the write-ahead log is
// synced by every transaction (synchronous=FULL). Those who write at the same
// time share one: the first to come becomes the leader, commits what gathered
// while the one before it was syncing, and gives each its own result. There is
// no goroutine beside the callers'.
package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/penstock/penstock/store"
)

// Options of Open. Zero values are good ones.
type Options struct {
	// Readers is how many reads go on at the same time, each on a connection
	// with a cache of up to 2 MB, opened when first needed. Zero: 4.
	Readers int
}

// A Store is a store.Store in a file. Open one, and Close it.
type Store struct {
	path    string
	lock    *os.File
	readers chan *conn // as many as there may be; nil: not connected yet
	ended   chan struct{}

	committer
	backlog
	changes struct { // of keys
		sync.Mutex
		store.Bells
	}
}

var _ store.Store = (*Store)(nil)

// Open opens the store in the file at path and creates it, readable by its
// user alone, if it is not there; its folder must be. A file of an older
// version is brought up to date. Errors: store.ErrInUse, ErrReadOnly, ErrFull,
// ErrCorrupt, ErrNewer, as *store.TroubleError.
//
// Beside the file there are, while it is open, path-wal and path-shm, which
// belong to it, and path-lock, which is empty and stays.
func Open(path string, o Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, ended: make(chan struct{})}
	if s.lock, err = lock(path); err != nil {
		return nil, trouble(path, err)
	}
	if err := s.open(o); err != nil {
		if s.conn != nil {
			err = errors.Join(err, s.conn.close())
		}
		return nil, errors.Join(trouble(path, err), s.lock.Close())
	}
	return s, nil
}

func (s *Store) open(o Options) (err error) {
	if o.Readers == 0 {
		o.Readers = 4
	}
	s.readers = make(chan *conn, max(o.Readers, 1))
	for range cap(s.readers) {
		s.readers <- nil
	}
	if err := create(s.path); err != nil {
		return err
	}
	if s.conn, err = connect(s.path, "busy_timeout=5000"); err != nil {
		return err
	}
	version, err := identify(s.conn, s.path)
	if err != nil {
		return err
	}
	for _, p := range writing {
		if err := s.conn.once("PRAGMA " + p); err != nil {
			return err
		}
	}
	if mode, err := s.conn.row("PRAGMA journal_mode"); err != nil || text(mode[0]) != "wal" {
		return errors.Join(err, errors.New("the file system cannot hold a write-ahead log: choose a local one"))
	}
	if err := migrate(s.conn, version, migrations); err != nil {
		return err
	}
	if err := s.counters.load(s.conn); err != nil {
		return err
	}
	s.deletes = trimDeletes // look at once how many are kept
	return s.backlog.load(s.conn)
}

// writing are the settings of the connection that writes.
var writing = []string{
	"journal_mode=WAL",
	"synchronous=FULL",
	"fullfsync=ON", // macOS, where fsync alone leaves it to the disk
	"checkpoint_fullfsync=ON",
	"wal_autocheckpoint=4000",     // pages: moved into the file at 16 MB
	"journal_size_limit=67108864", // and cut, should a long read have held that up
	"cache_size=-4000",
	"temp_store=MEMORY",
	"trusted_schema=OFF",
	"cell_size_check=ON",
}

// create makes the file, so that its rights and its name in the folder are
// there before SQLite writes to it.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil || info.Size() > 0 {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Close makes durable what Ack has put off, ends what waits and closes the
// file; reads and writes that have begun are finished first.
func (s *Store) Close() error {
	err := s.finish()
	if errors.Is(err, store.ErrClosed) {
		return err
	}
	close(s.ended)
	errs := []error{trouble(s.path, err)}
	for range cap(s.readers) {
		if c := <-s.readers; c != nil {
			errs = append(errs, c.close())
		}
	}
	return errors.Join(append(errs, s.conn.close(), s.lock.Close())...)
}

// usable returns an error when there is nothing left to do.
func (s *Store) usable(ctx context.Context) error {
	select {
	case <-s.ended:
		return store.ErrClosed
	default:
		return ctx.Err()
	}
}

// read lends a connection for reading. Each sees the commits before it began.
func (s *Store) read(ctx context.Context, f func(c *conn) error) (err error) {
	if err := s.usable(ctx); err != nil {
		return err
	}
	var c *conn
	select {
	case c = <-s.readers:
	case <-s.ended:
		return store.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.readers <- c }()
	if c == nil {
		if c, err = connect(s.path, "busy_timeout=5000", "query_only=ON", "cache_size=-2000", "trusted_schema=OFF"); err != nil {
			c = nil
			return trouble(s.path, err)
		}
	}
	return trouble(s.path, f(c))
}
