package control

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/penstock/penstock/mapping"
)

// Limits of AWS's.
const (
	maxTimeout     = 900
	maxMemory      = 10240 // megabytes, of ephemeral storage too
	maxEnvironment = 4096  // bytes of its JSON
	maxTags        = 50

	// AccountConcurrency is how many invocations an account has, reserved ones
	// included. It is shown and not enforced: functions have their own limits.
	AccountConcurrency = 1000
)

// reserved are the variables that the environment sets itself.
var reserved = []string{
	"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
	"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
	"AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
	"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
}

var variableForm = regexp.MustCompile(`^[a-zA-Z]([a-zA-Z0-9_])+$`)

// with is c with the members that u gives. LoggingConfig merges, the others are
// replaced as a whole.
func (c Configuration) with(u Configuration) Configuration {
	set(&c.Runtime, u.Runtime)
	set(&c.Handler, u.Handler)
	set(&c.Role, u.Role)
	set(&c.Description, u.Description)
	set(&c.Timeout, u.Timeout)
	set(&c.MemorySize, u.MemorySize)
	set(&c.EphemeralStorage, u.EphemeralStorage)
	set(&c.TracingMode, u.TracingMode)
	set(&c.VpcConfig, u.VpcConfig)
	set(&c.KMSKeyArn, u.KMSKeyArn)
	set(&c.SnapStart, u.SnapStart)
	if u.Environment != nil {
		c.Environment = maps.Clone(u.Environment)
	}
	if u.Architectures != nil {
		c.Architectures = slices.Clone(u.Architectures)
	}
	if u.LoggingConfig != nil {
		merged := u.LoggingConfig.over(c.LoggingConfig)
		c.LoggingConfig = &merged
	}
	return c
}

func set[T comparable](to *T, value T) {
	var zero T
	if value != zero {
		*to = value
	}
}

// over is l with what it leaves open taken from old, as AWS merges: levels
// belong to the format JSON, where INFO is the default.
func (l LoggingConfig) over(old *LoggingConfig) LoggingConfig {
	if old != nil {
		merged := *old
		set(&merged.LogFormat, l.LogFormat)
		set(&merged.ApplicationLogLevel, l.ApplicationLogLevel)
		set(&merged.SystemLogLevel, l.SystemLogLevel)
		set(&merged.LogGroup, l.LogGroup)
		l = merged
	}
	if l.LogFormat == "JSON" {
		if l.ApplicationLogLevel == "" {
			l.ApplicationLogLevel = "INFO"
		}
		if l.SystemLogLevel == "" {
			l.SystemLogLevel = "INFO"
		}
	} else {
		l.ApplicationLogLevel, l.SystemLogLevel = "", ""
	}
	return l
}

// defaults are what a function has that gives nothing.
func defaults(name string) Configuration {
	return Configuration{
		Description: new(string), Timeout: 3, MemorySize: 128, Architectures: []string{"x86_64"},
		EphemeralStorage: 512, TracingMode: "PassThrough", SnapStart: "None",
		LoggingConfig: &LoggingConfig{LogFormat: "Text", LogGroup: "/aws/lambda/" + name},
	}
}

// check says what is wrong with the members that a request gives. The order is
// that of AWS as far as it is known. before is what they are given to.
func (c Configuration) check(before Configuration) error {
	if c.Timeout < 0 || c.Timeout > maxTimeout {
		return violation(strconv.Itoa(c.Timeout), "timeout", "Member must have value less than or equal to 900")
	}
	if c.MemorySize < 0 || c.MemorySize > maxMemory {
		return violation(strconv.Itoa(c.MemorySize), "memorySize", "Member must have value less than or equal to 10240")
	}
	if c.EphemeralStorage < 0 || c.EphemeralStorage > maxMemory {
		return violation(strconv.Itoa(c.EphemeralStorage), "ephemeralStorage.size", "Member must have value less than or equal to 10240")
	}
	if l := c.LoggingConfig; l != nil && (l.ApplicationLogLevel != "" || l.SystemLogLevel != "") && before.with(c).LoggingConfig.LogFormat != "JSON" {
		return invalid(`LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "JSON" and try again.`)
	}
	return checkEnvironment(c.Environment)
}

func checkEnvironment(variables map[string]string) error {
	const unable = "Lambda was unable to configure your environment variables because the environment variables you have provided "
	if len(variables) == 0 {
		return nil
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(variables); err != nil {
		return err
	}
	measured := strings.TrimSuffix(text.String(), "\n")
	if len(measured) > maxEnvironment {
		return invalid("%sexceeded the 4KB limit. String measured: %s", unable, measured)
	}
	var taken []string
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if slices.Contains(reserved, name) {
			taken = append(taken, name)
		}
	}
	if taken != nil {
		return invalid("%scontains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", unable, strings.Join(taken, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if !variableForm.MatchString(name) {
			return refuse(mapping.ValidationException, "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]")
		}
	}
	return nil
}

// checkTags says whether tags can be put to those that are there.
func checkTags(there, tags map[string]string) error {
	all := maps.Clone(there)
	if all == nil {
		all = map[string]string{}
	}
	for key, value := range tags {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return invalid("Tag keys starting with 'aws:' are reserved for internal use")
		}
		all[key] = value
	}
	if len(all) > maxTags {
		return invalid("Number of tags exceeds resource tag limit.")
	}
	return nil
}
