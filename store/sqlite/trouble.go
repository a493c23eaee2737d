package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/penstock/penstock/store"
	modernc "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// trouble gives an error of SQLite or of the system its kind and its remedy.
// Errors of the store itself pass through.
func trouble(path string, err error) error {
	var known *store.TroubleError
	var engine *modernc.Error
	var number syscall.Errno
	if errors.As(err, &known) || !errors.As(err, &engine) && !errors.As(err, &number) {
		return err
	}
	kind, remedy := classify(path, err)
	return &store.TroubleError{Path: path, Kind: kind, Err: err, Remedy: remedy}
}

// system classifies what the system itself said.
func system(err error) (kind error, remedy string) {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return store.ErrFull, remedyFull
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return store.ErrReadOnly, remedyReadOnly
	}
	return nil, ""
}

func classify(path string, err error) (kind error, remedy string) {
	if kind, remedy := system(err); kind != nil {
		return kind, remedy
	}
	var e *modernc.Error
	if !errors.As(err, &e) {
		return nil, ""
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_FULL:
		return store.ErrFull, remedyFull
	case codes.SQLITE_IOERR:
		// A file size limit or a quota is not told apart by SQLite.
		if e.Code() == codes.SQLITE_IOERR_WRITE || e.Code() == codes.SQLITE_IOERR_SHMSIZE {
			if kind, remedy := system(probe(path)); kind != nil {
				return kind, remedy
			}
		}
		return nil, "look at the system's log for trouble with the disk"
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return store.ErrCorrupt, "stop penstock, keep a copy of the file, and restore a backup, or try: sqlite3 FILE .recover"
	case codes.SQLITE_CANTOPEN: // a journal beside the file, mostly
		if kind, remedy := system(probe(path)); kind != nil {
			return kind, remedy
		}
	case codes.SQLITE_READONLY, codes.SQLITE_PERM, codes.SQLITE_AUTH:
		return store.ErrReadOnly, remedyReadOnly
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return store.ErrInUse, "another program keeps the file locked; end it"
	}
	return nil, ""
}

const (
	remedyFull     = "make space on the disk, or raise the quota or file size limit; writing then goes on"
	remedyReadOnly = "the user that runs penstock must be able to write the file and its folder"
)

// probe writes a little behind the end of the write-ahead log's size into a
// file of its own, to learn whether the system would let it grow.
func probe(path string) error {
	var size int64
	for _, name := range []string{path, path + "-wal"} {
		if info, err := os.Stat(name); err == nil {
			size = max(size, info.Size())
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-probe-")
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, 8192), size)
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}
