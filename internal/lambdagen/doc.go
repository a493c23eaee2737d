// Command lambdagen writes the structs, the validator and the table of operations
// of control/lambdaapi from the model of the Lambda service.
//
// The model is service.json, a copy of botocore's without its documentation and
// cut to the operations of [served] and the shapes that they reach; the other
// operations are kept by name and path only, so that they can be refused by name.
// NOTICE says where it comes from. What AWS is known to do otherwise than the
// model says is in overrides.go, with the reason beside it.
//
//	go generate ./control/lambdaapi                          write control/lambdaapi/zz_*.go
//	go run ./internal/lambdagen -trim service-2.json         write a new service.json
//
// It refuses what it does not know: a pattern that cannot be said in Go's regular
// expressions, a kind of shape or a place of a member that lambdaapi has no word
// for. A test compares its output with the files that are checked in.
package main
