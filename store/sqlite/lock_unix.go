//go:build unix

package sqlite

import (
	"errors"
	"os"
	"syscall"

	"github.com/penstock/penstock/store"
)

// lock keeps every other Open away, of this process and others, until the file
// is closed or the process ends. It is a file of its own, as on some systems
// this lock would meet SQLite's, and as SQLite's are lost when anything else
// of the process closes the store's file. Backups do not ask for it.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path+"-lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = &store.TroubleError{Path: path, Kind: store.ErrInUse,
			Remedy: "one process at a time: end the other, or give this one a file of its own"}
	}
	return nil, errors.Join(err, f.Close())
}
