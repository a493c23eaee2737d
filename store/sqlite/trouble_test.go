package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/penstock/penstock/store"
)

// fresh opens a store in a folder of its own; who wants to open it again
// closes it first.
func fresh(t *testing.T) (*Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store?100%#.db") // a name that a URL would not leave alone
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, path
}

// refused wants Open to fail with a kind and a remedy, and to leave the file
// as it is.
func refused(t *testing.T, path string, kind error) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, Options{})
	if err == nil {
		_ = s.Close()
		t.Fatalf("opened, want %v", kind)
	}
	var trouble *store.TroubleError
	if !errors.Is(err, kind) || !errors.As(err, &trouble) || trouble.Remedy == "" || !strings.Contains(err.Error(), path) {
		t.Fatalf("error %v, want %v with path and remedy", err, kind)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Fatalf("the file was changed (%v)", err)
	}
}

func set(s *Store, key, value string) error {
	_, err := store.Set(context.Background(), s, key, []byte(value), store.Any)
	return err
}

func TestSecondOpenIsRefused(t *testing.T) {
	s, path := fresh(t)
	_, err := Open(path, Options{})
	if !errors.Is(err, store.ErrInUse) {
		t.Fatalf("error %v, want ErrInUse", err)
	}
	if err := errors.Join(set(s, "k", "v"), s.Close()); err != nil {
		t.Fatal(err)
	}
	s, err = Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
}

func TestFilesAreTheUsersAlone(t *testing.T) {
	s, path := fresh(t)
	if err := set(s, "k", "v"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm", path + "-lock"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has rights %v, want 0600", name, info.Mode().Perm())
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if len(names) != 2 {
		t.Errorf("after Close there are %q, want the file and its lock", names)
	}
}

func TestNewerVersionIsLeftAlone(t *testing.T) {
	s, path := fresh(t)
	if err := errors.Join(s.conn.once(fmt.Sprintf("PRAGMA user_version=%d", len(migrations)+1)), s.Close()); err != nil {
		t.Fatal(err)
	}
	refused(t, path, store.ErrNewer)
}

func TestForeignFileIsLeftAlone(t *testing.T) {
	s, path := fresh(t)
	if err := errors.Join(s.conn.once("PRAGMA application_id=7"), s.Close()); err != nil {
		t.Fatal(err)
	}
	refused(t, path, store.ErrCorrupt)
	s, path = fresh(t)
	if err := errors.Join(s.conn.once("PRAGMA application_id=0; PRAGMA user_version=0"), s.Close()); err != nil {
		t.Fatal(err)
	}
	refused(t, path, store.ErrCorrupt)
}

// A version is reached by its migration, whatever the version before, and data
// stays.
func TestMigrations(t *testing.T) {
	s, path := fresh(t)
	if err := errors.Join(set(s, "k", "v"), s.Close()); err != nil {
		t.Fatal(err)
	}
	c, err := connect(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.close() }()
	next := append(migrations[:len(migrations):len(migrations)], "CREATE TABLE later (a INTEGER)", "INSERT INTO later VALUES (7)")
	if err := migrate(c, int64(len(migrations)), next); err != nil {
		t.Fatal(err)
	}
	version, _, _ := c.number("PRAGMA user_version")
	if n, _, err := c.number("SELECT a FROM later"); n != 7 || err != nil || version != int64(len(next)) {
		t.Fatalf("%d, %v, version %d", n, err, version)
	}
	// One that fails changes nothing.
	if err := migrate(c, version, append(next, "DELETE FROM keys", "CREATE nonsense")); err == nil || !strings.Contains(err.Error(), "migration to version") {
		t.Fatalf("error %v", err)
	}
	if n, _, err := c.number("SELECT count(*) FROM keys"); n != 1 || err != nil {
		t.Fatalf("%d keys after a migration that failed (%v)", n, err)
	}
}

func TestDamageIsRefused(t *testing.T) {
	for name, damage := range map[string]func(data []byte) []byte{
		"garbage":   func(data []byte) []byte { return bytes.Repeat([]byte("garbage!"), len(data)/8) },
		"short":     func([]byte) []byte { return []byte("short") },
		"header":    func(data []byte) []byte { copy(data, "SQLite format 4"); return data },
		"truncated": func(data []byte) []byte { return data[:len(data)/2] },
		"schema":    func(data []byte) []byte { copy(data[100:], bytes.Repeat([]byte{0xee}, 3000)); return data },
		"counters":  func(data []byte) []byte { copy(data[4096:], bytes.Repeat([]byte{0xee}, 4096)); return data },
	} {
		t.Run(name, func(t *testing.T) {
			s, path := fresh(t)
			if err := errors.Join(set(s, "k", "v"), s.Close()); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, damage(data), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			refused(t, path, store.ErrCorrupt)
		})
	}
}

// Damage that Open does not meet is reported by who reads it; the rest works.
func TestDamageFoundLater(t *testing.T) {
	s, path := fresh(t)
	big := strings.Repeat("x", 1<<20)
	if err := errors.Join(set(s, "big", big), set(s, "small", "v"), s.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte(strings.Repeat("x", 4000)))
	at -= at % 4096
	copy(data[at:], bytes.Repeat([]byte{0xee}, 64)) // a link of the chain of pages
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(path, Options{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Get(t.Context(), "big"); !errors.Is(err, store.ErrCorrupt) {
		t.Fatalf("error %v, want ErrCorrupt", err)
	}
	if p, err := s.Get(t.Context(), "small"); err != nil || string(p.Value) != "v" {
		t.Fatalf("%q, %v", p.Value, err)
	}
	if err := set(s, "other", "v"); err != nil {
		t.Fatal(err)
	}
}

// A store that may not grow says so, loses nothing, and goes on when it may.
func TestFull(t *testing.T) {
	s, _ := fresh(t)
	if err := errors.Join(set(s, "k", "before"), s.conn.once("PRAGMA max_page_count=40")); err != nil {
		t.Fatal(err)
	}
	if err := set(s, "big", strings.Repeat("x", 1<<20)); !errors.Is(err, store.ErrFull) {
		t.Fatalf("error %v, want ErrFull", err)
	}
	if p, err := s.Get(t.Context(), "k"); err != nil || string(p.Value) != "before" {
		t.Fatalf("%q, %v", p.Value, err)
	}
	if err := set(s, "small", "v"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.conn.once("PRAGMA max_page_count=4000"), set(s, "big", strings.Repeat("x", 1<<20))); err != nil {
		t.Fatal(err)
	}
	if stats := s.Stats(); stats.Failed != 1 {
		t.Errorf("stats %+v, want one failed write", stats)
	}
}

// What Ack put off is put off again when its commit fails.
func TestAcksSurviveAFailedCommit(t *testing.T) {
	s, path := fresh(t)
	ctx := t.Context()
	done, err := s.Commit(ctx, store.Txn{Queue: []store.Item{{Queue: "q"}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Claim(ctx, "q", 1, 0)
	if err := errors.Join(err, s.Ack(ctx, done.IDs...), s.conn.once("PRAGMA max_page_count=40")); err != nil {
		t.Fatal(err)
	}
	if err := set(s, "big", strings.Repeat("x", 1<<20)); !errors.Is(err, store.ErrFull) {
		t.Fatalf("error %v, want ErrFull", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(path, Options{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if list, err := s.Claim(ctx, "q", 1, 0); err != nil || len(list) != 0 {
		t.Fatalf("claimed %v, %v: acknowledged entries came back", list, err)
	}
}

func TestReadOnly(t *testing.T) {
	s, _ := fresh(t)
	if err := s.conn.once("PRAGMA query_only=ON"); err != nil {
		t.Fatal(err)
	}
	if err := set(s, "k", "v"); !errors.Is(err, store.ErrReadOnly) {
		t.Fatalf("error %v, want ErrReadOnly", err)
	}
	if err := errors.Join(s.conn.once("PRAGMA query_only=OFF"), set(s, "k", "v")); err != nil {
		t.Fatal(err)
	}
}

// What the system says, as the os package reports it.
func TestTroubleOfTheSystem(t *testing.T) {
	for _, c := range []struct{ from, kind error }{
		{syscall.ENOSPC, store.ErrFull}, {syscall.EDQUOT, store.ErrFull}, {syscall.EFBIG, store.ErrFull},
		{syscall.EROFS, store.ErrReadOnly}, {syscall.EACCES, store.ErrReadOnly}, {syscall.EPERM, store.ErrReadOnly},
	} {
		err := trouble("file", fmt.Errorf("opening: %w", &fs.PathError{Op: "open", Path: "file", Err: c.from}))
		if !errors.Is(err, c.kind) || !errors.Is(err, c.from) || !strings.Contains(err.Error(), "(") {
			t.Errorf("%v became %v, want %v", c.from, err, c.kind)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none", "store"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v in a folder that is not there", err)
	}
	if err := trouble("file", store.ErrNotFound); err != store.ErrNotFound {
		t.Errorf("an error of the store became %v", err)
	}
}
