package template

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

const project = `
-- shop/template.yaml --
Transform: AWS::Serverless-2016-10-31
Resources:
  Written:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.12, CodeUri: src}
-- shop/src/a.py --
-- shop/.aws-sam/build/template.yaml --
Transform: AWS::Serverless-2016-10-31
Resources:
  Built:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.12, CodeUri: Built}
-- shop/.aws-sam/build/Built/a.py --
-- built/.aws-sam/build/template.yaml --
Transform: AWS::Serverless-2016-10-31
Resources:
  Built:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.12, CodeUri: Built}
-- built/.aws-sam/build/Built/a.py --
-- yml/template.yml --
{"Resources": {"Yml": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b", "Runtime": "python3.12", "Code": "."}}}}
-- json/template.json --
{"Resources": {"Json": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b", "Runtime": "python3.12", "Code": "."}}}}
-- missing/template.json --
{"Resources": {"Json": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b", "Runtime": "python3.12", "Code": "gone"}}}}
-- nothing/readme --
-- cdk/cdk.json --
-- cdk/cdk.out/manifest.json --
{"version": "48.0.0", "artifacts": {
  "Tree": {"type": "cdk:tree"},
  "One.assets": {"type": "cdk:asset-manifest", "properties": {"file": "One.assets.json"}},
  "One": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "One.template.json"}}}}
-- cdk/cdk.out/One.template.json --
{"Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}},
 "Resources": {
  "ByMetadata123": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b", "Runtime": "python3.12",
    "Code": {"S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}, "S3Key": "0000000000000000000000000000000000000000000000000000000000000001.zip"}},
    "Metadata": {"aws:cdk:path": "One/Fn/Resource", "aws:asset:path": "asset.0001", "aws:asset:property": "Code"}},
  "ByKey": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b", "Runtime": "python3.12",
    "Code": {"S3Bucket": "b", "S3Key": "00000000000000000000000000000000000000000000000000000000000000ff.zip"}}}}}
-- cdk/cdk.out/asset.0001/a.py --
-- cdk/cdk.out/asset.00000000000000000000000000000000000000000000000000000000000000ff/a.py --
-- several/manifest.json --
{"artifacts": {
  "First": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "First.template.json", "stackName": "first-stack"}},
  "assembly-Stage": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Stage"}}}}
-- several/First.template.json --
{"Resources": {"Q1": {"Type": "AWS::SQS::Queue"}}}
-- several/assembly-Stage/manifest.json --
{"artifacts": {"StageSecond": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Second.template.json", "stackName": "second-stack"}}}}
-- several/assembly-Stage/Second.template.json --
{"Resources": {"Q2": {"Type": "AWS::SQS::Queue"}}}
-- outside/manifest.json --
{"artifacts": {"A": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "../shop/template.yaml"}}}}
-- malformed/manifest.json --
{"artifacts": [}
-- empty/manifest.json --
{"artifacts": {}}
`

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	if err := txtar.Write(txtar.Parse([]byte(project)), dir); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, stack string
		want        string // stack, functions with code, queues; or "error: ..."
	}{
		{"shop", "", "shop Written=shop/src"},
		{"shop/template.yaml", "", "shop Written=shop/src"},
		{"shop/.aws-sam/build/template.yaml", "", "shop Built=shop/.aws-sam/build/Built"},
		{"shop", "other", "other Written=shop/src"},
		{"built", "", "built Built=built/.aws-sam/build/Built"},
		{"yml", "", "yml Yml=yml"},
		{"json", "", "json Json=json"},
		{"cdk", "", "One ByMetadata123=cdk/cdk.out/asset.0001 ByKey=cdk/cdk.out/asset.00000000000000000000000000000000000000000000000000000000000000ff"},
		{"cdk/cdk.out", "mine", "mine ByMetadata123=cdk/cdk.out/asset.0001 ByKey=cdk/cdk.out/asset.00000000000000000000000000000000000000000000000000000000000000ff"},
		{"several", "first-stack", "first-stack Q1"},
		{"several", "StageSecond", "second-stack Q2"},
		{"several", "", "error: has several stacks; choose one by its name: first-stack, second-stack"},
		{"several", "third", `error: has no stack "third"; it has first-stack, second-stack`},
		{"outside", "", `error: the template "../shop/template.yaml" is outside the folder`},
		{"malformed", "", "error: malformed JSON"},
		{"empty", "", "error: has no stacks"},
		{"nothing", "", "error: has no template.yaml"},
		{"nowhere", "", "error: no such file"},
		{"missing", "", "error: Json: there is no code at"},
	} {
		t.Run(c.path+" "+c.stack, func(t *testing.T) {
			st, err := Load(filepath.Join(dir, c.path), Options{StackName: c.stack})
			if text, isError := strings.CutPrefix(c.want, "error: "); isError {
				if err == nil || !strings.Contains(err.Error(), text) {
					t.Fatalf("error %v, want %q", err, text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := []string{st.Name}
			for _, f := range st.Functions {
				rel, err := filepath.Rel(dir, f.Code.Path)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, f.LogicalID+"="+filepath.ToSlash(rel))
			}
			for _, q := range st.Queues {
				got = append(got, q.LogicalID)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %s, want %s", strings.Join(got, " "), c.want)
			}
		})
	}
}

func TestLoadTellsOfTheBuiltTemplate(t *testing.T) {
	dir := t.TempDir()
	if err := txtar.Write(txtar.Parse([]byte(project)), dir); err != nil {
		t.Fatal(err)
	}
	st, err := Load(filepath.Join(dir, "shop"), Options{})
	if err != nil || len(st.Warnings) != 1 || !strings.Contains(st.Warnings[0].Reason, "to run what sam built") {
		t.Fatalf("%+v, %v", st, err)
	}
	if st, err = Load(filepath.Join(dir, "cdk"), Options{}); err != nil || len(st.Warnings) != 0 {
		t.Errorf("CDK: %+v, %v", st, err)
	}
}

func TestLoadRefusesLargeFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "template.yaml")
	if err := os.WriteFile(file, make([]byte, maxBytes+2), 0o666); err != nil {
		t.Fatal(err)
	}
	var all Errors
	if _, err := Load(file, Options{}); !errors.As(err, &all) || !strings.Contains(err.Error(), "at most") {
		t.Errorf("%v", err)
	}
}
