package mapping

import (
	"context"
	"errors"

	"github.com/penstock/penstock/sources"
)

// noQueue stands for the constructor of a queue kind.
func noQueue(context.Context, sources.Spec) (sources.Queue, error) {
	return nil, errors.New("not in this test")
}
