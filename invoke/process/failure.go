package process

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/penstock/penstock/invoke"
)

// The error objects the host itself makes. Texts and the order of keys are
// AWS's (tests test_lambda_runtime_exit, test_lambda_invoke_with_timeout,
// test_lambda_too_large_response of LocalStack, recorded against AWS).

// failureObject renders {"errorType", "errorMessage"} in this order.
func failureObject(kind, message string) []byte {
	out, _ := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{kind, message})
	return out
}

func timedOut(id string, limit time.Duration) answer {
	text := fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", id, limit.Seconds())
	return answer{payload: failureObject("Sandbox.Timedout", text), status: "timeout"}
}

func exited(id string, e exitStatus) answer {
	return answer{
		payload: failureObject("Runtime.ExitError", "RequestId: "+id+" Error: "+e.String()),
		status:  "error", kind: "Runtime.ExitError",
	}
}

func badEntrypoint(id, reason string) answer {
	return answer{
		payload: failureObject("Runtime.InvalidEntrypoint", "RequestId: "+id+" Error: "+reason),
		status:  "error", kind: "Runtime.InvalidEntrypoint",
	}
}

// tooLarge has its keys the other way round, as recorded.
func tooLarge() answer {
	return answer{
		payload: fmt.Appendf(nil, `{"errorMessage":"Response payload size exceeded maximum allowed payload size (%d bytes).","errorType":"Function.ResponseSizeTooLarge"}`, invoke.MaxResponse),
		status:  "error", kind: "Function.ResponseSizeTooLarge",
	}
}

func truncated(id string) answer {
	return answer{
		payload: failureObject("Runtime.TruncatedResponse", "RequestId: "+id+" Error: the response ended early"),
		status:  "error", kind: "Runtime.TruncatedResponse",
	}
}

// exitStatus is how a process ended.
type exitStatus struct {
	Code   int
	Signal int
	// MaxRSS is the peak resident size in KiB. Zero: unknown.
	MaxRSS int64
}

// String words the status as Lambda does.
func (e exitStatus) String() string {
	switch {
	case e.Signal != 0:
		return "Runtime exited with error: signal: " + syscall.Signal(e.Signal).String()
	case e.Code != 0:
		return fmt.Sprintf("Runtime exited with error: exit status %d", e.Code)
	}
	return "Runtime exited without providing a reason"
}

// entryError says that there is nothing to run. Lambda answers it as a failed
// function (Runtime.InvalidEntrypoint), not as a failed call.
type entryError struct {
	// lambda is the reason in Lambda's words, local names the real place.
	lambda, local string
}

func (e *entryError) Error() string { return e.local }

func noBootstrap(codeDir string) *entryError {
	return &entryError{
		lambda: "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
		local:  fmt.Sprintf("no executable file named bootstrap, and no Go package to build, in %s", codeDir),
	}
}

// notRunnable says why exec refused a program, and what to do where that is
// known. A file that is not executable is left so, as on AWS: its folder is the
// user's own.
func notRunnable(argv []string, err error) *entryError {
	e := &entryError{
		lambda: "fork/exec /var/task/bootstrap: " + err.Error(),
		local:  (&os.PathError{Op: "fork/exec", Path: argv[0], Err: err}).Error(),
	}
	info, missing := os.Stat(argv[0])
	switch {
	case missing != nil:
	case err == syscall.EACCES && info.Mode()&0o111 == 0:
		e.local += "; make it executable: chmod +x " + argv[0]
	case err == syscall.ENOEXEC:
		e.local += "; it is neither a program for " + runtime.GOOS + "/" + runtime.GOARCH + " nor a script whose first line begins with #!"
	case err == syscall.ENOENT:
		e.local += "; the file is there, what its first line names is not (does that line end in CR LF?)"
	}
	return e
}
