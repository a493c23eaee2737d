// Package mapping owns what an event source mapping is and what becomes of a
// batch: its settings and the rules they obey (Config, Validate, Warnings), its
// life (Lifecycle, Describe), which records it takes (Filter), and what is done
// with records before and after an invocation (Policy.Expire, Policy.Judge).
//
// Everything here is a pure function of its arguments. The package refuses
// I/O, clocks, goroutines and state: callers pass the time and the facts.
package mapping
