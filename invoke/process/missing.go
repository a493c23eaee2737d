package process

// A MissingError says that a runtime's interpreter is not on this machine. A
// caller may leave out the functions that need it.
type MissingError struct {
	// Runtime is Lambda's identifier: "python3.12".
	Runtime string
	// Reason says what was tried and what to do.
	Reason string
}

func (e *MissingError) Error() string { return "runtime " + e.Runtime + ": " + e.Reason }
