package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// residentMB is the memory that a process holds, in millions of bytes.
func residentMB(pid int) (float64, error) {
	text, err := ps(pid, "rss=")
	if err != nil {
		return 0, err
	}
	kib, err := strconv.ParseFloat(text, 64)
	return kib * 1024 / 1e6, err
}

// usedCPU is what a process used, in user and system mode.
func usedCPU(pid int) (time.Duration, error) {
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		// pid (name) state ...; fields 14 and 15 count hundredths of a second.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		var ticks int
		for _, f := range fields[11:13] {
			n, err := strconv.Atoi(string(f))
			if err != nil {
				return 0, err
			}
			ticks += n
		}
		return time.Duration(ticks) * 10 * time.Millisecond, nil
	}
	text, err := ps(pid, "time=") // [[hours:]minutes:]seconds
	if err != nil {
		return 0, err
	}
	var seconds float64
	for part := range strings.SplitSeq(text, ":") {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return 0, err
		}
		seconds = 60*seconds + n
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

func ps(pid int, column string) (string, error) {
	out, err := exec.Command("ps", "-o", column, "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return "", fmt.Errorf("ps of process %d: %w", pid, err)
	}
	return strings.TrimSpace(string(out)), nil
}
