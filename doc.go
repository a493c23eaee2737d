// Package penstock runs Lambda event source mappings inside a program: a
// Server joins sources (queues, streams) and functions as AWS Lambda would,
// with the same events, batches, filters, retries and partial failures.
//
// It is the engine room as a value. It reads no flags, opens no port and keeps
// no files; package daemon wires those around it. Tests want package
// penstocktest, which runs the same engine on a fake clock.
package penstock
