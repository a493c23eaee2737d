//go:build unix && !linux

package process

import "syscall"

// Without /proc and subreapers a group is all that can be found: a grandchild
// that made its own session outlives its environment.

func groupAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func maxRSS(u *syscall.Rusage) int64 { return int64(u.Maxrss) / 1024 } // bytes on macOS

func becomeSubreaper() error { return nil }

func killTree(pid int, _ string, _ bool) { syscall.Kill(-pid, syscall.SIGKILL) }

func killBelow() {}

func peakKB(int) int64 { return 0 }
