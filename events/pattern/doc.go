// Package pattern is the event-pattern language of AWS: filters of event source mappings, EventBridge
// rules and SNS filter policies are three dialects of it, and this package compiles and matches all three.
//
// It owns the language: which texts are patterns, what they mean, and how many of them are matched
// against one event in a single pass over its bytes. It refuses to know where events come from, what
// becomes of those that match, and how a service wraps its refusals; callers turn [Error] into the
// exception of their API. PATTERNS.md beside this file is the reference of the language.
//
// Compiled patterns and sets are immutable and safe for concurrent use.
package pattern
