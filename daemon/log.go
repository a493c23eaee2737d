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

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
