package template

import "strings"

// skip notes a resource that is not run, or refuses it if it is a delivery
// setting of what is run.
func (e *evaluator) skip(r *resource) {
	switch r.typ {
	case "AWS::SQS::QueuePolicy", "AWS::SQS::QueueInlinePolicy":
		e.st.recorded(r.pos, r.id, "", r.typ, noRoles)
		return
	case "AWS::Lambda::EventInvokeConfig":
		e.s.fail(r.pos, "%s: %s is refused: %s", r.id, r.typ, noAsync)
		return
	}
	e.st.warn(r.pos, r.id, "", r.typ+" is not run: "+whyNot(r.typ))
}

// whyNot is the reason why a type of resource is not run.
func whyNot(typ string) string {
	for _, w := range [...]struct{ prefix, reason string }{
		{"AWS::IAM::", noRoles},
		{"AWS::Lambda::Permission", noRoles},
		{"AWS::Lambda::Version", noAliases},
		{"AWS::Lambda::Alias", noAliases},
		{"AWS::Lambda::Url", "function URLs are not supported yet"},
		{"AWS::Lambda::Layer", "layers are not supported"},
		{"AWS::Serverless::LayerVersion", "layers are not supported"},
		{"AWS::CloudFormation::Stack", "nested stacks are not read; name their template"},
		{"AWS::Serverless::Application", "nested applications are not read; name their template"},
		{"AWS::CDK::Metadata", "it only reports how the CDK is used"},
		{"AWS::Logs::", "logs go to penstock"},
		{"AWS::SNS::", "deliveries from SNS are not supported yet"},
		{"AWS::Events::", "deliveries from EventBridge are not supported yet"},
		{"AWS::Scheduler::", "schedules are not supported yet"},
		{"AWS::S3::", "deliveries from S3 are not supported yet"},
		{"AWS::ApiGateway", "HTTP APIs are not supported yet"},
		{"AWS::Serverless::Api", "HTTP APIs are not supported yet"},
		{"AWS::Serverless::HttpApi", "HTTP APIs are not supported yet"},
		{"AWS::Kinesis::", "create the stream where it shall live"},
		{"AWS::DynamoDB::", "create the table where it shall live"},
		{"AWS::Serverless::SimpleTable", "create the table where it shall live"},
		{"Custom::", "custom resources are not created"},
		{"AWS::CloudFormation::CustomResource", "custom resources are not created"},
	} {
		if strings.HasPrefix(typ, w.prefix) {
			return w.reason
		}
	}
	return "penstock runs functions, SQS queues and event source mappings"
}
