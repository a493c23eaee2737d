package daemon

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/penstock/penstock/control/template"
)

// maxUnpacked is how large a function's archive may be when unpacked (AWS:
// 250 MB).
const maxUnpacked = 250 << 20

// codeFolder returns the folder with a function's code, writing inline code and
// unpacking archives below data. Folders made there are named by their content,
// so that what runs keeps its own when code changes.
func codeFolder(data string, fn template.Function) (string, error) {
	if fn.Code.Inline != "" {
		sum := sha256.Sum256([]byte(fn.Code.Inline))
		dir := filepath.Join(data, "code", fn.Name+"-"+hex.EncodeToString(sum[:6]))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", err
		}
		path := filepath.Join(dir, fn.Code.File)
		if there, err := os.ReadFile(path); err == nil && string(there) == fn.Code.Inline {
			return dir, nil // and has not changed for who runs it
		}
		return dir, os.WriteFile(path, []byte(fn.Code.Inline), 0o600)
	}
	info, err := os.Stat(fn.Code.Path)
	if err != nil {
		return "", fmt.Errorf("code: %w", err)
	}
	if info.IsDir() {
		return filepath.Abs(fn.Code.Path)
	}
	return unpack(fn.Code.Path, filepath.Join(data, "code"), maxUnpacked)
}

// unpack unpacks an archive of at most limit bytes of content below parent, in
// a folder named by what is in it.
func unpack(archive, parent string, limit int64) (string, error) {
	f, err := os.Open(archive)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, f)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(parent, hex.EncodeToString(hash.Sum(nil)[:12]))
	if _, err := os.Stat(dir); err == nil {
		return filepath.Abs(dir)
	}
	z, err := zip.NewReader(f, size)
	if err != nil {
		return "", fmt.Errorf("code: %s is neither a folder nor a zip archive: %w", archive, err)
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(parent, "unpack-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	left := limit
	for _, entry := range z.File {
		if err := unpackOne(entry, tmp, &left); err != nil {
			return "", fmt.Errorf("code: %s: %s: %w", archive, entry.Name, err)
		}
		if left < 0 {
			return "", fmt.Errorf("code: %s: unpacked it is larger than %d bytes", archive, limit)
		}
	}
	if err := os.Rename(tmp, dir); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return filepath.Abs(dir)
}

// unpackOne writes one entry below dir, and stops when left falls below zero.
func unpackOne(entry *zip.File, dir string, left *int64) error {
	if !filepath.IsLocal(entry.Name) {
		return errors.New("the name leads out of the archive")
	}
	path := filepath.Join(dir, entry.Name)
	if strings.HasSuffix(entry.Name, "/") {
		return os.MkdirAll(path, 0o700)
	}
	if !entry.Mode().IsRegular() {
		return errors.New("neither a file nor a folder")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	in, err := entry.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	mode := entry.Mode().Perm() | 0o600
	if filepath.Base(path) == "bootstrap" {
		mode |= 0o100
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(in, *left+1))
	*left -= n
	return errors.Join(err, out.Close())
}
