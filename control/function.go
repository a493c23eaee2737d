package control

import (
	"time"

	"github.com/penstock/penstock/store"
)

// States of a function, and of its last update.
const (
	Pending    = "Pending"
	Active     = "Active"
	Failed     = "Failed"
	InProgress = "InProgress"
	Successful = "Successful"

	creatingCode   = "Creating"
	creatingReason = "The function is being created." // AWS says so for updates too
)

// A Function is what is recorded of a function. The fields of Deployed are the
// newest that was asked for, as clients see them.
type Function struct {
	Name string
	Deployed
	// Serving runs while Deployed is being built, or could not be. nil: Deployed
	// runs, or nothing does yet.
	Serving *Deployed `json:",omitempty"`
	// Reserved is the most invocations at once. nil: the default. Zero: every
	// invocation is throttled.
	Reserved *int              `json:",omitempty"`
	Tags     map[string]string `json:",omitempty"`
	Owner    Owner             `json:",omitzero"`
	// RevisionID changes with every change, LastModified only with those of code
	// and configuration.
	RevisionID   string
	LastModified time.Time

	// State is Pending, Active or Failed. LastUpdateStatus is empty until the
	// function was Active or Failed once.
	State, StateReason, StateReasonCode                                  string `json:",omitempty"`
	LastUpdateStatus, LastUpdateStatusReason, LastUpdateStatusReasonCode string `json:",omitempty"`

	// ARN is the function as it was asked for, with its qualifier if there was
	// one.
	ARN string `json:"-"`
	// Dir is the folder with the code. Set for Options.Build only.
	Dir string `json:"-"`

	revision store.Revision
}

// Deployed is what a function runs.
type Deployed struct {
	// ID names this creation or update.
	ID string
	Configuration
	Code Code
}

// A Configuration is what a client sets of a function, under the names of the
// Lambda model. In requests a zero member is not given; in records the defaults
// are filled in.
type Configuration struct {
	Runtime     string  `json:",omitempty"`
	Handler     string  `json:",omitempty"`
	Role        string  `json:",omitempty"`
	Description *string `json:",omitempty"`
	Timeout     int     `json:",omitempty"` // seconds; default 3
	MemorySize  int     `json:",omitempty"` // megabytes; default 128
	// Environment: nil is none, and empty is an empty one, which clients see.
	Environment   map[string]string `json:",omitzero"`
	Architectures []string          `json:",omitempty"` // default x86_64
	// Members that describe an environment penstock does not have: recorded and
	// shown. EphemeralStorage is in megabytes, default 512.
	EphemeralStorage int            `json:",omitempty"`
	TracingMode      string         `json:",omitempty"` // default PassThrough
	LoggingConfig    *LoggingConfig `json:",omitempty"`
	VpcConfig        *VpcConfig     `json:",omitempty"`
	KMSKeyArn        *string        `json:",omitempty"`
	SnapStart        string         `json:",omitempty"` // ApplyOn; default None
}

// LoggingConfig says where and how a function's log is written; recorded only.
type LoggingConfig struct {
	LogFormat           string `json:",omitempty"`
	ApplicationLogLevel string `json:",omitempty"`
	SystemLogLevel      string `json:",omitempty"`
	LogGroup            string `json:",omitempty"`
}

// VpcConfig names a network; recorded only. Empty lists detach.
type VpcConfig struct {
	SubnetIds               []string
	SecurityGroupIds        []string
	Ipv6AllowedForDualStack bool `json:",omitempty"`
}

// Code says what a function's code is: exactly one of Zip and Folder is set.
type Code struct {
	// Zip names an archive kept in the data folder: the SHA-256 of its bytes, in
	// hexadecimal.
	Zip string `json:",omitempty"`
	// Folder is an absolute path on this machine, whose owner changes it. It is
	// not copied.
	Folder string `json:",omitempty"`
	// Sha256 is CodeSha256 as clients see it: of the archive, or for a folder of
	// the names, sizes and times of its files, in base64.
	Sha256 string
	// Size is that of the archive in bytes; zero for a folder.
	Size int64 `json:",omitempty"`
}

// An Owner says who declares a function or mapping. Zero: the API.
type Owner struct {
	// Template is the file, LogicalID the resource in it.
	Template  string `json:",omitempty"`
	LogicalID string `json:",omitempty"`
}

// unbuilt says that what was asked for is not built yet, nor known to fail.
func (f *Function) unbuilt() bool { return f.State == Pending || f.LastUpdateStatus == InProgress }

// serving is what runs; nil if nothing can.
func (f *Function) serving() *Deployed {
	switch {
	case f.Serving != nil:
		return f.Serving
	case f.State == Active:
		return &f.Deployed
	}
	return nil
}

// timeout is that of what runs.
func (f *Function) timeout() time.Duration {
	d := f.serving()
	if d == nil {
		d = &f.Deployed
	}
	return time.Duration(d.Timeout) * time.Second
}

// zips are the archives that the record refers to.
func (f *Function) zips() (list []string) {
	if f.Code.Zip != "" {
		list = append(list, f.Code.Zip)
	}
	if f.Serving != nil && f.Serving.Code.Zip != "" {
		list = append(list, f.Serving.Code.Zip)
	}
	return list
}
