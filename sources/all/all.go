// Package all lists the kinds of sources that the daemon ships, one line each.
// It refuses to hold anything else.
package all

import (
	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/sqs"
)

// Kinds returns all kinds over a client of their own.
func Kinds() []sources.Kind { return Over(new(awsclient.Client)) }

// Over returns all kinds, those of AWS over c: for whoever wants its count of
// attempts, or another network.
func Over(c *awsclient.Client) []sources.Kind {
	return []sources.Kind{
		sqs.Kind(c),
	}
}
