package lambdaapi_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// The calls that Terraform's AWS provider makes for a function and a mapping,
// from the first apply to destroy.
func TestTerraform(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		ctx, name := t.Context(), aws.String("f")
		poll := func(what string, pending func() (again bool, err error)) {
			t.Helper()
			for range 10 {
				time.Sleep(5 * time.Second)
				again, err := pending()
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if !again {
					return
				}
			}
			t.Fatalf("%s does not end", what)
		}
		wait := func() {
			t.Helper()
			poll("function", func() (bool, error) {
				out, err := r.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: name})
				if err != nil {
					return false, err
				}
				c := out.Configuration
				if c.State == types.StateFailed || c.LastUpdateStatus == types.LastUpdateStatusFailed {
					t.Fatalf("%+v", c)
				}
				return c.State != types.StateActive || c.LastUpdateStatus != types.LastUpdateStatusSuccessful, nil
			})
		}
		read := func(timeout int32, code []byte) {
			t.Helper()
			out, err := r.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: name})
			if err != nil || *out.Configuration.Timeout != timeout || *out.Configuration.CodeSha256 != sum(code) || out.Tags["team"] != "a" || *out.Configuration.FunctionArn != fn+":f" {
				t.Fatalf("%+v %v", out, err)
			}
			versions, err := r.ListVersionsByFunction(ctx, &lambda.ListVersionsByFunctionInput{FunctionName: name, MaxItems: aws.Int32(10000)})
			if err != nil || versions.NextMarker != nil || *versions.Versions[len(versions.Versions)-1].Version != "$LATEST" {
				t.Fatalf("%+v %v", versions, err)
			}
			if signing, err := r.GetFunctionCodeSigningConfig(ctx, &lambda.GetFunctionCodeSigningConfigInput{FunctionName: name}); err != nil || signing.CodeSigningConfigArn != nil {
				t.Fatalf("%+v %v", signing, err)
			}
		}
		in := input("f", "echo")
		in.Tags = map[string]string{"team": "a"}
		if _, err := r.CreateFunction(ctx, in); err != nil {
			t.Fatal(err)
		}
		wait()
		read(3, in.Code.ZipFile)
		if _, err := r.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: name, Timeout: aws.Int32(7), Environment: &types.Environment{Variables: map[string]string{"KEY": "v"}}}); err != nil {
			t.Fatal(err)
		}
		wait()
		code := archive("app.py", "new")
		if _, err := r.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: name, ZipFile: code}); err != nil {
			t.Fatal(err)
		}
		wait()
		read(7, code)

		made, err := r.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: name, EventSourceArn: aws.String(queueARN), Enabled: aws.Bool(true), Tags: map[string]string{"team": "b"}})
		if err != nil {
			t.Fatal(err)
		}
		state := func(want string, passing ...string) {
			t.Helper()
			poll("mapping", func() (bool, error) {
				out, err := r.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: made.UUID})
				if err != nil {
					return false, err
				}
				for _, s := range passing {
					if *out.State == s {
						return true, nil
					}
				}
				if *out.State != want {
					t.Fatalf("state %s", *out.State)
				}
				return false, nil
			})
			tags, err := r.ListTags(ctx, &lambda.ListTagsInput{Resource: made.EventSourceMappingArn})
			if err != nil || tags.Tags["team"] != "b" {
				t.Fatalf("%+v %v", tags, err)
			}
		}
		state("Enabled", "Creating", "Enabling", "Disabling")
		if _, err := r.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, FunctionName: name, Enabled: aws.Bool(false), BatchSize: aws.Int32(5)}); err != nil {
			t.Fatal(err)
		}
		state("Disabled", "Updating", "Enabling", "Disabling")
		if _, err := r.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: made.UUID}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if got := r.state(*made.UUID); got != notFound+"The resource you requested does not exist." {
			t.Error(got)
		}
		if _, err := r.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name}); err != nil {
			t.Fatal(err)
		}
		_, err = r.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: name})
		refused(t, "after destroy", err, notFound+"Function not found: "+fn+":f")
	})
}

// The SDK's waiters come to an end.
func TestWaiters(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		in := &lambda.GetFunctionInput{FunctionName: aws.String("f")}
		if _, err := r.CreateFunction(t.Context(), input("f", "echo")); err != nil {
			t.Fatal(err)
		}
		if err := lambda.NewFunctionExistsWaiter(r.Client).Wait(t.Context(), in, time.Minute); err != nil {
			t.Error(err)
		}
		if err := lambda.NewFunctionActiveV2Waiter(r.Client).Wait(t.Context(), in, time.Minute); err != nil {
			t.Error(err)
		}
		if _, err := r.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: archive("a", "b")}); err != nil {
			t.Fatal(err)
		}
		if err := lambda.NewFunctionUpdatedV2Waiter(r.Client).Wait(t.Context(), in, time.Minute); err != nil {
			t.Error(err)
		}
		failing := input("g", "unbuildable")
		r.create(failing)
		out, err := r.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: failing.FunctionName})
		if err != nil || out.State != types.StateFailed || *out.StateReason != "no such handler" || out.StateReasonCode != "FunctionError" || out.LastUpdateStatus != types.LastUpdateStatusFailed {
			t.Errorf("%+v %v", out, err)
		}
	})
}
