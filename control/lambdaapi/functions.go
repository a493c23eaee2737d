package lambdaapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/penstock/penstock/awswire"
	"github.com/penstock/penstock/control"
)

const (
	latest = "$LATEST"
	image  = "Image"
)

func (s service) createFunction(ctx context.Context, in *CreateFunctionRequest) (*FunctionConfiguration, error) {
	if text(in.PackageType) == image {
		if in.Handler != nil || in.Runtime != nil {
			return nil, Exception(InvalidParameterValueException, "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.")
		}
		return nil, Exception(InvalidParameterValueException, "Container images are not supported by this endpoint.")
	}
	f, err := s.plane.CreateFunction(ctx, control.FunctionInput{
		Name: text(in.FunctionName),
		Configuration: control.Configuration{
			Runtime: text(in.Runtime), Handler: text(in.Handler), Role: text(in.Role), Description: in.Description,
			Timeout: given(in.Timeout), MemorySize: given(in.MemorySize), Environment: variables(in.Environment),
			Architectures: in.Architectures, EphemeralStorage: given(given(in.EphemeralStorage).Size),
			TracingMode: text(given(in.TracingConfig).Mode), LoggingConfig: logging(in.LoggingConfig),
			VpcConfig: network(in.VpcConfig), KMSKeyArn: in.KMSKeyArn, SnapStart: text(given(in.SnapStart).ApplyOn),
		},
		Code: control.CodeSource{ZipFile: in.Code.ZipFile, S3Bucket: text(in.Code.S3Bucket), S3Key: text(in.Code.S3Key)},
		Tags: in.Tags,
	})
	return answer(f, err)
}

func (s service) updateConfiguration(ctx context.Context, in *UpdateFunctionConfigurationRequest) (*FunctionConfiguration, error) {
	f, err := s.plane.UpdateFunctionConfiguration(ctx, control.ConfigurationUpdate{
		Name: text(in.FunctionName), RevisionID: text(in.RevisionId),
		Configuration: control.Configuration{
			Runtime: text(in.Runtime), Handler: text(in.Handler), Role: text(in.Role), Description: in.Description,
			Timeout: given(in.Timeout), MemorySize: given(in.MemorySize), Environment: variables(in.Environment),
			EphemeralStorage: given(given(in.EphemeralStorage).Size),
			TracingMode:      text(given(in.TracingConfig).Mode), LoggingConfig: logging(in.LoggingConfig),
			VpcConfig: network(in.VpcConfig), KMSKeyArn: in.KMSKeyArn, SnapStart: text(given(in.SnapStart).ApplyOn),
		},
	})
	return answer(f, err)
}

func (s service) updateCode(ctx context.Context, in *UpdateFunctionCodeRequest) (*FunctionConfiguration, error) {
	f, err := s.plane.UpdateFunctionCode(ctx, control.CodeUpdate{
		Name: text(in.FunctionName), RevisionID: text(in.RevisionId), Architectures: in.Architectures, DryRun: given(in.DryRun),
		Code: control.CodeSource{ZipFile: in.ZipFile, S3Bucket: text(in.S3Bucket), S3Key: text(in.S3Key)},
	})
	return answer(f, err)
}

func answer(f control.Function, err error) (*FunctionConfiguration, error) {
	if err != nil {
		return nil, err
	}
	c := configuration(f)
	return &c, nil
}

func (s service) getFunctionConfiguration(_ context.Context, in *GetFunctionConfigurationRequest) (*FunctionConfiguration, error) {
	return answer(s.plane.GetFunction(text(in.FunctionName), text(in.Qualifier)))
}

func (s service) getFunction(ctx context.Context, in *GetFunctionRequest) (*GetFunctionResponse, error) {
	f, err := s.plane.GetFunction(text(in.FunctionName), text(in.Qualifier))
	if err != nil {
		return nil, err
	}
	c := configuration(f)
	out := &GetFunctionResponse{Configuration: &c, Code: &FunctionCodeLocation{RepositoryType: new("S3")}}
	if s.links != nil {
		out.Code.Location = new(s.links.Location(awswire.FromContext(ctx).BaseURL, f))
	}
	if len(f.Tags) > 0 {
		out.Tags = f.Tags
	}
	if f.Reserved != nil {
		out.Concurrency = &Concurrency{ReservedConcurrentExecutions: f.Reserved}
	}
	return out, nil
}

func (s service) listFunctions(_ context.Context, in *ListFunctionsRequest) (*ListFunctionsResponse, error) {
	list, next, err := s.plane.ListFunctions(text(in.Marker), given(in.MaxItems))
	if err != nil {
		return nil, err
	}
	out := &ListFunctionsResponse{Functions: []FunctionConfiguration{}, NextMarker: shown(next)}
	for _, f := range list {
		if from := text(in.MasterRegion); from != "" && from != "ALL" && from != regionOf(f.ARN) {
			return &ListFunctionsResponse{Functions: []FunctionConfiguration{}}, nil // replicas of Lambda@Edge are elsewhere
		}
		if text(in.FunctionVersion) == "ALL" {
			f.ARN += ":" + latest
		}
		out.Functions = append(out.Functions, listed(f))
	}
	return out, nil
}

// listVersions lists the one version that there is. Terraform takes the last for
// the newest.
func (s service) listVersions(_ context.Context, in *ListVersionsByFunctionRequest) (*ListVersionsByFunctionResponse, error) {
	f, err := s.plane.GetFunction(text(in.FunctionName), "")
	if err != nil {
		return nil, err
	}
	if text(in.Marker) != "" {
		return nil, Exception(InvalidParameterValueException, "Invalid Marker")
	}
	f.ARN = strings.TrimSuffix(f.ARN, ":"+latest) + ":" + latest
	return &ListVersionsByFunctionResponse{Versions: []FunctionConfiguration{listed(f)}}, nil
}

func (s service) deleteFunction(ctx context.Context, in *DeleteFunctionRequest) (*DeleteFunctionResponse, error) {
	err := s.plane.DeleteFunction(ctx, text(in.FunctionName), text(in.Qualifier))
	return &DeleteFunctionResponse{StatusCode: new(http.StatusNoContent)}, err
}

// getCodeSigning answers that a function that exists has no code signing, as AWS
// does: with nothing, although its model demands two members.
func (s service) getCodeSigning(_ context.Context, in *GetFunctionCodeSigningConfigRequest) (*GetFunctionCodeSigningConfigResponse, error) {
	_, err := s.plane.GetFunction(text(in.FunctionName), "")
	return &GetFunctionCodeSigningConfigResponse{}, err
}
