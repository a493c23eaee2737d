// Package all lists the kinds of sources that the daemon ships, one line each.
package all

import (
	"github.com/penstock/penstock/sources"
	"github.com/penstock/penstock/sources/sqs"
)

// Kinds returns all kinds.
func Kinds() []sources.Kind {
	return []sources.Kind{
		sqs.Kind(nil),
	}
}
