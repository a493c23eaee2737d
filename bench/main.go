// Command bench says how fast penstock is, and how large. Where it can it
// compares: "raw" is a plain loop over the same client, transport and server,
// in the same run, so that a figure means the same on a slow machine and on a
// busy one. README.md says what each figure is.
//
//	go run ./bench                  measure all, print a table
//	go run ./bench drain pattern    only these
//	go run ./bench -gate            only the ratios that must hold; exit 1 if one does not
//
// It loads nothing but its own child processes on the loopback interface, and
// refuses to judge anything by the clock alone: absolute figures are printed
// beside the ratios, never gated.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/penstock/penstock/invoke/process"
)

// roleVariable makes a child of this program: the same binary in another part.
const roleVariable = "PENSTOCK_BENCH_ROLE"

// longest bounds a whole run.
const longest = 15 * time.Minute

func main() {
	if process.Reap() {
		return
	}
	switch os.Getenv(roleVariable) {
	case serverRole:
		exitOn(serveQueues())
	case functionRole:
		beFunction()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, longest)
	err := run(ctx, os.Args[1:], os.Stdout)
	cancel()
	stop()
	exitOn(err)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A trial measures the figures that belong together.
type trial struct {
	name string
	// gated: its bounds must hold.
	gated   bool
	measure func(context.Context, *lab) ([]figure, error)
}

var trials = [...]trial{
	{"drain", true, drain},
	{"latency", true, latency},
	{"process", true, hosted},
	{"pipeline", true, pipeline},
	{"runtimes", false, runtimes},
	{"pattern", false, patterns},
	{"idle", false, idle},
	{"mappings", false, idleMappings},
}

// errBounds: a gated figure is out of its bounds.
var errBounds = errors.New("a ratio is out of its bounds")

// run measures what the arguments ask for. With -gate its last line names the
// trials that failed, if any: "out of bounds: NAME NAME".
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	gate := flags.Bool("gate", false, "measure only what is gated, and fail if a ratio is out of its bounds")
	profile := flags.String("profile", "", "write a CPU profile to this `file`; its samples have the tag side=raw or side=ours")
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "usage: bench [-gate] [-profile FILE] [NAME ...]\nnames: %s\n", strings.Join(names(false), " "))
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	chosen := flags.Args()
	if len(chosen) == 0 {
		chosen = names(*gate)
	}
	for _, name := range chosen {
		if !slices.Contains(names(*gate), name) {
			return fmt.Errorf("no such figure: %q; there are %s", name, strings.Join(names(*gate), ", "))
		}
	}
	if *profile != "" {
		file, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	l := &lab{}
	defer l.close()
	fmt.Fprintln(out, machine())
	fmt.Fprint(out, heading)
	var bad []string
	for _, t := range trials {
		if !slices.Contains(chosen, t.name) {
			continue
		}
		figures, err := t.measure(ctx, l)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		for _, f := range figures {
			fmt.Fprint(out, f)
			if !f.holds() && !slices.Contains(bad, t.name) {
				bad = append(bad, t.name)
			}
		}
	}
	if *gate && len(bad) > 0 {
		fmt.Fprintln(out, "out of bounds:", strings.Join(bad, " "))
		return errBounds
	}
	return nil
}

func names(gated bool) (list []string) {
	for _, t := range trials {
		if t.gated || !gated {
			list = append(list, t.name)
		}
	}
	return list
}

// machine describes where the figures were taken.
func machine() string {
	load := "unknown"
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Join(strings.Fields(string(text))[:3], " ")
	}
	return fmt.Sprintf("%s %s/%s, %d CPUs, load %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load)
}
