package process

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"
)

// A launcher starts and ends processes. There are two: the reaper process, and
// the host process itself where its program has no reaper (see Host.Reaper).
type launcher interface {
	// start runs argv with stdout and stderr on output. An error of exec
	// (no such file, permission denied) comes back as syscall.Errno.
	start(argv, env []string, dir string, output *os.File) (*spawned, error)
	// signal sends to the process group.
	signal(s *spawned, sig syscall.Signal)
	// kill ends the group and every descendant that left it.
	kill(s *spawned)
	// close waits until nothing runs. Everything must have been killed.
	close()
}

// spawned is a process that runs, or did.
type spawned struct {
	id, pid int
	marker  string        // an entry of its environment that no other has
	done    chan struct{} // closed after exit is set
	exit    exitStatus
}

// forkExec starts a process in a group of its own, stdin empty. On Linux the
// kernel kills it when the calling thread ends, so that thread must live as
// long as the host.
func forkExec(argv, env []string, dir string, output uintptr) (int, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	attr := &syscall.ProcAttr{
		Dir: dir, Env: env,
		Files: []uintptr{null.Fd(), output, output},
		Sys:   groupAttr(),
	}
	for try := 0; ; try++ {
		pid, err := syscall.ForkExec(argv[0], argv, attr)
		// Somebody's fork still holds the file open for writing (golang/go#22315):
		// a matter of milliseconds.
		if !errors.Is(err, syscall.ETXTBSY) || try == 50 {
			return pid, err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// waitFor waits for one child of this process.
func waitFor(pid int) exitStatus {
	var status syscall.WaitStatus
	var usage syscall.Rusage
	for {
		if _, err := syscall.Wait4(pid, &status, 0, &usage); err != syscall.EINTR {
			return statusOf(status, &usage)
		}
	}
}

func statusOf(w syscall.WaitStatus, usage *syscall.Rusage) exitStatus {
	e := exitStatus{Code: w.ExitStatus(), MaxRSS: maxRSS(usage)}
	if w.Signaled() {
		e.Code, e.Signal = 0, int(w.Signal())
	}
	return e
}

// direct launches from this process: what a library gets whose host program
// does not call Reap. When the host is killed the kernel kills the children
// (Linux only); what they started in turn is not found.
type direct struct {
	work chan func()
	done chan struct{}
}

func newDirect() *direct {
	d := &direct{work: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(d.done)
		// Never unlocked: the kernel's parent-death signal follows this thread,
		// which ends with this goroutine.
		runtime.LockOSThread()
		for f := range d.work {
			f()
		}
	}()
	return d
}

func (d *direct) start(argv, env []string, dir string, output *os.File) (*spawned, error) {
	s := &spawned{marker: markerOf(env), done: make(chan struct{})}
	failed := make(chan error)
	d.work <- func() {
		var err error
		s.pid, err = forkExec(argv, env, dir, output.Fd())
		failed <- err
	}
	if err := <-failed; err != nil {
		return nil, err
	}
	go func() {
		s.exit = waitFor(s.pid)
		killTree(s.pid, s.marker, false)
		close(s.done)
	}()
	return s, nil
}

func (d *direct) signal(s *spawned, sig syscall.Signal) {
	select {
	case <-s.done:
	default:
		syscall.Kill(-s.pid, sig)
	}
}

func (d *direct) kill(s *spawned) {
	select {
	case <-s.done:
	default:
		killTree(s.pid, s.marker, true)
	}
}

func (d *direct) close() {
	close(d.work)
	<-d.done
}

// markerOf returns the environment entry that tells one process's descendants
// from another's: the address of its own Runtime API.
func markerOf(env []string) string {
	const name = "AWS_LAMBDA_RUNTIME_API="
	for _, v := range env {
		if len(v) > len(name) && v[:len(name)] == name {
			return v
		}
	}
	return ""
}
