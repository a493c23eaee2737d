package process

import "slices"

// Program is what runs the function, as the last Prepare or Invoke found it: a
// path and its arguments. A Go function's path names the content it was built
// from, so two processes with equal programs run the same build. nil: nothing
// was prepared yet. The result is the caller's.
func (p *Process) Program() []string {
	p.prepare.Lock()
	defer p.prepare.Unlock()
	if p.plan == nil {
		return nil
	}
	return slices.Clone(p.plan.argv)
}
