package lambdaapi

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control"
)

// configuration is a function as clients see it.
func configuration(f control.Function) FunctionConfiguration {
	c := listed(f)
	c.State, c.StateReason, c.StateReasonCode = shown(f.State), shown(f.StateReason), shown(f.StateReasonCode)
	c.LastUpdateStatus, c.LastUpdateStatusReason, c.LastUpdateStatusReasonCode = shown(f.LastUpdateStatus), shown(f.LastUpdateStatusReason), shown(f.LastUpdateStatusReasonCode)
	c.RuntimeVersionConfig = &RuntimeVersionConfig{RuntimeVersionArn: new(runtimeARN(f))}
	return c
}

// listed is a function as lists show it: without its state.
func listed(f control.Function) FunctionConfiguration {
	c := FunctionConfiguration{
		FunctionName: &f.Name, FunctionArn: &f.ARN, Version: new(latest), RevisionId: &f.RevisionID,
		Runtime: shown(f.Runtime), Handler: shown(f.Handler), Role: shown(f.Role), Description: new(text(f.Description)),
		CodeSize: &f.Code.Size, CodeSha256: &f.Code.Sha256, PackageType: new("Zip"),
		Timeout: &f.Timeout, MemorySize: &f.MemorySize, LastModified: new(awswire.ISO8601(f.LastModified)),
		Architectures: f.Architectures, EphemeralStorage: &EphemeralStorage{Size: &f.EphemeralStorage},
		TracingConfig: &TracingConfigResponse{Mode: &f.TracingMode},
		SnapStart:     &SnapStartResponse{ApplyOn: &f.SnapStart, OptimizationStatus: new("Off")},
		KMSKeyArn:     shown(text(f.KMSKeyArn)),
	}
	if f.Environment != nil {
		c.Environment = &EnvironmentResponse{Variables: f.Environment}
	}
	if l := f.LoggingConfig; l != nil {
		c.LoggingConfig = &LoggingConfig{
			LogFormat: shown(l.LogFormat), LogGroup: shown(l.LogGroup),
			ApplicationLogLevel: shown(l.ApplicationLogLevel), SystemLogLevel: shown(l.SystemLogLevel),
		}
	}
	if v := f.VpcConfig; v != nil {
		id := ""
		if len(v.SubnetIds)+len(v.SecurityGroupIds) > 0 {
			id = "vpc-00000000" // there is no network to look it up in
		}
		c.VpcConfig = &VpcConfigResponse{SubnetIds: v.SubnetIds, SecurityGroupIds: v.SecurityGroupIds, VpcId: &id, Ipv6AllowedForDualStack: &v.Ipv6AllowedForDualStack}
	}
	return c
}

// runtimeARN names a version of a runtime: another for each runtime.
func runtimeARN(f control.Function) string {
	sum := sha256.Sum256([]byte(f.Runtime))
	return "arn:aws:lambda:" + regionOf(f.ARN) + "::runtime:" + hex.EncodeToString(sum[:])
}

// regionOf is the region that an ARN names.
func regionOf(arn string) string {
	parts := strings.SplitN(arn, ":", 5)
	if len(parts) < 5 {
		return ""
	}
	return parts[3]
}

// The members of requests that hold others, as package control has them. nil is
// not given; given without what is inside is empty.

func variables(e *Environment) map[string]string {
	if e == nil {
		return nil
	}
	if e.Variables == nil {
		return map[string]string{}
	}
	return e.Variables
}

func logging(l *LoggingConfig) *control.LoggingConfig {
	if l == nil {
		return nil
	}
	return &control.LoggingConfig{
		LogFormat: text(l.LogFormat), ApplicationLogLevel: text(l.ApplicationLogLevel),
		SystemLogLevel: text(l.SystemLogLevel), LogGroup: text(l.LogGroup),
	}
}

func network(v *VpcConfig) *control.VpcConfig {
	if v == nil {
		return nil
	}
	return &control.VpcConfig{
		SubnetIds: append([]string{}, v.SubnetIds...), SecurityGroupIds: append([]string{}, v.SecurityGroupIds...),
		Ipv6AllowedForDualStack: given(v.Ipv6AllowedForDualStack),
	}
}
