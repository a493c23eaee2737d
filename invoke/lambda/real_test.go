//go:build real

package lambda_test

import (
	"archive/zip"
	"bytes"
	"context"
	"net"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/invoke/lambda"
	"github.com/penstock/penstock/invoke/targettest"
)

// ministack is the configuration of the server that peers/with.sh started.
func ministack(t *testing.T) aws.Config {
	url := os.Getenv("PENSTOCK_MINISTACK")
	if url == "" {
		t.Fatal("PENSTOCK_MINISTACK is not set: run this through peers/with.sh")
	}
	return aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		BaseEndpoint: aws.String(url),
	}
}

// create makes a Python function and deletes it when the test ends.
func create(t *testing.T, cfg aws.Config, name, module string) {
	var code bytes.Buffer
	z := zip.NewWriter(&code)
	w, err := z.Create("handle.py")
	if err == nil {
		_, err = w.Write([]byte(module))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	client := awslambda.NewFromConfig(cfg)
	_, err = client.CreateFunction(t.Context(), &awslambda.CreateFunctionInput{
		FunctionName: &name, Handler: aws.String("handle.handler"), Runtime: types.RuntimePython312,
		Role: aws.String("arn:aws:iam::000000000000:role/r"), Timeout: aws.Int32(60),
		Code: &types.FunctionCode{ZipFile: code.Bytes()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteFunction(context.Background(), &awslambda.DeleteFunctionInput{FunctionName: &name}); err != nil {
			t.Error(err)
		}
	})
	waiter := awslambda.NewFunctionActiveV2Waiter(client)
	if err := waiter.Wait(t.Context(), &awslambda.GetFunctionInput{FunctionName: &name}, time.Minute); err != nil {
		t.Fatal(err)
	}
}

func TestRealConformance(t *testing.T) {
	cfg := ministack(t)
	targettest.Run(t, false, func(t *testing.T) targettest.Rig {
		name := "conformance-" + invoke.NewID()
		create(t, cfg, name, targettest.Python)
		closed, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		closed.Close()
		nowhere := cfg.Copy()
		nowhere.BaseEndpoint = aws.String("http://" + closed.Addr().String())
		return targettest.Rig{
			Target:      lambda.Endpoint(cfg, name),
			Refused:     lambda.Endpoint(cfg, name+"-not"),
			Unreachable: lambda.Endpoint(nowhere, name),
			OwnID:       true,
			OtherID:     true,
		}
	})
}

func TestRealQualifierAndLog(t *testing.T) {
	cfg := ministack(t)
	name := "log-" + invoke.NewID()
	create(t, cfg, name, "def handler(event, context):\n    print('seen', event['n'])\n    return context.client_context and context.client_context.env\n")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got, err := lambda.Endpoint(cfg, name+":$LATEST").Tail().Invoke(ctx, invoke.Request{Event: []byte(`{"n":7}`)})
	if err != nil || got.Failure != "" || !bytes.Contains(got.Log, []byte("seen 7")) {
		t.Errorf("%+v, %v", got, err)
	}
}
