package process

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// checked fills in what fn leaves out and says what is wrong with it.
func checked(fn Function, known map[string]string) (Function, error) {
	wrong := func(field string, value any, rule string) (Function, error) {
		return Function{}, fmt.Errorf("Function.%s %q: %s", field, fmt.Sprint(value), rule)
	}
	if !namePattern.MatchString(fn.Name) {
		return wrong("Name", fn.Name, "must match [a-zA-Z0-9-_]{1,64}")
	}
	if err := supported(fn, known); err != nil {
		return Function{}, err
	}
	dir, err := filepath.Abs(fn.CodeDir)
	if fn.CodeDir == "" || err != nil {
		return wrong("CodeDir", fn.CodeDir, "the folder with the function's code is needed")
	}
	if info, err := os.Stat(dir); err != nil {
		return wrong("CodeDir", fn.CodeDir, err.Error())
	} else if !info.IsDir() {
		return wrong("CodeDir", fn.CodeDir, "is not a folder")
	}
	fn.CodeDir = dir
	switch {
	case len(fn.Handler) > 128 || strings.ContainsAny(fn.Handler, " \t\r\n\x00"):
		return wrong("Handler", fn.Handler, "must be at most 128 characters, without blanks")
	case fn.MemoryMB < 0:
		return wrong("MemoryMB", fn.MemoryMB, "must not be negative")
	case fn.Timeout < 0:
		return wrong("Timeout", fn.Timeout, "must not be negative")
	case fn.Concurrency < 0:
		return wrong("Concurrency", fn.Concurrency, "must not be negative")
	case fn.PerProcess < 0 || fn.PerProcess > 1000:
		return wrong("PerProcess", fn.PerProcess, "must be between 0 and 1000")
	case fn.PerProcess > 1 && (family(fn.Runtime) == "python" || family(fn.Runtime) == "nodejs"):
		return wrong("PerProcess", fn.PerProcess, "the runtime "+fn.Runtime+" takes one invocation at a time in a process")
	case fn.LogFormat != "" && fn.LogFormat != textFormat && fn.LogFormat != jsonFormat:
		return wrong("LogFormat", fn.LogFormat, "must be Text or JSON")
	case fn.LogLevel != "" && fn.LogFormat != jsonFormat:
		return wrong("LogLevel", fn.LogLevel, "needs LogFormat JSON")
	case fn.LogLevel != "" && !slices.Contains([]string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}, fn.LogLevel):
		return wrong("LogLevel", fn.LogLevel, "must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL")
	}
	if err := CheckEnvironment(fn.Environment); err != nil {
		return Function{}, fmt.Errorf("Function.Environment: %w", err)
	}
	fn.Environment = maps.Clone(fn.Environment)
	fn.Command = slices.Clone(fn.Command)
	return withDefaults(fn), nil
}

func withDefaults(fn Function) Function {
	text := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	number := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	number(&fn.MemoryMB, 128)
	number(&fn.Concurrency, 10)
	number(&fn.PerProcess, 1)
	if fn.Timeout == 0 {
		fn.Timeout = 3 * time.Second
	}
	text(&fn.Region, "us-east-1")
	text(&fn.Account, "000000000000")
	text(&fn.Version, "$LATEST")
	text(&fn.ARN, "arn:aws:lambda:"+fn.Region+":"+fn.Account+":function:"+fn.Name)
	text(&fn.LogFormat, textFormat)
	if fn.LogFormat == jsonFormat {
		text(&fn.LogLevel, "INFO")
	}
	return fn
}

// supported says whether there is a way to run fn at all.
func supported(fn Function, known map[string]string) error {
	if len(fn.Command) > 0 || known[fn.Runtime] != "" {
		return nil
	}
	switch family(fn.Runtime) {
	case "python", "nodejs":
		if fn.Handler == "" {
			return fmt.Errorf("Function.Handler %q: the runtime %s needs one", "", fn.Runtime)
		}
		return nil
	case "provided", "go":
		return nil
	}
	return fmt.Errorf("Function.Runtime %q: penstock runs python*, nodejs*, go and provided*; for another runtime name its Lambda runtime client: --runtime %s=PATH (in Go, Host.Runtimes)", fn.Runtime, fn.Runtime)
}

var runtimePattern = regexp.MustCompile(`^(?:(python)(?:3(?:\.(\d+))?)?|(nodejs)(?:(\d+)\.x)?|(provided)(?:\.al2|\.al2023)?|(go)(?:1\.x)?)$`)

// family is the kind of a runtime: python, nodejs, provided, go. Empty: unknown.
func family(runtime string) string {
	m := runtimePattern.FindStringSubmatch(runtime)
	if m == nil {
		return ""
	}
	return m[1] + m[3] + m[5] + m[6]
}

// wanted is the version a runtime names: Python's minor, Node's major. Empty:
// any.
func wanted(runtime string) string {
	m := runtimePattern.FindStringSubmatch(runtime)
	if m == nil {
		return ""
	}
	return m[2] + m[4]
}
