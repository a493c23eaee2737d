//go:build real && linux

package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// What a child that is traced writes once a commit has returned, with the mark
// that was in its value.
const (
	acknowledged  = "acknowledged "
	tracedWriters = 8
	tracedWrites  = 160
)

var marks = regexp.MustCompile(`mark-\d+-\d{6};`)

// What was committed has been written to the write-ahead log, and a sync of
// the log that began after that has returned, before a commit is acknowledged:
// the kernel itself is asked, which stops the process at each of its calls.
func TestSyncedBeforeAcknowledged(t *testing.T) {
	tr := trace(t, filepath.Join(t.TempDir(), "store"))
	if tr.acks != tracedWrites {
		t.Errorf("%d commits acknowledged, want %d", tr.acks, tracedWrites)
	}
	if tr.syncs == 0 || tr.syncs > tracedWrites+10 {
		t.Errorf("%d syncs for %d commits", tr.syncs, tr.acks)
	}
	for _, found := range tr.wrong {
		t.Error(found)
	}
	t.Logf("%d commits, %d syncs", tr.acks, tr.syncs)
}

// A tracer follows one process and its threads.
type tracer struct {
	pid     int
	calls   map[int]syscallInfo // by thread: the call it is in
	syncing map[int][]string    // by thread: what was written when its sync began
	written []string            // marks in the log that no sync has covered
	durable map[string]bool     // marks that one has
	syncs   int
	acks    int
	wrong   []string
}

// syscallInfo is the kernel's struct ptrace_syscall_info.
type syscallInfo struct {
	op   uint8
	_    [3]byte
	arch uint32
	_    [2]uint64
	// On entry: number and arguments. On exit: the result.
	values [7]uint64
}

const (
	getSyscallInfo = 0x420e // PTRACE_GET_SYSCALL_INFO, Linux 5.3
	opEntry        = 1
	opExit         = 2
	exitKill       = 0x100000 // PTRACE_O_EXITKILL
	waitAll        = 0x40000000
)

func trace(t *testing.T, path string) *tracer {
	t.Helper()
	runtime.LockOSThread() // the thread that starts a traced process is its tracer
	defer runtime.UnlockOSThread()
	cmd := child(t, "traced", path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tr := &tracer{pid: cmd.Process.Pid, calls: map[int]syscallInfo{}, syncing: map[int][]string{}, durable: map[string]bool{}}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(tr.pid, &status, waitAll, nil); err != nil {
		t.Fatal(err)
	}
	if err := syscall.PtraceSetOptions(tr.pid, syscall.PTRACE_O_TRACESYSGOOD|syscall.PTRACE_O_TRACECLONE|exitKill); err != nil {
		t.Fatal(err)
	}
	for thread, signal := tr.pid, 0; ; {
		_ = syscall.PtraceSyscall(thread, signal) // a thread may have ended
		var err error
		if thread, err = syscall.Wait4(-1, &status, waitAll, nil); err == syscall.EINTR {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		if status.Exited() || status.Signaled() {
			if thread == tr.pid {
				if status.ExitStatus() != 0 {
					t.Fatalf("the child ended with %v", status)
				}
				return tr
			}
			signal = 0
			continue
		}
		signal = 0
		switch stop := status.StopSignal(); {
		case stop == syscall.SIGTRAP|0x80:
			if err := tr.call(thread); err != nil {
				t.Fatal(err)
			}
		case stop != syscall.SIGTRAP && stop != syscall.SIGSTOP:
			signal = int(stop)
		}
	}
}

// call looks at a thread that is about to make a system call, or has made it.
func (tr *tracer) call(thread int) error {
	var info syscallInfo
	_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, getSyscallInfo, uintptr(thread), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return fmt.Errorf("PTRACE_GET_SYSCALL_INFO: %w", errno)
	}
	call := info
	if info.op == opEntry {
		tr.calls[thread] = info
	} else {
		call = tr.calls[thread]
	}
	entry, result := info.op == opEntry, int64(info.values[0])
	switch number, file := call.values[0], call.values[1]; number {
	case syscall.SYS_WRITE, syscall.SYS_PWRITE64:
		if entry && file == 1 {
			return tr.acknowledge(call)
		}
		if !entry && result > 0 && tr.isLog(file) {
			text, err := tr.memory(call.values[2], uint64(result))
			tr.written = append(tr.written, marks.FindAllString(text, -1)...)
			return err
		}
	case syscall.SYS_FSYNC, syscall.SYS_FDATASYNC:
		if !tr.isLog(file) {
			return nil
		}
		if entry {
			tr.syncing[thread], tr.written = tr.written, nil
			return nil
		}
		if result == 0 {
			tr.syncs++
			for _, mark := range tr.syncing[thread] {
				tr.durable[mark] = true
			}
		}
	}
	return nil
}

// isLog says whether a descriptor stands for the write-ahead log.
func (tr *tracer) isLog(descriptor uint64) bool {
	name, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tr.pid, descriptor))
	return strings.HasSuffix(name, "-wal")
}

// acknowledge looks at what is about to be told to the world.
func (tr *tracer) acknowledge(call syscallInfo) error {
	line, err := tr.memory(call.values[2], call.values[3])
	if mark, ok := strings.CutPrefix(strings.TrimSpace(line), acknowledged); ok {
		tr.acks++
		if !tr.durable[mark] {
			tr.wrong = append(tr.wrong, fmt.Sprintf("%q is acknowledged and not synced", mark))
		}
	}
	return err
}

// memory reads what the process has at an address.
func (tr *tracer) memory(address, size uint64) (string, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", tr.pid))
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	data := make([]byte, size)
	_, err = f.ReadAt(data, int64(address))
	return string(data), err
}
