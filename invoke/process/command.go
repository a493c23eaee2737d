package process

import (
	"os"
	"path/filepath"
	"strings"
)

// Command returns a target that runs a function of the current folder, for
// tests and small programs:
//
//	process.Command("python3", "app.handler")
//	process.Command("node", "index.handler")
//	process.Command("go")                  // builds the package in the folder
//	process.Command("./bootstrap")         // any program that speaks the Runtime API
//
// Python and Node are told by the program's name, which may be a path, and take
// the handler as their only argument. The function is named after the folder
// and has the defaults of Function. What is wrong shows at Prepare or the first
// Invoke. Close it.
func Command(program string, args ...string) *Process {
	fn := Function{Name: "function"}
	dir, err := os.Getwd()
	if err != nil {
		return &Process{err: err}
	}
	fn.CodeDir = dir
	if name := filepath.Base(dir); namePattern.MatchString(name) {
		fn.Name = name
	}
	host := &Host{Runtimes: map[string]string{}}
	base := filepath.Base(program)
	switch {
	case strings.HasPrefix(base, "python") && len(args) == 1:
		fn.Runtime, fn.Handler = "python3", args[0]
	case (base == "node" || base == "nodejs") && len(args) == 1:
		fn.Runtime, fn.Handler = "nodejs", args[0]
	case base == "go" && len(args) == 0:
		fn.Runtime = "go"
	default:
		fn.Command = append([]string{program}, args...)
	}
	if fn.Handler != "" {
		if found := onPath(program); filepath.Base(program) == program && len(found) > 0 {
			program = found[0]
		}
		host.Runtimes[fn.Runtime] = program
	}
	p, err := host.New(fn)
	if err != nil {
		return &Process{err: err}
	}
	return p
}
