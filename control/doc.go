// Package control owns what is deployed: functions with their code, and event
// source mappings. It keeps them in a store, so that they outlive the process,
// and brings a penstock.Server to what is recorded: code is built in the
// background, only mappings that are enabled and whose function can run are
// given to the Server.
//
// It refuses to know the wire, its clients, and how a function is run: the
// Lambda API is control/lambdaapi, and Options.Build makes targets. What users
// ask for is refused in AWS's words, as *invoke.Refusal; other errors are
// trouble of store or disk.
//
// A template owns what it declares (Adopt): the API refuses to change that, and
// Adopt leaves alone what the API created.
package control
