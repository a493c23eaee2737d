package process

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// reservedNames are the variables a function cannot set (Lambda developer
// guide, "Using environment variables").
var reservedNames = [...]string{
	"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
	"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
	"AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
	"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_LAMBDA_MAX_CONCURRENCY",
}

const unableToConfigure = "Lambda was unable to configure your environment variables because the environment variables you have provided "

// CheckEnvironment says whether Lambda would take these variables. The error's
// text is AWS's, of its InvalidParameterValueException.
func CheckEnvironment(variables map[string]string) error {
	var reserved []string
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		switch {
		case slices.Contains(reservedNames[:], name):
			reserved = append(reserved, name)
		case !validName(name):
			return fmt.Errorf("environment variable %q: the name must match [a-zA-Z]([a-zA-Z0-9_])+", name)
		case strings.Contains(variables[name], "\x00"):
			return fmt.Errorf("environment variable %s: the value holds a zero byte", name)
		}
	}
	if len(reserved) > 0 {
		return fmt.Errorf(unableToConfigure+"contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", strings.Join(reserved, ", "))
	}
	size := 0
	for name, value := range variables {
		size += len(name) + len(value)
	}
	if size > 4096 {
		measured, _ := json.Marshal(variables)
		return fmt.Errorf(unableToConfigure+"exceeded the 4KB limit. String measured: %s", measured)
	}
	return nil
}

func validName(name string) bool {
	if len(name) < 2 {
		return false
	}
	for i, c := range []byte(name) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}

// credentialNames are passed on with Host.PassCredentials, if set.
var credentialNames = [...]string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
	"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
}

// credentials returns the keys a function gets.
func (h *Host) credentials() map[string]string {
	if !h.PassCredentials {
		return map[string]string{
			"AWS_ACCESS_KEY_ID": "penstock", "AWS_SECRET_ACCESS_KEY": "penstock", "AWS_SESSION_TOKEN": "penstock",
		}
	}
	vars := map[string]string{}
	if home, err := os.UserHomeDir(); err == nil { // functions have no HOME to find them by
		vars["AWS_CONFIG_FILE"] = filepath.Join(home, ".aws", "config")
		vars["AWS_SHARED_CREDENTIALS_FILE"] = filepath.Join(home, ".aws", "credentials")
	}
	for _, name := range credentialNames {
		if value := os.Getenv(name); value != "" {
			vars[name] = value
		}
	}
	return vars
}

// variables returns the whole environment of a process: nothing is inherited
// from the host. A function's own variables win over defaults, Lambda's
// reserved ones over them.
func (e *environment) variables(address string) []string {
	fn, host := e.p.fn, e.p.host
	vars := map[string]string{
		"LANG": "en_US.UTF-8", "TZ": ":UTC", "PWD": fn.CodeDir, "TMPDIR": e.tmp,
		"PATH":                     "/usr/local/bin:/usr/bin:/bin:/opt/bin",
		"LD_LIBRARY_PATH":          fn.CodeDir + ":" + filepath.Join(fn.CodeDir, "lib") + ":/opt/lib",
		"AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR", "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
	}
	maps.Copy(vars, e.plan.vars)
	maps.Copy(vars, host.credentials())
	maps.Copy(vars, host.Env)
	maps.Copy(vars, fn.Environment)
	maps.Copy(vars, map[string]string{
		"AWS_REGION": fn.Region, "AWS_DEFAULT_REGION": fn.Region,
		"AWS_LAMBDA_FUNCTION_NAME":        fn.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     fn.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(fn.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + fn.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      e.log.stream,
		"AWS_LAMBDA_RUNTIME_API":          address,
		"LAMBDA_TASK_ROOT":                fn.CodeDir,
		"LAMBDA_RUNTIME_DIR":              e.plan.runtimeDir,
		"_HANDLER":                        fn.Handler,
	})
	if e.plan.execution != "" {
		vars["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + e.plan.execution
	}
	if fn.PerProcess > 1 {
		vars["AWS_LAMBDA_MAX_CONCURRENCY"] = strconv.Itoa(fn.PerProcess)
	}
	if fn.LogFormat == jsonFormat {
		vars["AWS_LAMBDA_LOG_FORMAT"], vars["AWS_LAMBDA_LOG_LEVEL"] = jsonFormat, fn.LogLevel
	}
	list := make([]string, 0, len(vars))
	for name, value := range vars {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}
