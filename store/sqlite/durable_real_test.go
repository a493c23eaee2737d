//go:build real && linux

package sqlite

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/penstock/penstock/store"
)

// A process that writes is killed again and again; what it reported as
// committed is there, each time.
func TestKilledProcessesLoseNothing(t *testing.T) {
	const kills = 220
	dir := t.TempDir()
	reported, opened := 0, 0
	for run := range kills {
		path := filepath.Join(dir, fmt.Sprint("store", run/20)) // each file meets twenty kills
		cmd := child(t, "writers", path)
		report, err := lines(t, cmd)
		if err != nil {
			t.Fatal(err)
		}
		// Some die while they open, most while they write.
		timer := time.AfterFunc(time.Duration(1+rand.IntN(90))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		list := report()
		timer.Stop()
		if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("run %d: the child ended with %v: %q", run, err, list)
		}
		if len(list) > 0 {
			opened++
		}
		reported += len(list)
		verify(t, path, list)
	}
	t.Logf("%d kills, %d of them of a process that had committed, %d commits reported", kills, opened, reported)
	if opened < kills/3 || reported < 2000 {
		t.Errorf("%d processes had written, %d commits: too few to tell", opened, reported)
	}
}

// verify wants everything of a report in the store.
func verify(t *testing.T, path string, list []string) {
	t.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	for _, line := range list {
		f := strings.Fields(line)
		switch {
		case f[0] == "put" && len(f) == 5:
			p, err := s.Get(t.Context(), f[1])
			if err != nil || string(p.Value) != f[1] {
				t.Fatalf("%s: key has %q, %v", line, p.Value, err)
			}
			position, _ := strconv.ParseInt(f[3], 10, 64)
			entries, err := s.Read(t.Context(), "log"+f[2], store.Position(position-1), 1)
			if err != nil || len(entries) != 1 || string(entries[0].Value) != f[1] {
				t.Fatalf("%s: log has %+v, %v", line, entries, err)
			}
			if n, _, err := s.conn.number("SELECT count(*) FROM due WHERE id=? AND payload=CAST(? AS BLOB)", f[4], f[1]); n != 1 || err != nil {
				t.Fatalf("%s: %d entries, %v", line, n, err)
			}
		case f[0] == "settled" && len(f) == 3:
			if n, _, err := s.conn.number("SELECT count(*) FROM due WHERE id=? AND note=CAST('held' AS BLOB)", f[1]); n != 1 || err != nil {
				t.Fatalf("%s: %d entries held, %v", line, n, err)
			}
			if n, _, err := s.conn.number("SELECT count(*) FROM due WHERE id=?", f[2]); n != 0 || err != nil {
				t.Fatalf("%s: the entry is there again, %v", line, err)
			}
		default:
			t.Fatalf("report %q", line)
		}
	}
	whole, err := s.conn.row("PRAGMA quick_check")
	if err != nil || text(whole[0]) != "ok" {
		t.Fatalf("quick_check: %v, %v", whole, err)
	}
	if n, _, err := s.conn.number("SELECT (SELECT count(*) FROM due) - (SELECT ifnull(sum(size), 0) FROM queues)"); n != 0 || err != nil {
		t.Fatalf("sizes of queues are wrong by %d, %v", n, err)
	}
}

func TestFileSizeLimit(t *testing.T) {
	succeeds(t, "limited", filepath.Join(t.TempDir(), "store"))
}

func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{path: 0o444, path + "-lock": 0o444, dir: 0o555, filepath.Dir(dir): 0o755} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	succeeds(t, "readonly", path)
	// Only the folder: no journal can be made beside a file that could be written.
	for name, mode := range map[string]os.FileMode{path: 0o666, path + "-lock": 0o666} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	succeeds(t, "readonly", path)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
}
