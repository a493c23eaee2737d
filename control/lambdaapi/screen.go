package lambdaapi

import (
	"context"
	"slices"

	"github.com/penstock/penstock/mapping"
)

// screened is f behind the refusals of the table of members.
func screened[In, Out any](operation string, f func(context.Context, *In) (*Out, error)) func(context.Context, *In) (*Out, error) {
	if f == nil {
		return nil
	}
	refused := slices.DeleteFunc(Members(operation), func(m mapping.Member) bool { return m.Treatment != mapping.Refused })
	return func(ctx context.Context, in *In) (*Out, error) {
		for _, m := range refused {
			if givenIn(in, m) {
				return nil, Exception(InvalidParameterValueException, m.Reason)
			}
		}
		return f(ctx, in)
	}
}
