package template

import (
	"cmp"
	"slices"
	"time"

	"github.com/penstock/penstock/mapping"
)

// A Stack is what penstock runs of a template. Functions, queues and mappings
// stand in the order of the file.
type Stack struct {
	// Name is the stack's: names of queues and UUIDs of mappings derive from it.
	Name string
	// File is the template that was read; several of cdk.out are several stacks.
	File      string
	Functions []Function
	Queues    []Queue
	Mappings  []Mapping
	// Warnings are resources that are not run, and values that are placeholders.
	Warnings []Note
	// Recorded are properties that describe an environment penstock does not
	// have; they change nothing.
	Recorded []Note
	// Unknown are properties that neither AWS's model nor penstock knows.
	Unknown []Note
}

// A Note is a remark about a place in the template.
type Note struct {
	Pos      Pos
	Resource string // logical ID, or the name of a parameter or section
	Property string `json:",omitempty"`
	Value    string `json:",omitempty"` // shortened; **** if it holds a NoEcho value
	Reason   string
}

// A Function is an AWS::Serverless::Function or AWS::Lambda::Function.
type Function struct {
	LogicalID string
	// Name is FunctionName, or the logical ID: CloudFormation would append
	// random characters to both stack name and logical ID.
	Name    string
	ARN     string
	Pos     Pos
	Code    Code
	Handler string
	Runtime string
	// Timeout is 1 second to 15 minutes; 3 seconds if not given.
	Timeout time.Duration
	// MemorySize is in megabytes; 128 if not given. It only describes.
	MemorySize int
	// Environment are the variables, complete. Those in Secrets hold values of
	// NoEcho parameters and must not be printed.
	Environment map[string]string `json:",omitempty"`
	Secrets     []string          `json:",omitempty"`
	// Concurrency is ReservedConcurrentExecutions: the most invocations at once.
	// nil: no limit of its own. Zero: AWS throttles every invocation.
	Concurrency *int `json:",omitempty"`
	// LogFormat is Text or JSON, LogLevel the application log level of the JSON
	// format. Empty: Lambda's defaults, Text and INFO.
	LogFormat   string `json:",omitempty"`
	LogLevel    string `json:",omitempty"`
	Description string `json:",omitempty"`
	// Role is the execution role's ARN; it only describes. Empty: SAM would make
	// one, or it is not known here.
	Role string `json:",omitempty"`
	// Architecture is x86_64 or arm64. It only describes.
	Architecture string `json:",omitempty"`
}

// Code says where a function's code is: exactly one of Path and Inline is set.
type Code struct {
	// Path is a folder, or an archive; relative to the working directory if the
	// template's path was.
	Path string `json:",omitempty"`
	// Inline is source text to be written to File (index.py or index.js).
	Inline string `json:",omitempty"`
	File   string `json:",omitempty"`
}

// A Queue is an AWS::SQS::Queue.
type Queue struct {
	LogicalID string
	// Name is QueueName, or stack name, hyphen and logical ID (shortened to 80
	// characters with a hash), with .fifo for a FIFO queue.
	Name string
	ARN  string
	URL  string
	Pos  Pos
	// Attributes are those given, under the names of the SQS API, all as
	// strings; RedrivePolicy and RedriveAllowPolicy are JSON.
	Attributes map[string]string `json:",omitempty"`
	Tags       map[string]string `json:",omitempty"`
}

// A Mapping is an AWS::Lambda::EventSourceMapping, or an SQS event of a
// serverless function.
type Mapping struct {
	// LogicalID of an event is the function's and the event's name joined, as
	// SAM does.
	LogicalID string
	// UUID derives from the stack's name and LogicalID alone, so that a mapping
	// keeps its checkpoints when it is edited.
	UUID   string
	Pos    Pos
	Config mapping.Config
}

func (st *Stack) warn(pos Pos, resource, property, reason string) {
	st.Warnings = append(st.Warnings, Note{Pos: pos, Resource: resource, Property: property, Reason: reason})
}

func (st *Stack) unknown(pos Pos, resource, property, reason string) {
	st.Unknown = append(st.Unknown, Note{Pos: pos, Resource: resource, Property: property, Reason: reason})
}

func (st *Stack) recorded(pos Pos, resource, property, value, reason string) {
	st.Recorded = append(st.Recorded, Note{pos, resource, property, value, reason})
}

// sort puts the notes into the order of the file.
func (st *Stack) sort() {
	for _, notes := range [][]Note{st.Warnings, st.Recorded, st.Unknown} {
		slices.SortStableFunc(notes, func(a, b Note) int {
			return cmp.Or(a.Pos.Line-b.Pos.Line, a.Pos.Column-b.Pos.Column)
		})
	}
}
