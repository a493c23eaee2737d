//go:build real && linux

package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/penstock/penstock/store"
)

// The test binary runs itself as the process that these tests kill, watch and
// confine: with this variable it is a child, the path of its store behind the
// name of what it does.
const childVariable = "PENSTOCK_STORE_CHILD"

var children = map[string]func(path string) error{
	"writers":  writers,
	"traced":   traced,
	"limited":  limited,
	"readonly": readonly,
}

func TestMain(m *testing.M) {
	if role, path, ok := strings.Cut(os.Getenv(childVariable), ":"); ok {
		if err := children[role](path); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+role+":"+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// succeeds runs a child to its end.
func succeeds(t *testing.T, role, path string) {
	t.Helper()
	out, err := child(t, role, path).Output()
	if err != nil {
		t.Fatalf("child %s: %v\n%s", role, err, out)
	}
}

// report writes a line in one call, so that a kill cannot tear it.
var report = func() func(line string) {
	var mu sync.Mutex
	return func(line string) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = os.Stdout.WriteString(line + "\n")
	}
}()

// writers writes until it is killed, and reports what was acknowledged: keys,
// log entries and due entries put, entries held and removed.
func writers(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	ctx, run := context.Background(), os.Getpid()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d/%d/%d", run, w, i)
				done, err := s.Commit(ctx, store.Txn{
					Put:    []store.Put{{Key: name, Value: []byte(name), If: store.Absent}},
					Append: []store.Append{{Log: fmt.Sprint("log", w), Value: []byte(name)}},
					Queue:  []store.Item{{Queue: "held", Payload: []byte(name)}, {Queue: "removed"}},
				})
				if err != nil {
					report("error " + err.Error())
					return
				}
				report(fmt.Sprint("put ", name, " ", w, " ", done.Positions[0], " ", done.IDs[0]))
				_, err = s.Commit(ctx, store.Txn{Hold: []store.Hold{{ID: done.IDs[0], Note: []byte("held")}}, Ack: done.IDs[1:]})
				if err != nil {
					report("error " + err.Error())
					return
				}
				report(fmt.Sprint("settled ", done.IDs[0], " ", done.IDs[1]))
			}
		})
	}
	wg.Wait()
	return errors.New("writers do not end")
}

// traced has several writers, so that most commits are made by another's
// hand, and reports each; see TestSyncedBeforeAcknowledged.
func traced(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, tracedWriters)
	for w := range tracedWriters {
		wg.Go(func() {
			for i := 0; i < tracedWrites/tracedWriters && errs[w] == nil; i++ {
				mark := fmt.Sprintf("mark-%d-%06d;", w, i)
				if errs[w] = set(s, fmt.Sprint(w, "/", i), mark+strings.Repeat(".", 200)); errs[w] == nil {
					report(acknowledged + mark)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(append(errs, s.Close())...)
}

// limited fills the store up to the largest file that the process may write,
// is told so, and goes on when it may write more.
func limited(path string) error {
	const limit = 2 << 20
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		return err
	}
	s, err := Open(path, Options{})
	if err == nil {
		err = set(s, "first", "value")
	}
	if err == nil {
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: was.Max})
	}
	if err != nil {
		return err
	}
	written := 0
	for err == nil && written < 1000 {
		if err = set(s, fmt.Sprint(written), strings.Repeat("x", 50_000)); err == nil {
			written++
		}
	}
	if !errors.Is(err, store.ErrFull) || written < 10 {
		return fmt.Errorf("after %d values: error %v, want ErrFull", written, err)
	}
	if err := readsBack(s, written); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		return err
	}
	if err := set(s, fmt.Sprint(written), strings.Repeat("x", 50_000)); err != nil {
		return fmt.Errorf("with space again: %w", err)
	}
	if err := s.Close(); err != nil {
		return err
	}
	if s, err = Open(path, Options{}); err != nil {
		return err
	}
	return errors.Join(readsBack(s, written+1), s.Close())
}

func readsBack(s *Store, n int) error {
	for i := range n {
		if p, err := s.Get(context.Background(), fmt.Sprint(i)); err != nil || len(p.Value) != 50_000 {
			return fmt.Errorf("key %d of %d: %d bytes, %w", i, n, len(p.Value), err)
		}
	}
	return nil
}

// readonly opens a store as a user who may read its folder and no more: root
// becomes one.
func readonly(path string) error {
	if os.Getuid() == 0 {
		const nobody = 65534
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return err
		}
	}
	if _, err := os.ReadFile(path); err != nil {
		return fmt.Errorf("the file should be readable: %w", err)
	}
	s, err := Open(path, Options{})
	if err == nil {
		return errors.Join(errors.New("opened"), s.Close())
	}
	var trouble *store.TroubleError
	if !errors.Is(err, store.ErrReadOnly) || !errors.As(err, &trouble) || trouble.Remedy == "" {
		return fmt.Errorf("error %w, want ErrReadOnly with a remedy", err)
	}
	return nil
}

// lines reads a child's report until it ends.
func lines(t *testing.T, cmd *exec.Cmd) (func() []string, error) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var list []string
	ended := make(chan struct{})
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(ended)
		scanner := bufio.NewScanner(out)
		for scanner.Scan() {
			list = append(list, scanner.Text())
		}
	}()
	return func() []string { <-ended; return list }, nil
}
