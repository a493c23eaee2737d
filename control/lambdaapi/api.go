package lambdaapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/mapping"
)

// An API serves the operations that it holds. Set its fields before Handler.
type API struct {
	Operations

	Log   *slog.Logger  // unknown members, and errors that are not the caller's; nil: none
	NewID func() string // request ids; nil: random
}

// Handler returns the API as an http.Handler. All operations of the service are
// registered, those of Operations that are nil and those that penstock does not
// have too.
func (a API) Handler() *awswire.REST {
	log := a.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	table := a.Operations.table()
	for i := range table {
		table[i].MaxBody = maxBody(table[i].Name)
	}
	return &awswire.REST{
		Operations: table,
		NewID:      a.NewID,
		TooLarge:   tooLarge,
		Unserved:   unserved,
		Unknown: func(ctx context.Context, operation string, members []string) {
			log.LogAttrs(ctx, slog.LevelWarn, "members that the service's model does not have were passed over",
				slog.String("operation", operation), slog.Any("members", members), slog.String("request", awswire.FromContext(ctx).ID))
		},
		Failed: func(ctx context.Context, operation string, err error) error {
			e := errorOf(err)
			if e == nil {
				log.LogAttrs(ctx, slog.LevelError, "an operation failed",
					slog.String("operation", operation), slog.String("error", err.Error()), slog.String("request", awswire.FromContext(ctx).ID))
				e = Exception(ServiceException, "An error occurred and the request cannot be processed.")
			}
			return e
		},
	}
}

// Route says how a request for this API is recognised on a port that other
// services share: by the service it was signed for, or by its path.
func Route(h *awswire.REST) awswire.Route {
	prefixes := map[string]bool{}
	for _, op := range h.Operations {
		prefixes[prefix(op.Path)] = true
	}
	return awswire.Route{Service: "lambda", Handler: h, Path: func(path string) bool { return prefixes[prefix(path)] }}
}

// prefix is the version and the kind of resource that a path begins with:
// "/2015-03-31/functions".
func prefix(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.SplitN(path, "/", 4)
	return strings.Join(parts[:min(len(parts), 3)], "/")
}

// errorOf is err as an exception; nil for one that nobody foresaw.
func errorOf(err error) *awswire.Error {
	var wire *awswire.Error
	var refusal *invoke.Refusal
	var field mapping.FieldError
	switch {
	case errors.As(err, &wire):
		if wire.Members == nil && wire.Code != ValidationException {
			typed := *wire // what awswire makes knows no Type
			typed.Members = map[string]string{"Type": "User"}
			wire = &typed
		}
		return wire
	case errors.As(err, &refusal):
		return Exception(refusal.Exception, refusal.Message)
	case errors.As(err, &field):
		return Exception(field.Exception, field.Message)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return awswire.AsError(err)
	}
	return nil
}

// unserved is the answer of an operation that nobody carries out. It is the
// caller's fault, so that clients do not try again.
func unserved(operation string) error {
	if part := partOf(operation); part != "" {
		return Exception(InvalidParameterValueException,
			fmt.Sprintf("%s is not served by this endpoint yet. It belongs to this part of the project: %s.", operation, part))
	}
	return Exception(InvalidParameterValueException, fmt.Sprintf("%s is not supported by this endpoint.", operation))
}
