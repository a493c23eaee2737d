// Package lambdaapi is the REST API of Lambda for clients that do not know that
// they talk to penstock: AWS CLI, boto3, the SDKs, Terraform.
//
// It owns the wire: the structs and the validator, both generated from the
// service's model (zz_*.go, see internal/lambdagen), the table of operations, the
// limits of requests, the exceptions, and the table that says of every member
// whether it is honoured, recorded or refused ([Members]). What an operation does
// is a function in [Operations]; one that is nil is answered with an error that
// names it. [New] joins them to a control.Plane, which holds all state: here is
// how inputs become its, how its records look in answers, and what an invocation
// that did not run, or may have, is answered.
//
// It refuses to guess: a member that would change what is delivered and cannot be
// honoured is an InvalidParameterValueException that names it. Members that the
// model does not have are passed over and logged, since clients are newer than any
// model. It checks no signatures and keeps no state.
package lambdaapi

//go:generate go run ../../internal/lambdagen -out .
