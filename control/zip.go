package control

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// Limits of archives. The first two are AWS's.
const (
	maxZip      = 52428800  // bytes of one sent with a request
	maxUnpacked = 262144000 // bytes of what is in one; less is fine
	maxEntries  = 200_000
	maxLink     = 4096 // bytes of a symbolic link's target
)

const unreadable = "Could not unzip uploaded file. Please check your file, then try to upload again."

// unpack writes what is in an archive, less than limit bytes, below dir, which
// is empty. Nothing is written outside of it, and no symbolic link leads out.
func unpack(archive []byte, dir string, limit int64) error {
	if len(archive) == 0 {
		return invalid("Uploaded file must be a non-empty zip")
	}
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	switch {
	case errors.Is(err, zip.ErrInsecurePath): // judged below
	case err != nil:
		return invalid(unreadable)
	}
	if len(z.File) == 0 {
		return invalid("Uploaded file must be a non-empty zip")
	}
	if len(z.File) > maxEntries {
		return invalid("Uploaded file has %d entries, more than %d", len(z.File), maxEntries)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	w := writer{root: root, limit: limit, left: limit}
	var links []*zip.File // last, so that nothing is written through one
	for _, f := range z.File {
		if f.Mode()&fs.ModeSymlink != 0 {
			links = append(links, f)
			continue
		}
		if err := w.entry(f); err != nil {
			return err
		}
	}
	for _, f := range links {
		if err := w.link(f); err != nil {
			return err
		}
	}
	for _, f := range links {
		// A link to nothing is harmless; one that leads out is not opened.
		if _, err := root.Stat(clean(f.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return invalid("%s The link %s leads out of the archive.", unreadable, f.Name)
		}
	}
	return nil
}

type writer struct {
	root  *os.Root
	limit int64
	left  int64 // bytes until the archive is too large
}

func clean(name string) string { return path.Clean(strings.TrimSuffix(name, "/")) }

func (w *writer) entry(f *zip.File) error {
	name := clean(f.Name)
	mode := f.Mode()
	switch {
	case !filepath.IsLocal(name) || strings.Contains(f.Name, `\`):
		return invalid("%s The name %q leads out of the archive.", unreadable, f.Name)
	case mode.IsDir():
		return w.wrote(f, w.root.MkdirAll(name, 0o755))
	case !mode.IsRegular():
		return invalid("%s %s is neither a file, a folder nor a link.", unreadable, f.Name)
	}
	if err := w.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return w.wrote(f, err)
	}
	in, err := f.Open()
	if err != nil {
		return invalid(unreadable)
	}
	defer in.Close()
	perm := mode.Perm() | 0o600
	if path.Base(name) == "bootstrap" {
		perm |= 0o100
	}
	out, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return w.wrote(f, err)
	}
	content := faulty{r: io.LimitReader(in, w.left+1)}
	n, err := io.Copy(out, &content)
	w.left -= n
	err = errors.Join(err, out.Close())
	switch {
	case w.left <= 0:
		return invalid("Unzipped size must be smaller than %d bytes", w.limit)
	case content.err != nil:
		return invalid(unreadable)
	}
	return w.wrote(f, err)
}

// A faulty reader remembers its error, to tell it from those of the disk.
type faulty struct {
	r   io.Reader
	err error
}

func (f *faulty) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

func (w *writer) link(f *zip.File) error {
	name := clean(f.Name)
	if !filepath.IsLocal(name) {
		return invalid("%s The name %q leads out of the archive.", unreadable, f.Name)
	}
	in, err := f.Open()
	if err != nil {
		return invalid(unreadable)
	}
	defer in.Close()
	target, err := io.ReadAll(io.LimitReader(in, maxLink+1))
	if err != nil || len(target) == 0 || len(target) > maxLink || bytes.IndexByte(target, 0) >= 0 {
		return invalid(unreadable)
	}
	if to := string(target); path.IsAbs(to) || !filepath.IsLocal(path.Join(path.Dir(name), to)) {
		return invalid("%s The link %s leads out of the archive.", unreadable, f.Name)
	}
	if err := w.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return w.wrote(f, err)
	}
	return w.wrote(f, w.root.Symlink(string(target), name))
}

// wrote makes two entries of one name, and a file where a folder is, a fault of
// the archive; other errors are the disk's.
func (w *writer) wrote(f *zip.File, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		return invalid("%s %s is in it twice.", unreadable, f.Name)
	}
	return fmt.Errorf("unpacking %s: %w", f.Name, err)
}
