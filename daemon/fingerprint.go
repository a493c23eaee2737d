package daemon

import (
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// notCode are folders beside code that running and versioning it changes.
var notCode = []string{".penstock", ".git", "__pycache__"}

// codeFingerprint sums up the files of a function's code folder. It is false
// if not all that may be code could be seen.
func codeFingerprint(dir, data string) (sum uint64, whole bool) {
	h := fnv.New64a()
	whole = addFiles(h, dir, data, notCode)
	return h.Sum64(), whole
}

// addFiles adds names, times, sizes and modes of the files at or below root to
// h, without the data folder and folders of the names skipped. That is cheaper
// than contents, and works on every file system. It returns false if something
// could not be read or is behind a link to a folder elsewhere.
func addFiles(h hash.Hash, root, data string, skipped []string) (whole bool) {
	root, err := unlinked(root)
	if err != nil {
		return false
	}
	if data, err = unlinked(data); err != nil {
		data = "" // not made yet
	}
	whole = true
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			whole = false
		case d.IsDir() && path != root && (path == data || slices.Contains(skipped, d.Name())):
			return filepath.SkipDir
		case !d.IsDir() && addFile(h, root, path) != nil:
			whole = false
		}
		return nil
	})
	return whole
}

// addFile adds one file, or the file that a link leads to.
func addFile(h hash.Hash, root, path string) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(target)
	if err != nil {
		return err
	}
	if info.IsDir() {
		if !strings.HasPrefix(target, root+string(filepath.Separator)) {
			return errors.New("what is there is not looked at")
		}
		fmt.Fprintf(h, "%s\x00%s\x00", path, target) // its files are added where they are
		return nil
	}
	fmt.Fprintf(h, "%s\x00%s\x00%d\x00%d\x00%v\x00", path, target, info.Size(), info.ModTime().UnixNano(), info.Mode())
	return nil
}

// unlinked is an absolute path without links.
func unlinked(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}
