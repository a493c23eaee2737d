package lambdaapi

import (
	"context"

	"github.com/penstock/penstock/control"
)

// New returns an API whose operations work on plane: functions, event source
// mappings, Invoke, tags and account settings, and those that Terraform reads
// beside them. links makes the addresses under which GetFunction offers code;
// with nil it offers none.
//
// Aliases and versions are not there yet: names with a qualifier other than
// $LATEST are answered as AWS answers for one that does not exist.
func New(plane *control.Plane, links *CodeLinks) API {
	s := service{plane: plane, links: links}
	account := Account{Concurrency: control.AccountConcurrency, Usage: s.usage}
	return API{Operations: Operations{
		CreateEventSourceMapping: s.createMapping,
		GetEventSourceMapping:    s.getMapping,
		ListEventSourceMappings:  s.listMappings,
		UpdateEventSourceMapping: s.updateMapping,
		DeleteEventSourceMapping: s.deleteMapping,

		CreateFunction:               s.createFunction,
		GetFunction:                  s.getFunction,
		GetFunctionConfiguration:     s.getFunctionConfiguration,
		ListFunctions:                s.listFunctions,
		ListVersionsByFunction:       s.listVersions,
		UpdateFunctionCode:           s.updateCode,
		UpdateFunctionConfiguration:  s.updateConfiguration,
		DeleteFunction:               s.deleteFunction,
		GetFunctionCodeSigningConfig: s.getCodeSigning,

		Invoke: s.invoke,

		TagResource:   s.tag,
		UntagResource: s.untag,
		ListTags:      s.listTags,

		GetAccountSettings: account.GetAccountSettings,
	}}
}

// A service carries out operations on a Plane.
type service struct {
	plane *control.Plane
	links *CodeLinks // nil: none
}

func (s service) usage(context.Context) (Usage, error) {
	a := s.plane.Account()
	return Usage{Functions: int64(a.Functions), CodeSize: a.TotalCodeSize, Reserved: a.Reserved}, nil
}

func (s service) tag(ctx context.Context, in *TagResourceRequest) (*Nothing, error) {
	return nil, s.plane.Tag(ctx, text(in.Resource), in.Tags)
}

func (s service) untag(ctx context.Context, in *UntagResourceRequest) (*Nothing, error) {
	return nil, s.plane.Untag(ctx, text(in.Resource), in.TagKeys)
}

func (s service) listTags(_ context.Context, in *ListTagsRequest) (*ListTagsResponse, error) {
	tags, err := s.plane.Tags(text(in.Resource))
	return &ListTagsResponse{Tags: tags}, err
}

// text is a member that need not be given.
func text(p *string) string { return given(p) }

// given is the value of a member; zero without one.
func given[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}

// shown is a value as an output has it: absent if it is zero.
func shown[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}
