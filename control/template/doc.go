// Package template reads SAM and CloudFormation templates, the built ones in
// .aws-sam and the synthesised ones in cdk.out, into a [Stack]: the functions,
// queues and event source mappings that penstock runs, fully resolved.
//
// It owns parsing with positions, parameters, conditions, intrinsic functions,
// Globals, and the table that says of each property whether it is honoured,
// recorded or refused ([Settings]). It creates nothing, builds no code, asks
// no AWS account and reads no files but the templates themselves: what can only
// be known there (imports, SSM parameters, attributes of resources that
// penstock does not run) is a warning where it only describes, and an error
// where it decides about delivery.
package template
