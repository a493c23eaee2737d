package lambdaapi_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/penstock/penstock/control/lambdaapi"
	"github.com/penstock/penstock/mapping"
)

func (r *rig) mapping(in *lambda.CreateEventSourceMappingInput) *lambda.CreateEventSourceMappingOutput {
	r.t.Helper()
	out, err := r.CreateEventSourceMapping(r.t.Context(), in)
	if err != nil {
		r.t.Fatal(err)
	}
	r.settle()
	return out
}

func (r *rig) state(uuid string) string {
	r.t.Helper()
	out, err := r.GetEventSourceMapping(r.t.Context(), &lambda.GetEventSourceMappingInput{UUID: &uuid})
	if err != nil {
		return problem(r.t, func() error { return err })
	}
	return *out.State
}

// A mapping delivers while it is enabled, and its states move by themselves.
func TestMappingOnTheWire(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		close(r.open)
		r.create(input("f", "wait"))
		made := r.mapping(&lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: aws.String(queueARN)})
		at := *made.LastModified
		want := &lambda.CreateEventSourceMappingOutput{
			UUID: made.UUID, BatchSize: aws.Int32(10), MaximumBatchingWindowInSeconds: aws.Int32(0), EventSourceArn: aws.String(queueARN),
			FunctionArn: aws.String(fn + ":f"), EventSourceMappingArn: aws.String("arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:" + *made.UUID),
			LastModified: &at, State: aws.String("Creating"), StateTransitionReason: aws.String("USER_INITIATED"), FunctionResponseTypes: []types.FunctionResponseType{},
		}
		if diff := cmp.Diff(want, made, cmpopts.IgnoreUnexported(lambda.CreateEventSourceMappingOutput{}), varying); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		r.queue.PutBodies("1")
		time.Sleep(time.Minute)
		if len(r.queue.Acked()) != 1 || r.state(*made.UUID) != "Enabled" {
			t.Errorf("%v, %s", r.queue.Acked(), r.state(*made.UUID))
		}
		update := func(in *lambda.UpdateEventSourceMappingInput) *lambda.UpdateEventSourceMappingOutput {
			t.Helper()
			in.UUID = made.UUID
			out, err := r.UpdateEventSourceMapping(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			r.settle()
			return out
		}
		if out := update(&lambda.UpdateEventSourceMappingInput{Enabled: aws.Bool(false)}); *out.State != "Disabling" || r.state(*made.UUID) != "Disabled" {
			t.Errorf("%+v", out)
		}
		r.queue.PutBodies("2")
		time.Sleep(time.Minute)
		if len(r.queue.Acked()) != 1 {
			t.Error("a disabled mapping delivers")
		}
		out := update(&lambda.UpdateEventSourceMappingInput{BatchSize: aws.Int32(20), MaximumBatchingWindowInSeconds: aws.Int32(1), FunctionName: aws.String("f:$LATEST"),
			FilterCriteria: &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String(`{"body":["2"]}`)}}}, ScalingConfig: &types.ScalingConfig{MaximumConcurrency: aws.Int32(2)},
			FunctionResponseTypes: []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures}})
		if *out.State != "Updating" || *out.FunctionArn != fn+":f:$LATEST" || *out.BatchSize != 20 || *out.MaximumBatchingWindowInSeconds != 1 ||
			*out.FilterCriteria.Filters[0].Pattern != `{"body":["2"]}` || *out.ScalingConfig.MaximumConcurrency != 2 || out.FunctionResponseTypes[0] != "ReportBatchItemFailures" || r.state(*made.UUID) != "Disabled" {
			t.Errorf("%+v", out)
		}
		out = update(&lambda.UpdateEventSourceMappingInput{FilterCriteria: &types.FilterCriteria{}, ScalingConfig: &types.ScalingConfig{}, FunctionResponseTypes: []types.FunctionResponseType{}})
		if out.FilterCriteria != nil || out.ScalingConfig != nil || len(out.FunctionResponseTypes) != 0 || *out.BatchSize != 20 {
			t.Errorf("emptied %+v", out)
		}
		if out := update(&lambda.UpdateEventSourceMappingInput{Enabled: aws.Bool(true), FunctionName: aws.String("f")}); *out.State != "Enabling" || r.state(*made.UUID) != "Enabled" || *out.FunctionArn != fn+":f" {
			t.Errorf("%+v", out)
		}
		time.Sleep(time.Minute)
		if len(r.queue.Acked()) != 2 {
			t.Error("an enabled mapping delivers nothing")
		}
		gone, err := r.DeleteEventSourceMapping(t.Context(), &lambda.DeleteEventSourceMappingInput{UUID: made.UUID})
		if err != nil || *gone.State != "Deleting" || *gone.BatchSize != 20 {
			t.Errorf("%+v %v", gone, err)
		}
		r.settle()
		if got := r.state(*made.UUID); got != "ResourceNotFoundException client: The resource you requested does not exist." {
			t.Error(got)
		}
	})
}

func TestMappingLists(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		for _, name := range []string{"f", "ff"} {
			r.create(input(name, "echo"))
			for _, queue := range []string{"1", "2", "3"} {
				r.mapping(&lambda.CreateEventSourceMappingInput{FunctionName: &name, EventSourceArn: aws.String(queueARN + queue), Enabled: aws.Bool(false)})
			}
		}
		for _, c := range []struct {
			function, source string
			want             int
		}{{"", "", 6}, {"f", "", 3}, {fn + ":ff", "", 3}, {"", queueARN + "1", 2}, {"f", queueARN + "1", 1}, {"unknown", "", 0}, {"f:$LATEST", "", 0}, {"", queueARN, 0}} {
			in := &lambda.ListEventSourceMappingsInput{MaxItems: aws.Int32(2)}
			if c.function != "" {
				in.FunctionName = &c.function
			}
			if c.source != "" {
				in.EventSourceArn = &c.source
			}
			seen := map[string]bool{}
			for pages := lambda.NewListEventSourceMappingsPaginator(r.Client, in); pages.HasMorePages(); {
				page, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if page.EventSourceMappings == nil || len(page.EventSourceMappings) > 2 {
					t.Errorf("%+v", page)
				}
				for _, m := range page.EventSourceMappings {
					seen[*m.UUID] = *m.State == "Disabled"
				}
			}
			if len(seen) != c.want {
				t.Errorf("%+v: %v", c, seen)
			}
		}
	})
}

// Requests, package mapping and answers have the same members, so that none is
// lost on its way from one to the next.
func TestMappingMembersPass(t *testing.T) {
	pass := func(from, to any) (sent, got map[string]any) {
		t.Helper()
		text, err := json.Marshal(from)
		if err != nil {
			t.Fatal(err)
		}
		if cfg, is := to.(*mapping.Config); is {
			read, unknown, errs := mapping.DecodeCreate(text)
			if len(unknown)+len(errs) > 0 {
				t.Errorf("%T: unknown %q, %v", from, unknown, errs)
			}
			*cfg = read
		} else if err := json.Unmarshal(text, to); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(to)
		if err = errors.Join(err, json.Unmarshal(text, &sent), json.Unmarshal(again, &got)); err != nil {
			t.Fatal(err)
		}
		return sent, got
	}
	var cfg mapping.Config
	for _, request := range []reflect.Type{reflect.TypeFor[*lambdaapi.UpdateEventSourceMappingRequest](), reflect.TypeFor[*lambdaapi.CreateEventSourceMappingRequest]()} {
		if diff := cmp.Diff(pass(full(request).Interface(), &cfg)); diff != "" {
			t.Errorf("%v -sent +kept\n%s", request, diff)
		}
	}
	cfg.FunctionName, cfg.Enabled, cfg.Tags = "", nil, nil // AWS does not show these
	if diff := cmp.Diff(pass(cfg, &lambdaapi.EventSourceMappingConfiguration{})); diff != "" {
		t.Errorf("-kept +shown\n%s", diff)
	}
}
