package mapping

// A State is where a mapping is in its life. The functions below are the whole
// of it:
//
//	create                   -> Creating -> Enabled, or Disabled at once
//	update Enabled to true   -> Enabling -> Enabled
//	update Enabled to false  -> Disabling -> Disabled
//	any other update         -> Updating -> Enabled or Disabled
//	delete                   -> Deleting -> Gone
type State string

// The states. All but Enabled, Disabled and Gone are passing: the mapping's
// poller is on its way to them.
const (
	Creating  State = "Creating"
	Enabling  State = "Enabling"
	Enabled   State = "Enabled"
	Disabling State = "Disabling"
	Disabled  State = "Disabled"
	Updating  State = "Updating"
	Deleting  State = "Deleting"
	// Gone is no state of AWS's: the mapping does not exist any more.
	Gone State = ""
)

// Created is the state of a mapping that was just created. One that is not
// enabled never passes through Creating.
func Created(cfg Config) State {
	if cfg.On() {
		return Creating
	}
	return Disabled
}

// Passing says that the mapping is on its way to another state; it cannot be
// updated or deleted before it is there.
func (s State) Passing() bool { return s != Enabled && s != Disabled }

// Update is the state after an update from one configuration to another. It
// fails with a ResourceInUseException while s is passing.
func (s State) Update(from, to Config) (State, error) {
	switch {
	case s.Passing():
		return s, inUse("update")
	case to.On() && !from.On():
		return Enabling, nil
	case !to.On() && from.On():
		return Disabling, nil
	}
	return Updating, nil
}

// Delete is the state after a delete. It fails with a ResourceInUseException
// while s is passing.
func (s State) Delete() (State, error) {
	if s.Passing() {
		return s, inUse("delete")
	}
	return Deleting, nil
}

// Settled is the state when the poller has arrived where s was going: started,
// restarted or stopped. Other states stay.
func (s State) Settled(cfg Config) State {
	switch s {
	case Creating, Enabling, Disabling, Updating:
		if cfg.On() {
			return Enabled
		}
		return Disabled
	case Deleting:
		return Gone
	}
	return s
}

func inUse(verb string) error {
	text := "Cannot " + verb + " the event source mapping because it is in use."
	return FieldError{Field: "UUID", Rule: text, Exception: ResourceInUse, Message: text}
}

// NotFound is the error of a mapping that does not exist.
func NotFound(uuid string) error {
	text := "The resource you requested does not exist."
	return FieldError{Field: "UUID", Value: uuid, Rule: text, Exception: ResourceNotFound, Message: text}
}

// Values of LastProcessingResult. It exists for streams, Kafka, MQ and
// DocumentDB.
const (
	NoRecordsProcessed = "No records processed"
	Processed          = "OK"
	FunctionCallFailed = "PROBLEM: Function call failed"
)

// userReason is the StateTransitionReason of what a user did.
func userReason(s Source) string {
	if s.Stream() {
		return "User action"
	}
	return "USER_INITIATED"
}
