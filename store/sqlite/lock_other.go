//go:build !unix

package sqlite

import (
	"errors"
	"os"
)

func lock(string) (*os.File, error) {
	return nil, errors.New("not supported on this system: a file cannot be kept from other processes")
}
