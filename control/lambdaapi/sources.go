package lambdaapi

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control"
	"github.com/penstock/penstock/mapping"
)

func (s service) createMapping(ctx context.Context, in *CreateEventSourceMappingRequest) (*EventSourceMappingConfiguration, error) {
	body, err := settings(ctx, in)
	if err != nil {
		return nil, err
	}
	cfg, _, errs := mapping.DecodeCreate(body)
	if len(errs) > 0 {
		return nil, mapping.Answer(errs)
	}
	m, err := s.plane.CreateMapping(ctx, cfg)
	return s.mapping(m, err)
}

func (s service) updateMapping(ctx context.Context, in *UpdateEventSourceMappingRequest) (*EventSourceMappingConfiguration, error) {
	body, err := settings(ctx, in)
	if err != nil {
		return nil, err
	}
	m, _, err := s.plane.UpdateMapping(ctx, text(in.UUID), body)
	return s.mapping(m, err)
}

func (s service) getMapping(_ context.Context, in *GetEventSourceMappingRequest) (*EventSourceMappingConfiguration, error) {
	m, err := s.plane.GetMapping(text(in.UUID))
	return s.mapping(m, err)
}

func (s service) deleteMapping(ctx context.Context, in *DeleteEventSourceMappingRequest) (*EventSourceMappingConfiguration, error) {
	m, err := s.plane.DeleteMapping(ctx, text(in.UUID))
	return s.mapping(m, err)
}

func (s service) listMappings(_ context.Context, in *ListEventSourceMappingsRequest) (*ListEventSourceMappingsResponse, error) {
	list, next, err := s.plane.ListMappings(text(in.FunctionName), text(in.EventSourceArn), text(in.Marker), given(in.MaxItems))
	if err != nil {
		return nil, err
	}
	out := &ListEventSourceMappingsResponse{EventSourceMappings: make([]EventSourceMappingConfiguration, len(list)), NextMarker: shown(next)}
	for i, m := range list {
		one, err := s.mapping(m, nil)
		if err != nil {
			return nil, err
		}
		out.EventSourceMappings[i] = *one
	}
	return out, nil
}

// maxUnknown is how many unknown members a mapping's request may have: of more,
// awswire does not name all.
const maxUnknown = 100

// settings are a request's members as package mapping reads them. A member that
// the model does not have is passed over like everywhere, but not among the
// filters: those that nobody knows would let records through.
func settings(ctx context.Context, in any) ([]byte, error) {
	unknown := awswire.FromContext(ctx).Unknown
	for _, path := range unknown {
		if strings.HasPrefix(path, "FilterCriteria.") {
			return nil, Exception(InvalidParameterValueException, path+" is not known to this endpoint, and a filter is not passed over.")
		}
	}
	if len(unknown) >= maxUnknown {
		return nil, Exception(InvalidParameterValueException, "The request has too many members that are not known to this endpoint.")
	}
	return json.Marshal(in)
}

// mapping is a mapping as clients see it. Both sides have AWS's names.
func (s service) mapping(m control.Mapping, err error) (*EventSourceMappingConfiguration, error) {
	if err != nil {
		return nil, err
	}
	described, err := json.Marshal(s.plane.Describe(m))
	if err != nil {
		return nil, err
	}
	out := &EventSourceMappingConfiguration{}
	return out, json.Unmarshal(described, out)
}
