package invoke

// A Timekeeper is a Target that bounds its invocations by the function's
// timeout itself, and tells a cold start from the function's own time as AWS
// does. It gets no deadline from Timed. Optional, found by type assertion.
type Timekeeper interface {
	// KeepsTime does nothing; having it is the statement.
	KeepsTime()
}
