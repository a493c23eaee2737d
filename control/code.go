package control

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// localBucket is the bucket whose keys are paths of this machine.
const localBucket = "penstock-local"

// A CodeSource is where a request says that code is.
type CodeSource struct {
	// ZipFile are the bytes of an archive.
	ZipFile []byte
	// S3Bucket and S3Key name an object. Only the bucket penstock-local is
	// there: see Options.LocalCode.
	S3Bucket, S3Key string
}

func (p *Plane) codeFolder() string         { return filepath.Join(p.o.Data, "code") }
func (p *Plane) zipPath(zip string) string  { return filepath.Join(p.codeFolder(), zip+".zip") }
func (p *Plane) unpacked(zip string) string { return filepath.Join(p.codeFolder(), zip) }
func codeKey(zip string) string             { return "code/" + zip }

// Archive opens the archive of a function, as it was uploaded. ErrNotExist: its
// code is a folder.
func (p *Plane) Archive(f Function) (io.ReadCloser, error) {
	if f.Code.Zip == "" {
		return nil, fs.ErrNotExist
	}
	return os.Open(p.zipPath(f.Code.Zip))
}

// fetch gets the code that a request names. Until unpin it is not taken for
// garbage; a record that refers to it must be written before.
func (p *Plane) fetch(ctx context.Context, s CodeSource) (c Code, unpin func(), err error) {
	switch {
	case s.S3Bucket == "" && s.S3Key == "":
		if s.ZipFile == nil {
			return c, nil, invalid("Please provide a source for function code.")
		}
		return p.keep(ctx, s.ZipFile)
	case s.ZipFile != nil:
		return c, nil, invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")
	case s.S3Bucket != localBucket || !p.o.LocalCode:
		return c, nil, invalid("Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist")
	case !filepath.IsAbs(s.S3Key):
		return c, nil, invalid("Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The key %s of the bucket %s is not an absolute path", s.S3Key, localBucket)
	}
	c, unpin, err = p.local(ctx, filepath.Clean(s.S3Key))
	if errors.Is(err, fs.ErrNotExist) {
		err = invalid("Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.")
	}
	return c, unpin, err
}

// local is the code at a path: a folder, which stays where it is, or an archive,
// which is copied.
func (p *Plane) local(ctx context.Context, path string) (c Code, unpin func(), err error) {
	info, err := os.Stat(path)
	if err != nil {
		return c, nil, err
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() || info.Size() > maxUnpacked {
			return c, nil, invalid("%s is neither a folder nor an archive of at most %d bytes", path, maxUnpacked)
		}
		archive, err := os.ReadFile(path)
		if err != nil {
			return c, nil, err
		}
		return p.keep(ctx, archive)
	}
	stamp, err := stampOf(ctx, path)
	return Code{Folder: path, Sha256: stamp}, func() {}, err
}

// stampOf changes with the files of a folder: their names, sizes, modes and
// times.
func stampOf(ctx context.Context, folder string) (string, error) {
	hash := sha256.New()
	files := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == ".penstock") {
			return fs.SkipDir
		}
		if files++; files > maxEntries {
			return invalid("%s has more than %d files", folder, maxEntries)
		}
		if d.IsDir() {
			return nil // its time changes with caches that interpreters write
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(hash, "%q %d %d %v\n", path, info.Size(), info.ModTime().UnixNano(), info.Mode())
		return nil
	})
	return base64.StdEncoding.EncodeToString(hash.Sum(nil)), err
}

// keep stores an archive and unpacks it. What is unpacked is only a cache.
func (p *Plane) keep(ctx context.Context, archive []byte) (c Code, unpin func(), err error) {
	sum := sha256.Sum256(archive)
	c = Code{Zip: hex.EncodeToString(sum[:]), Sha256: base64.StdEncoding.EncodeToString(sum[:]), Size: int64(len(archive))}
	give, err := p.holds.take(ctx, codeKey(c.Zip))
	if err != nil {
		return c, nil, err
	}
	defer give()
	unpin = p.pin(c.Zip)
	if err = p.unfold(c.Zip, archive); err == nil {
		err = writeDurably(p.zipPath(c.Zip), archive)
	}
	if err != nil {
		unpin()
		return c, nil, err
	}
	return c, unpin, nil
}

// pin keeps an archive, recorded or not, until unpin.
func (p *Plane) pin(zip string) (unpin func()) {
	if zip == "" {
		return func() {}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pins[zip]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.pins[zip]--; p.pins[zip] == 0 {
			delete(p.pins, zip)
			p.loose[zip] = true
		}
		p.ring()
	}
}

// unfold unpacks an archive where it is not unpacked yet. Its key is held.
func (p *Plane) unfold(zip string, archive []byte) error {
	dir := p.unpacked(zip)
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	tmp, err := os.MkdirTemp(p.codeFolder(), newPrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := unpack(archive, tmp, maxUnpacked); err != nil {
		return err
	}
	return os.Rename(tmp, dir)
}

// folder is where the code is that is to be built, unpacked once more if need
// be.
func (p *Plane) folder(ctx context.Context, c Code) (string, error) {
	if c.Zip == "" {
		info, err := os.Stat(c.Folder)
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("%s is no folder any more", c.Folder)
		}
		return c.Folder, err
	}
	give, err := p.holds.take(ctx, codeKey(c.Zip))
	if err != nil {
		return "", err
	}
	defer give()
	dir := p.unpacked(c.Zip)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	archive, err := os.ReadFile(p.zipPath(c.Zip))
	if err == nil && mismatch(archive, c.Zip) {
		err = fmt.Errorf("%s is damaged: its bytes are not those that were uploaded", p.zipPath(c.Zip))
	}
	if err == nil {
		err = p.unfold(c.Zip, archive)
	}
	if err != nil {
		return "", &BuildError{Code: "InvalidZipFileException", Err: err}
	}
	return dir, nil
}

func mismatch(archive []byte, zip string) bool {
	sum := sha256.Sum256(archive)
	return hex.EncodeToString(sum[:]) != zip
}

const newPrefix = ".new-"

// writeDurably writes a file that is there as a whole or not at all, also when
// the machine stops. One that is there is not written again.
func writeDurably(path string, data []byte) error {
	if info, err := os.Stat(path); err == nil && info.Size() == int64(len(data)) {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), newPrefix)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// sweep removes archives that nothing refers to any more.
func (p *Plane) sweep(ctx context.Context) {
	p.mu.Lock()
	loose := p.loose
	p.loose = map[string]bool{}
	p.mu.Unlock()
	if len(loose) == 0 {
		return
	}
	used := p.used()
	for zip := range loose {
		if used[zip] {
			continue
		}
		give, err := p.holds.take(ctx, codeKey(zip))
		if err != nil {
			return
		}
		if p.free(zip) { // nobody pins it while the key is held
			err = errors.Join(os.RemoveAll(p.unpacked(zip)), os.Remove(p.zipPath(zip)))
		}
		give()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			p.o.Log.Warn("removing code that nothing uses", "archive", zip, "error", err)
		}
	}
}

// free says that nothing refers to an archive. While a record is not known, which
// may do so, it is kept for the next time.
func (p *Plane) free(zip string) bool {
	used := p.used()[zip]
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.doubtful) > 0 {
		p.loose[zip] = true
		return false
	}
	return !used
}

// used are the archives that records refer to or that are in use.
func (p *Plane) used() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	used := map[string]bool{}
	for zip := range p.pins {
		used[zip] = true
	}
	for _, f := range p.functions {
		for _, zip := range f.zips() {
			used[zip] = true
		}
	}
	return used
}

// gather finds what earlier processes left behind.
func (p *Plane) gather() {
	entries, err := os.ReadDir(p.codeFolder())
	if err != nil {
		p.o.Log.Warn("looking for code that nothing uses", "error", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range entries {
		zip := strings.TrimSuffix(e.Name(), ".zip")
		if _, err := hex.DecodeString(zip); err == nil && len(zip) == 2*sha256.Size {
			p.loose[zip] = true
		}
	}
}

// clear removes what was not finished when the process ended. It is called
// before anybody writes.
func (p *Plane) clear() error {
	left, err := filepath.Glob(filepath.Join(p.codeFolder(), newPrefix+"*"))
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// tooLarge refuses an archive that a request must not bring.
func tooLarge(s CodeSource) error {
	if len(s.ZipFile) > maxZip {
		return refuse(entityTooLarge, "Zipped size must be smaller than %d bytes", maxZip)
	}
	return nil
}
