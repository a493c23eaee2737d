package daemon

import (
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"
)

// logHandler writes text for people and JSON for machines.
func (s *settings) logHandler(w io.Writer, terminal bool) slog.Handler {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		level = slog.LevelInfo // check refused it before
	}
	options := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "text" || s.LogFormat == "auto" && terminal {
		return slog.NewTextHandler(w, options)
	}
	return slog.NewJSONHandler(w, options)
}

// logAttempts says in a line what was sent to AWS, so that a retry or a failure
// cannot hide.
func (c *command) logAttempts() {
	if c.attempts == nil {
		return
	}
	var counts []any
	for _, n := range c.attempts.Snapshot() {
		counts = append(counts, slog.Group(n.Service+"."+n.Operation,
			"calls", n.Calls, "attempts", n.Attempts, "retries", n.Attempts-min(n.Attempts, n.Calls), "failures", n.Failures))
	}
	if len(counts) > 0 {
		c.log.Info("requests to AWS", counts...)
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
