package lambdaapi_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A draw makes random members of valid inputs, about half of them absent.
type draw struct{ *rand.Rand }

func (d draw) absent() bool { return d.IntN(2) == 0 }

func (d draw) number(least, most int) *int32 {
	if d.absent() {
		return nil
	}
	return aws.Int32(int32(least + d.IntN(most-least+1)))
}

// text is of at most n characters of an alphabet.
func (d draw) text(alphabet string, least, most int) string {
	letters := []rune(alphabet)
	var b strings.Builder
	for range least + d.IntN(most-least+1) {
		b.WriteRune(letters[d.IntN(len(letters))])
	}
	return b.String()
}

func pick[T any](d draw, values ...T) T { return values[d.IntN(len(values))] }

const (
	names = "abcXYZ019_"
	free  = names + ` "\<>&{}` + "\u00fc\u65e5\U0001f600\n\x7f"
)

// input is a random function.
func (d draw) input(name string) *lambda.CreateFunctionInput {
	in := input(name, "h."+d.text(names, 1, 100))
	in.Runtime = pick(d, types.RuntimePython312, types.RuntimeNodejs22x, types.RuntimeProvidedal2023, types.Runtime("python9.99"))
	in.Role = aws.String(role + d.text(names+"+=,.@-/", 0, 60))
	in.Timeout, in.MemorySize = d.number(1, 900), d.number(128, 10240)
	in.Architectures = pick(d, nil, []types.Architecture{"x86_64"}, []types.Architecture{"arm64"})
	in.Tags = pick(d, nil, map[string]string{d.text(names, 1, 128): d.text(names, 0, 256)})
	if !d.absent() {
		in.Description = aws.String(d.text(free, 0, 100))
	}
	if !d.absent() {
		in.Environment = &types.Environment{Variables: map[string]string{}}
		for range d.IntN(4) {
			in.Environment.Variables["V"+d.text(names, 1, 30)] = d.text(free, 0, 100)
		}
	}
	if size := d.number(512, 10240); size != nil {
		in.EphemeralStorage = &types.EphemeralStorage{Size: size}
	}
	if !d.absent() {
		in.TracingConfig = &types.TracingConfig{Mode: pick(d, types.TracingModeActive, types.TracingModePassThrough)}
	}
	if !d.absent() {
		in.SnapStart = &types.SnapStart{ApplyOn: pick(d, types.SnapStartApplyOnNone, types.SnapStartApplyOnPublishedVersions)}
	}
	if !d.absent() {
		in.VpcConfig = &types.VpcConfig{SubnetIds: pick(d, []string{}, []string{"subnet-1", "subnet-2"}), SecurityGroupIds: pick(d, []string{}, []string{"sg-1"}), Ipv6AllowedForDualStack: pick(d, nil, aws.Bool(true))}
	}
	if !d.absent() {
		in.KMSKeyArn = aws.String("arn:aws:kms:eu-west-1:111122223333:key/" + d.text(names, 1, 30))
	}
	switch d.IntN(3) {
	case 0:
		in.LoggingConfig = &types.LoggingConfig{LogFormat: types.LogFormatJson, ApplicationLogLevel: pick(d, "", types.ApplicationLogLevelTrace), SystemLogLevel: pick(d, "", types.SystemLogLevelWarn)}
	case 1:
		in.LoggingConfig = &types.LoggingConfig{LogGroup: aws.String("/" + d.text(names, 1, 40))}
	}
	return in
}

// over is what a function becomes that was before and is given in.
func over(before types.FunctionConfiguration, in *lambda.CreateFunctionInput) types.FunctionConfiguration {
	c := before
	c.Runtime, c.Handler, c.Role = in.Runtime, in.Handler, in.Role
	c.Description = first(in.Description, c.Description)
	c.Timeout, c.MemorySize = first(in.Timeout, c.Timeout), first(in.MemorySize, c.MemorySize)
	c.EphemeralStorage, c.KMSKeyArn = first(in.EphemeralStorage, c.EphemeralStorage), first(in.KMSKeyArn, c.KMSKeyArn)
	if in.Architectures != nil {
		c.Architectures = in.Architectures
	}
	if in.Environment != nil {
		c.Environment = &types.EnvironmentResponse{Variables: in.Environment.Variables}
	}
	if in.TracingConfig != nil {
		c.TracingConfig = &types.TracingConfigResponse{Mode: in.TracingConfig.Mode}
	}
	if in.SnapStart != nil {
		c.SnapStart = &types.SnapStartResponse{ApplyOn: in.SnapStart.ApplyOn, OptimizationStatus: types.SnapStartOptimizationStatusOff}
	}
	if v := in.VpcConfig; v != nil {
		id := "vpc-00000000"
		if len(v.SubnetIds)+len(v.SecurityGroupIds) == 0 {
			id = ""
		}
		c.VpcConfig = &types.VpcConfigResponse{SubnetIds: v.SubnetIds, SecurityGroupIds: v.SecurityGroupIds, VpcId: &id, Ipv6AllowedForDualStack: aws.Bool(aws.ToBool(v.Ipv6AllowedForDualStack))}
	}
	if l := in.LoggingConfig; l != nil {
		merged := *c.LoggingConfig
		merged.LogGroup = first(l.LogGroup, merged.LogGroup)
		if l.LogFormat == types.LogFormatJson {
			merged.LogFormat = l.LogFormat
			merged.ApplicationLogLevel = some(l.ApplicationLogLevel, merged.ApplicationLogLevel, types.ApplicationLogLevelInfo)
			merged.SystemLogLevel = some(l.SystemLogLevel, merged.SystemLogLevel, types.SystemLogLevelInfo)
		}
		c.LoggingConfig = &merged
	}
	return c
}

func first[T any](p, otherwise *T) *T {
	if p == nil {
		return otherwise
	}
	return p
}

func some[T ~string](values ...T) T {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// What was given comes back, with AWS's defaults for the rest: after creation, in
// lists, and after an update.
func TestRandomFunctions(t *testing.T) {
	deployed(t, func(t *testing.T, r *rig) {
		changing := cmpopts.IgnoreFields(types.FunctionConfiguration{}, "RevisionId", "LastModified", "State", "LastUpdateStatus", "RuntimeVersionConfig")
		for seed := range uint64(150) {
			d, name := draw{rand.New(rand.NewPCG(seed, 1))}, fmt.Sprintf("f%d", seed)
			in := d.input(name)
			r.create(in)
			want := over(types.FunctionConfiguration{
				FunctionName: &name, FunctionArn: aws.String(fn + ":" + name), Version: aws.String("$LATEST"), PackageType: types.PackageTypeZip,
				CodeSize: int64(len(in.Code.ZipFile)), CodeSha256: aws.String(sum(in.Code.ZipFile)), Description: aws.String(""), Timeout: aws.Int32(3), MemorySize: aws.Int32(128),
				Architectures: []types.Architecture{"x86_64"}, EphemeralStorage: &types.EphemeralStorage{Size: aws.Int32(512)},
				TracingConfig: &types.TracingConfigResponse{Mode: types.TracingModePassThrough}, LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormatText, LogGroup: aws.String("/aws/lambda/" + name)},
				SnapStart: &types.SnapStartResponse{ApplyOn: types.SnapStartApplyOnNone, OptimizationStatus: types.SnapStartOptimizationStatusOff},
			}, in)
			check := func(what string) {
				t.Helper()
				got, err := r.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: &name})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(&want, got.Configuration, varying, changing) + cmp.Diff(in.Tags, got.Tags); diff != "" || got.Configuration.State != types.StateActive {
					t.Fatalf("seed %d, %s -want +got\n%s", seed, what, diff)
				}
			}
			check("created")
			next := d.input(name)
			next.Architectures = nil
			if _, err := r.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{
				FunctionName: &name, Runtime: next.Runtime, Handler: next.Handler, Role: next.Role, Description: next.Description, Timeout: next.Timeout, MemorySize: next.MemorySize,
				Environment: next.Environment, EphemeralStorage: next.EphemeralStorage, TracingConfig: next.TracingConfig, SnapStart: next.SnapStart, VpcConfig: next.VpcConfig,
				KMSKeyArn: next.KMSKeyArn, LoggingConfig: next.LoggingConfig,
			}); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			r.settle()
			want = over(want, next)
			check("updated")
			if seed%10 == 9 {
				if _, err := r.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: &name}); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
