//go:build real && linux

package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// What a child that is traced writes once a commit has returned.
const acknowledged = "acknowledged "

// The sync of the write-ahead log has returned before a commit is
// acknowledged: the kernel itself is asked, which stops the process at each of
// its system calls.
func TestSyncedBeforeAcknowledged(t *testing.T) {
	tr := trace(t, filepath.Join(t.TempDir(), "store"))
	if tr.acks != 60 {
		t.Errorf("%d commits acknowledged, want 60: %+v", tr.acks, tr)
	}
	for _, found := range tr.wrong {
		t.Error(found)
	}
}

// A tracer follows one process and its threads.
type tracer struct {
	pid      int
	calls    map[int]syscallInfo // by thread: the call it is in
	unsynced int                 // writes into the log since its last sync
	writes   int                 // since the last acknowledgement
	syncs    int
	acks     int
	wrong    []string
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
	tr := &tracer{pid: cmd.Process.Pid, calls: map[int]syscallInfo{}}
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
	if info.op == opEntry {
		tr.calls[thread] = info
		if info.values[0] == syscall.SYS_WRITE && info.values[1] == 1 {
			return tr.acknowledge(info.values[2], info.values[3])
		}
		return nil
	}
	call := tr.calls[thread]
	if info.op != opExit || !strings.HasSuffix(tr.file(call.values[1]), "-wal") {
		return nil
	}
	failed := int64(info.values[0]) < 0
	switch number := call.values[0]; {
	case number == syscall.SYS_PWRITE64 || number == syscall.SYS_WRITE:
		tr.unsynced++
		tr.writes++
	case (number == syscall.SYS_FSYNC || number == syscall.SYS_FDATASYNC) && !failed:
		tr.unsynced = 0
		tr.syncs++
	}
	return nil
}

// file is what a descriptor stands for.
func (tr *tracer) file(descriptor uint64) string {
	name, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tr.pid, descriptor))
	return name
}

func (tr *tracer) acknowledge(address, size uint64) error {
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", tr.pid))
	if err != nil {
		return err
	}
	defer func() { _ = memory.Close() }()
	line := make([]byte, size)
	if _, err := memory.ReadAt(line, int64(address)); err != nil {
		return err
	}
	if !strings.HasPrefix(string(line), acknowledged) {
		return nil
	}
	if tr.unsynced > 0 || tr.syncs == 0 || tr.writes == 0 {
		tr.wrong = append(tr.wrong, fmt.Sprintf("%q after %d writes and %d syncs of the log, %d writes not synced", line, tr.writes, tr.syncs, tr.unsynced))
	}
	tr.acks++
	tr.writes, tr.syncs = 0, 0
	return nil
}
