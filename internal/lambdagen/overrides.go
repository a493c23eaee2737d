package main

// enumOrder is how AWS's errors list a set of values where that was recorded and
// differs from the model's order.
var enumOrder = map[string][]string{
	"EventSourcePosition": {"LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"},
	"InvokeMode":          {"RESPONSE_STREAM", "BUFFERED"},
	"RecursiveLoop":       {"Terminate", "Allow"},
}

// openEnums are sets of values that the validator does not check. AWS answers a
// wrong Runtime in words of its own, and clients are newer than this model.
var openEnums = map[string]bool{"Runtime": true}

// highest bounds numbers below the model, which covers functions with a capacity
// provider; those are refused here.
var highest = map[string]string{
	"Timeout":              "900",
	"MemorySize":           "10240",
	"EphemeralStorageSize": "10240",
}

// also are forms, in Go's syntax, that are taken beside the pattern of a shape:
// the ARNs of sources that AWS does not have, as package mapping knows them.
var also = map[string]string{"Arn": `arn:penstock:[a-z0-9-]+:.+`}

// translated are the patterns that look around, which Go's expressions cannot,
// said without looking. For instance "not only digits" is: anything, one
// character that is no digit, anything.
var translated = map[string]string{
	// Alias
	`(?!^[0-9]+$)([a-zA-Z0-9-_]+)`: `[a-zA-Z0-9\-_]*[a-zA-Z\-_][a-zA-Z0-9\-_]*`,
	// FunctionUrlQualifier
	`((?!^\d+$)^[0-9a-zA-Z-_]+$)`: `[a-zA-Z0-9\-_]*[a-zA-Z\-_][a-zA-Z0-9\-_]*`,
	// FunctionUrlFunctionName
	functionPrefix + `([a-zA-Z0-9-_]{1,64})(:((?!\d+$)[0-9a-zA-Z-_]+))?`: functionPrefix +
		`([a-zA-Z0-9\-_]{1,64})(:([a-zA-Z0-9\-_]*[a-zA-Z\-_][a-zA-Z0-9\-_]*))?`,
	// S3Bucket
	`[0-9A-Za-z\.\-_]*(?<!\.)`: `([0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?`,
	// CollectionName: every beginning that leaves the way to "system."
	`(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)`: `[_a-rt-zA-Z0-9][^$]*|s([^y$][^$]*)?|sy([^s$][^$]*)?|sys([^t$][^$]*)?|` +
		`syst([^e$][^$]*)?|syste([^m$][^$]*)?|system([^.$][^$]*)?`,
}

const functionPrefix = `(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?`
