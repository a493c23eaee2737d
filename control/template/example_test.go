package template_test

import (
	"fmt"

	"github.com/penstock/penstock/control/template"
)

func ExampleParse() {
	stack, err := template.Parse("shop/template.yaml", []byte(`
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::SQS::Queue
  Handle:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: python3.12
      Events:
        Orders:
          Type: SQS
          Properties:
            Queue: !GetAtt Orders.Arn
            BatchSize: 5
`), template.Options{Region: "eu-west-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	m := stack.Mappings[0]
	fmt.Println(m.Config.EventSourceArn, "to", m.Config.FunctionName, "by", m.Config.BatchSize)
	fmt.Println(stack.Functions[0].Code.Path, stack.Functions[0].Timeout)
	// Output:
	// arn:aws:sqs:eu-west-1:000000000000:shop-Orders to Handle by 5
	// shop/src 3s
}

func ExampleErrors() {
	_, err := template.Parse("template.yaml", []byte(`Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 12h
      DelaySeconds: !Ref Delay
`), template.Options{})
	fmt.Println(err)
	// Output:
	// template.yaml:5:26: Orders: VisibilityTimeout must be a whole number, not "12h"
	//     3 |     Type: AWS::SQS::Queue
	//     4 |     Properties:
	//     5 |       VisibilityTimeout: 12h
	//       |                          ^
	// template.yaml:6:21: Ref Delay: there is no parameter or resource of that name in this template
	//     4 |     Properties:
	//     5 |       VisibilityTimeout: 12h
	//     6 |       DelaySeconds: !Ref Delay
	//       |                     ^
}

func ExampleSettings() {
	for _, s := range template.Settings() {
		if s.Type == "AWS::SQS::Queue" && s.Class == template.Recorded && s.Reason != "" {
			fmt.Println(s.Property, s.Class+":", s.Reason)
		}
	}
	// Output:
	// KmsMasterKeyId recorded: penstock does not encrypt
	// KmsDataKeyReusePeriodSeconds recorded: penstock does not encrypt
	// SqsManagedSseEnabled recorded: penstock does not encrypt
	// Tags recorded: it only describes
}
