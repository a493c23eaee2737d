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
	remedy, kind := classify(path, err)
	return &store.TroubleError{Path: path, Kind: kind, Err: err, Remedy: remedy}
}

// system classifies what the system itself said.
func system(err error) (remedy string, kind error) {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return remedyFull, store.ErrFull
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return remedyReadOnly, store.ErrReadOnly
	}
	return "", nil
}

func classify(path string, err error) (remedy string, kind error) {
	if remedy, kind := system(err); kind != nil {
		return remedy, kind
	}
	var e *modernc.Error
	if !errors.As(err, &e) {
		return "", nil
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_FULL:
		return remedyFull, store.ErrFull
	case codes.SQLITE_IOERR:
		// A file size limit or a quota is not told apart by SQLite.
		if e.Code() == codes.SQLITE_IOERR_WRITE || e.Code() == codes.SQLITE_IOERR_SHMSIZE {
			if remedy, kind := system(probe(path)); kind != nil {
				return remedy, kind
			}
		}
		return "look at the system's log for trouble with the disk", nil
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return "stop penstock, keep a copy of the file, and restore a backup, or try: sqlite3 FILE .recover", store.ErrCorrupt
	case codes.SQLITE_CANTOPEN: // a journal beside the file, mostly
		if remedy, kind := system(probe(path)); kind != nil {
			return remedy, kind
		}
	case codes.SQLITE_READONLY, codes.SQLITE_PERM, codes.SQLITE_AUTH:
		return remedyReadOnly, store.ErrReadOnly
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return "another program keeps the file locked; end it", store.ErrInUse
	}
	return "", nil
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
