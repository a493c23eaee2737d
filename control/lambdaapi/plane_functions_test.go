package lambdaapi_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// varying are members that differ from run to run, or belong to the answer.
var varying = cmp.Options{
	cmpopts.IgnoreUnexported(types.FunctionConfiguration{}, types.EnvironmentResponse{}, types.EphemeralStorage{}, types.LoggingConfig{},
		types.SnapStartResponse{}, types.TracingConfigResponse{}, types.RuntimeVersionConfig{}, types.VpcConfigResponse{},
		lambda.CreateFunctionOutput{}, lambda.GetFunctionConfigurationOutput{}, lambda.UpdateFunctionConfigurationOutput{}, lambda.UpdateFunctionCodeOutput{}),
	cmpopts.IgnoreTypes(middleware.Metadata{}),
}

// A function from its creation to its end, every member of every answer.
func TestFunctionOnTheWire(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		r.gate = make(chan struct{})
		in := input("f", "echo")
		in.Tags = map[string]string{"team": "a"}
		created, err := r.CreateFunction(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		modified := time.Now().UTC().Format("2006-01-02T15:04:05.000") + "+0000"
		want := &lambda.CreateFunctionOutput{
			FunctionName: aws.String("f"), FunctionArn: aws.String(fn + ":f"), Version: aws.String("$LATEST"), RevisionId: created.RevisionId,
			Runtime: types.RuntimePython312, Handler: aws.String("echo"), Role: aws.String(role), Description: aws.String(""),
			CodeSize: int64(len(in.Code.ZipFile)), CodeSha256: aws.String(sum(in.Code.ZipFile)), PackageType: types.PackageTypeZip,
			Timeout: aws.Int32(3), MemorySize: aws.Int32(128), LastModified: &modified, Architectures: []types.Architecture{types.ArchitectureX8664},
			EphemeralStorage: &types.EphemeralStorage{Size: aws.Int32(512)}, TracingConfig: &types.TracingConfigResponse{Mode: types.TracingModePassThrough},
			SnapStart:     &types.SnapStartResponse{ApplyOn: types.SnapStartApplyOnNone, OptimizationStatus: types.SnapStartOptimizationStatusOff},
			LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormatText, LogGroup: aws.String("/aws/lambda/f")},
			State:         types.StatePending, StateReasonCode: types.StateReasonCodeCreating, StateReason: aws.String("The function is being created."),
			RuntimeVersionConfig: created.RuntimeVersionConfig,
		}
		if diff := cmp.Diff(want, created, varying); diff != "" {
			t.Errorf("created -want +got\n%s", diff)
		}
		if a := *created.RuntimeVersionConfig.RuntimeVersionArn; !strings.HasPrefix(a, "arn:aws:lambda:eu-west-1::runtime:") || len(a) != len("arn:aws:lambda:eu-west-1::runtime:")+64 {
			t.Error(a)
		}
		close(r.gate)
		r.settle()
		active, err := r.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: in.FunctionName, Qualifier: aws.String("$LATEST")})
		if err != nil {
			t.Fatal(err)
		}
		if active.State != types.StateActive || active.StateReason != nil || active.StateReasonCode != "" || active.LastUpdateStatus != types.LastUpdateStatusSuccessful ||
			active.LastUpdateStatusReason != nil || *active.FunctionArn != fn+":f:$LATEST" || *active.RevisionId == *created.RevisionId {
			t.Errorf("active %+v", active)
		}
		r.mu.Lock()
		r.gate = make(chan struct{})
		r.mu.Unlock()
		time.Sleep(time.Second)
		updated, err := r.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: in.FunctionName, Timeout: aws.Int32(9),
			Environment: &types.Environment{Variables: map[string]string{}}, VpcConfig: &types.VpcConfig{SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{}}, RevisionId: active.RevisionId})
		if err != nil {
			t.Fatal(err)
		}
		if updated.State != types.StateActive || updated.LastUpdateStatus != types.LastUpdateStatusInProgress || updated.LastUpdateStatusReasonCode != "Creating" ||
			*updated.LastUpdateStatusReason != "The function is being created." || *updated.Timeout != 9 || updated.Environment == nil || *updated.LastModified == modified ||
			!cmp.Equal(updated.VpcConfig, &types.VpcConfigResponse{SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{}, VpcId: aws.String("vpc-00000000"), Ipv6AllowedForDualStack: aws.Bool(false)}, varying) {
			t.Errorf("updated %+v", updated)
		}
		in2 := &lambda.UpdateFunctionCodeInput{FunctionName: aws.String(fn + ":f"), ZipFile: archive("b.py", "other")}
		if got := problem(t, func() error { _, err := r.UpdateFunctionCode(t.Context(), in2); return err }); got != "ResourceConflictException client: The operation cannot be performed at this time. An update is in progress for resource: "+fn+":f" {
			t.Error(got)
		}
		close(r.gate)
		r.settle()
		in2.DryRun = true
		dry, err := r.UpdateFunctionCode(t.Context(), in2)
		if err != nil || *dry.CodeSha256 != sum(in2.ZipFile) || dry.LastUpdateStatus != types.LastUpdateStatusSuccessful {
			t.Errorf("dry run %+v %v", dry, err)
		}
		in2.DryRun, in2.Architectures = false, []types.Architecture{types.ArchitectureArm64}
		code, err := r.UpdateFunctionCode(t.Context(), in2)
		if err != nil || *code.CodeSha256 != sum(in2.ZipFile) || code.CodeSize != int64(len(in2.ZipFile)) || code.Architectures[0] != "arm64" || *code.RevisionId == *dry.RevisionId {
			t.Errorf("code %+v %v", code, err)
		}
		r.settle()
		gone, err := r.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: in.FunctionName})
		if err != nil || gone.StatusCode != 204 {
			t.Errorf("%+v %v", gone, err)
		}
		for range 2 {
			if got := problem(t, func() error {
				_, err := r.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: in.FunctionName})
				return err
			}); got != "ResourceNotFoundException client: Function not found: "+fn+":f" {
				t.Error(got)
			}
		}
	})
}

// GetFunction tells where the code is, for ten minutes.
func TestCodeLocation(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		in := input("f", "echo")
		in.Tags = map[string]string{"team": "a"}
		r.create(in)
		got, err := r.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: in.FunctionName})
		if err != nil {
			t.Fatal(err)
		}
		if *got.Code.RepositoryType != "S3" || got.Tags["team"] != "a" || got.Concurrency != nil || *got.Configuration.FunctionArn != fn+":f" {
			t.Errorf("%+v", got)
		}
		link := *got.Code.Location
		if status, body := r.fetch(link); status != 200 || !bytes.Equal(body, in.Code.ZipFile) || !strings.HasPrefix(link, "http://lambda.test/_penstock/code/f/$LATEST?") {
			t.Errorf("%s: %d, %d bytes", link, status, len(body))
		}
		for name, wrong := range map[string]string{
			"function": strings.Replace(link, "/f/", "/g/", 1), "code": strings.Replace(link, "X-Code=", "X-Code=0", 1),
			"expiry": strings.Replace(link, "X-Expires=", "X-Expires=9", 1), "signature": strings.Split(link, "&X-Signature")[0],
		} {
			if status, _ := r.fetch(wrong); status != 403 {
				t.Errorf("another %s: %d", name, status)
			}
		}
		if out, err := r.http.Post(link, "", nil); err != nil || out.StatusCode != 405 {
			t.Errorf("POST: %+v %v", out, err)
		} else {
			out.Body.Close()
		}
		time.Sleep(10*time.Minute - 2*time.Second)
		if status, _ := r.fetch(link); status != 200 {
			t.Errorf("before ten minutes: %d", status)
		}
		time.Sleep(4 * time.Second)
		if status, body := r.fetch(link); status != 403 || !strings.Contains(string(body), "expired") {
			t.Errorf("after ten minutes: %d %s", status, body)
		}
		got, err = r.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: in.FunctionName})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: in.FunctionName}); err != nil {
			t.Fatal(err)
		}
		r.settle()
		if status, _ := r.fetch(*got.Code.Location); status != 404 {
			t.Errorf("code that is gone: %d", status)
		}

		folder := t.TempDir()
		in = input("local", "echo")
		in.Code = &types.FunctionCode{S3Bucket: aws.String("penstock-local"), S3Key: &folder}
		if made := r.create(in); made.CodeSize != 0 || len(*made.CodeSha256) != 44 {
			t.Errorf("%+v", made)
		}
		got, err = r.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: in.FunctionName})
		if err != nil || *got.Code.Location != "file://"+folder || got.Tags != nil {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// Lists are pages without states.
func TestFunctionLists(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		if out, err := r.ListFunctions(t.Context(), &lambda.ListFunctionsInput{}); err != nil || out.Functions == nil || len(out.Functions) != 0 || out.NextMarker != nil {
			t.Errorf("%+v %v", out, err)
		}
		for _, name := range []string{"c", "a", "b"} {
			r.create(input(name, "echo"))
		}
		var names []string
		pages := lambda.NewListFunctionsPaginator(r.Client, &lambda.ListFunctionsInput{MaxItems: aws.Int32(2), FunctionVersion: types.FunctionVersionAll})
		for n := 0; pages.HasMorePages(); n++ {
			page, err := pages.NextPage(t.Context())
			if err != nil || n > 1 {
				t.Fatal(n, err)
			}
			for _, f := range page.Functions {
				if f.State != "" || f.LastUpdateStatus != "" || f.RuntimeVersionConfig != nil || f.CodeSize == 0 || *f.Version != "$LATEST" {
					t.Errorf("%+v", f)
				}
				names = append(names, *f.FunctionArn)
			}
		}
		if want := []string{fn + ":a:$LATEST", fn + ":b:$LATEST", fn + ":c:$LATEST"}; !cmp.Equal(names, want) {
			t.Error(names)
		}
		for region, n := range map[string]int{"eu-west-1": 3, "us-east-1": 0, "ALL": 3} {
			out, err := r.ListFunctions(t.Context(), &lambda.ListFunctionsInput{MasterRegion: &region})
			if err != nil || len(out.Functions) != n || n > 0 && *out.Functions[0].FunctionArn != fn+":a" {
				t.Errorf("%s: %+v %v", region, out, err)
			}
		}
		for _, name := range []string{"a", fn + ":a:$LATEST"} {
			out, err := r.ListVersionsByFunction(t.Context(), &lambda.ListVersionsByFunctionInput{FunctionName: &name})
			if err != nil || len(out.Versions) != 1 || *out.Versions[0].FunctionArn != fn+":a:$LATEST" || out.Versions[0].State != "" || out.NextMarker != nil {
				t.Errorf("%+v %v", out, err)
			}
		}
		if out, err := r.GetFunctionCodeSigningConfig(t.Context(), &lambda.GetFunctionCodeSigningConfigInput{FunctionName: aws.String("a")}); err != nil || out.CodeSigningConfigArn != nil {
			t.Errorf("%+v %v", out, err)
		}
		out, err := r.GetAccountSettings(t.Context(), &lambda.GetAccountSettingsInput{})
		if size := int64(3 * len(input("a", "echo").Code.ZipFile)); err != nil || out.AccountUsage.FunctionCount != 3 || out.AccountUsage.TotalCodeSize != size || *out.AccountLimit.UnreservedConcurrentExecutions != 1000 {
			t.Errorf("%+v %v", out.AccountUsage, err)
		}
		synctest.Wait()
	})
}

func TestTags(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		r.create(input("f", "echo"))
		m := r.mapping(&lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: aws.String(queueARN), Tags: map[string]string{"a": "1"}})
		for _, arn := range []string{fn + ":f", *m.EventSourceMappingArn} {
			tags := func() map[string]string {
				out, err := r.ListTags(t.Context(), &lambda.ListTagsInput{Resource: &arn})
				if err != nil {
					t.Fatal(err)
				}
				return out.Tags
			}
			if _, err := r.TagResource(t.Context(), &lambda.TagResourceInput{Resource: &arn, Tags: map[string]string{"a": "2", "b": "ü"}}); err != nil {
				t.Error(err)
			}
			if got := tags(); !cmp.Equal(got, map[string]string{"a": "2", "b": "ü"}) {
				t.Error(got)
			}
			if _, err := r.UntagResource(t.Context(), &lambda.UntagResourceInput{Resource: &arn, TagKeys: []string{"a", "b", "none"}}); err != nil {
				t.Error(err)
			}
			if got := tags(); got == nil || len(got) != 0 {
				t.Error(got)
			}
		}
	})
}
