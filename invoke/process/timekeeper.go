package process

// KeepsTime makes a Process an invoke.Timekeeper: its timeout begins when the
// event is handed over, after the environment was initialised.
func (p *Process) KeepsTime() {}
