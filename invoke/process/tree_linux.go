package process

import (
	"bytes"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

func groupAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func maxRSS(u *syscall.Rusage) int64 { return u.Maxrss } // KiB on Linux

// becomeSubreaper makes orphans of descendants children of this process, so
// that whatever they do they stay below it.
func becomeSubreaper() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

// killTree kills the group of pid, all its descendants, and every process that
// carries its marker: one whose parents are gone already. With leader false the
// process itself has ended and its number may belong to another.
func killTree(pid int, marker string, leader bool) {
	syscall.Kill(-pid, syscall.SIGKILL)
	for range killRounds {
		found := 0
		table := processes()
		for _, p := range table {
			switch {
			case p.pid == os.Getpid():
			case leader && p.pid == pid:
			case leader && table.below(p.pid, pid), carries(p.pid, marker):
				found++
				syscall.Kill(p.pid, syscall.SIGKILL)
			}
		}
		if leader {
			syscall.Kill(-pid, syscall.SIGKILL)
		}
		if found == 0 {
			return
		}
	}
}

// killRounds bounds the hunt for processes that fork faster than they are found.
const killRounds = 100

// killBelow kills all descendants of this process until none is left.
func killBelow() {
	self := os.Getpid()
	for range 1000 {
		found := 0
		table := processes()
		for _, p := range table {
			if p.pid != self && table.below(p.pid, self) {
				found++
				syscall.Kill(p.pid, syscall.SIGKILL)
			}
		}
		if found == 0 {
			return
		}
	}
}

// A processTable holds the processes that run, zombies left out.
type processTable map[int]processEntry

type processEntry struct{ pid, parent int }

func (t processTable) below(pid, ancestor int) bool {
	for range 1000 { // a table read while it changes may hold a loop
		p, ok := t[pid]
		if !ok || p.parent == 0 {
			return false
		}
		if p.parent == ancestor {
			return true
		}
		pid = p.parent
	}
	return false
}

func processes() processTable {
	table := processTable{}
	dir, err := os.Open("/proc")
	if err != nil {
		return table
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue
		}
		// pid (name) state parent ...; the name may hold anything.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) < 2 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
			continue
		}
		parent, _ := strconv.Atoi(string(fields[1]))
		table[pid] = processEntry{pid, parent}
	}
	return table
}

func carries(pid int, marker string) bool {
	if marker == "" {
		return false
	}
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	return err == nil && (bytes.Contains(env, []byte("\x00"+marker+"\x00")) || bytes.HasPrefix(env, []byte(marker+"\x00")))
}

// peakKB is the peak resident size of a running process. Zero: unknown.
func peakKB(pid int) int64 {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("\nVmHWM:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, _ := strconv.ParseInt(string(fields[0]), 10, 64)
	return kb
}
