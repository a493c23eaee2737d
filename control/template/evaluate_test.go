package template

import (
	"strings"
	"testing"
)

// value resolves one expression as an environment variable of a function in a
// template that has a little of everything.
func value(t *testing.T, expression string) (string, error) {
	t.Helper()
	st, err := Parse("app/template.yaml", []byte(strings.Replace(`
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters:
  Name: {Type: String, Default: dev}
  Size: {Type: Number, Default: 010}
  List: {Type: CommaDelimitedList, Default: "a, b ,c"}
  Numbers: {Type: List<Number>, Default: "1,2"}
Mappings:
  Regions:
    eu-west-1: {Bucket: b1, Zones: [x, y]}
Conditions:
  IsDev: !Equals [!Ref Name, dev]
  IsProd: !Not [!Condition IsDev]
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}
  Topic: {Type: AWS::SNS::Topic}
  Poll: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref Fn, EventSourceArn: !GetAtt Queue.Arn}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.12
      Environment:
        Variables:
          VALUE: EXPRESSION
`, "EXPRESSION", expression, 1)), Options{StackName: "stack", Account: "111122223333", Region: "eu-west-1", Imports: map[string]string{"shared": "imported"}})
	if err != nil {
		return "", err
	}
	return st.Functions[0].Environment["VALUE"], nil
}

func TestFunctions(t *testing.T) {
	for _, c := range []struct{ expression, want string }{
		{`plain`, "plain"},
		{`0123`, "0123"},
		{`1.50`, "1.50"},
		{`true`, "true"},
		{`yes`, "true"},
		{`"yes"`, "yes"},
		{`2012-10-17`, "2012-10-17"},
		{`arn:aws:sqs:x`, "arn:aws:sqs:x"},

		{`!Ref Name`, "dev"},
		{`{Ref: Name}`, "dev"},
		{`!Ref Size`, "010"},
		{`!Ref AWS::AccountId`, "111122223333"},
		{`!Ref AWS::Region`, "eu-west-1"},
		{`!Ref AWS::Partition`, "aws"},
		{`!Ref AWS::StackName`, "stack"},
		{`!Ref AWS::URLSuffix`, "amazonaws.com"},
		{`!Join ["", [!Ref AWS::StackId]]`, "arn:aws:cloudformation:eu-west-1:111122223333:stack/stack/" + uuid("stack", "stack")},
		{`!Join ["-", !Ref AWS::NotificationARNs]`, ""},
		{`!Ref Queue`, "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs"},
		{`!Ref Fn`, "Fn"},
		{`!Ref Poll`, mappingUUID("stack", "Poll")},
		{`!Ref {"Fn::Sub": "Na${Part}"}`, "error: Ref Part"},

		{`!GetAtt Queue.Arn`, "arn:aws:sqs:eu-west-1:111122223333:jobs"},
		{`{Fn::GetAtt: [Queue, Arn]}`, "arn:aws:sqs:eu-west-1:111122223333:jobs"},
		{`!GetAtt [Queue, QueueName]`, "jobs"},
		{`!GetAtt Queue.QueueUrl`, "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs"},
		{`!GetAtt Fn.Arn`, "arn:aws:lambda:eu-west-1:111122223333:function:Fn"},
		{`!GetAtt Poll.Id`, mappingUUID("stack", "Poll")},
		{`!GetAtt Poll.EventSourceMappingArn`, "arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:" + mappingUUID("stack", "Poll")},
		{`!Ref FnRole`, "stack-FnRole"},
		{`!Ref FnRoel`, "error: there is no parameter or resource"},
		{`!Ref ServerlessRestApi`, "stack-ServerlessRestApi"},
		{`!GetAtt Topic.TopicName`, "stack-Topic.TopicName"},
		{`!GetAtt Queue`, "error: Fn::GetAtt takes a resource and one of its attributes"},
		{`!GetAtt Queue.Colour`, "error: AWS::SQS::Queue has no attribute Colour"},
		{`!GetAtt Nowhere.Arn`, "error: there is no parameter or resource"},

		{`!Sub "${Name}-${Queue.QueueName}-${AWS::Region}"`, "dev-jobs-eu-west-1"},
		{`!Sub "${!Name} ${Name} $ {Name} $${Name} ${"`, "${Name} dev $ {Name} $dev ${"},
		{`!Sub ["${A}-${Name}-${B}", {A: 1, B: !Ref Size}]`, "1-dev-010"},
		{`!Sub ["${Name}", {Name: local}]`, "local"},
		{`!Sub "${List}"`, "error: ${List} in Fn::Sub is a list"},
		{`!Sub "${ Name }"`, "error: names in Fn::Sub have only"},
		{`!Sub "${Nowhere}"`, "error: there is no parameter or resource"},
		{`!Sub "${AWS::NoValue}"`, "error: has no value"},
		{`!Sub [!Ref Name, {}]`, "error: Fn::Sub takes a string without functions"},
		{`!Sub [a]`, "error: Fn::Sub takes a string, or"},

		{`!Join ["-", [a, !Ref Name, 3]]`, "a-dev-3"},
		{`!Join [",", !Ref List]`, "a,b,c"},
		{`!Join ["", [a, !Ref AWS::NoValue, b]]`, "ab"},
		{`!Join ["-"]`, "error: Fn::Join takes a delimiter and a list"},
		{`!Join ["-", a]`, "error: Fn::Join joins a list"},
		{`!Join ["-", [[a]]]`, "error: an item of Fn::Join must be a string"},

		{`!Select [1, !Ref List]`, "b"},
		{`!Select ["0", !Split ["|", "x|y"]]`, "x"},
		{`!Select [2, !Split ["|", "x|y"]]`, "error: cannot select 2 from a list of 2"},
		{`!Select [-1, [a]]`, "error: cannot select -1"},
		{`!Split ["", x]`, "error: must not be empty"},
		{`!Split ["a", xay]`, "error: must be a string, not a list"},
		{`!Base64 abc`, "YWJj"},
		{`!Base64 {Fn::Sub: "${Name}!"}`, "ZGV2IQ=="},
		{`!Length [a, b, c]`, "3"},
		{`!Length {Ref: List}`, "3"},
		{`!ToJsonString {a: 1, b: [true, "x<y"], c: !Ref Name}`, `{"a":1,"b":[true,"x<y"],"c":"dev"}`},
		{`!ToJsonString x`, "error: takes a map or a list"},
		{`!Select [1, !GetAZs ""]`, "eu-west-1b"},
		{`!Select [0, !GetAZs us-east-1]`, "us-east-1a"},

		{`!FindInMap [Regions, !Ref AWS::Region, Bucket]`, "b1"},
		{`!Select [1, !FindInMap [Regions, eu-west-1, Zones]]`, "y"},
		{`!FindInMap [Regions, us-east-1, Bucket]`, "error: no top-level key us-east-1"},
		{`!FindInMap [Regions, us-east-1, Bucket, {DefaultValue: !Ref Name}]`, "dev"},
		{`!FindInMap [Nowhere, a, b]`, "error: no mapping Nowhere"},

		{`!If [IsDev, a, b]`, "a"},
		{`!If [IsProd, !Ref Nowhere, !If [IsDev, c, d]]`, "c"},
		{`!If [Nowhere, a, b]`, "error: no condition"},
		{`!If [IsDev, a]`, "error: Fn::If takes the name of a condition and two values"},
		{`!And [!Condition IsDev, !Condition IsProd]`, "false"},
		{`!Or [!Condition IsDev, !Condition IsProd]`, "true"},
		{`!Not [!Equals [a, "a"]]`, "false"},
		{`!Equals [1, "1"]`, "true"},
		{`!Equals [a]`, "error: Fn::Equals takes a list of two values"},
		{`!And [!Condition IsDev]`, "error: takes a list of 2 to 10"},
		{`!Not [a]`, "error: a condition is one of"},

		{`!Join [" ", !Cidr ["10.0.0.0/24", 3, 5]]`, "10.0.0.0/27 10.0.0.32/27 10.0.0.64/27"},
		{`!Join [" ", !Cidr ["192.168.7.9/16", "2"]]`, "192.168.0.0/24 192.168.1.0/24"},
		{`!Join [" ", !Cidr ["2001:db8::/56", 2, 64]]`, "2001:db8::/64 2001:db8:0:1::/64"},
		{`!Join [" ", !Cidr ["10.0.0.0/24", 9, 5]]`, "error: does not hold 9 networks"},
		{`!Join [" ", !Cidr ["10.0.0.0/24", 1, -1]]`, "error: does not hold"},
		{`!Join [" ", !Cidr ["ten", 1, 5]]`, "error: takes an IP block"},

		{`!ImportValue shared`, "imported"},
		{`!ImportValue other`, "other"},
		{`{Fn::Transform: {Name: x}}`, "error: Fn::Transform runs a macro"},
		{`{Fn::Fancy: x}`, "error: unknown function Fn::Fancy"},
		{`{Fn::Sub: a, other: b}`, "error: Fn::Sub must be the only member"},
		{`!Ref AWS::Nothing`, "error: unknown pseudo parameter"},
		{`!Ref [a]`, "error: Ref takes the name"},
		{`[a]`, "error: must be a string, not a list"},
		{`~`, "error: null values are not allowed"},
		{`!Ref AWS::NoValue`, ""},
	} {
		t.Run(c.expression, func(t *testing.T) {
			got, err := value(t, c.expression)
			if rule, isError := strings.CutPrefix(c.want, "error: "); isError {
				if err == nil || !strings.Contains(err.Error(), rule) {
					t.Fatalf("got %q, error %v; want an error with %q", got, err, rule)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("got %q, error %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestExtensionsNeedTheirTransform(t *testing.T) {
	for _, expression := range []string{`{Fn::Length: [a]}`, `{Fn::ToJsonString: {}}`, `{Fn::FindInMap: [A, b, c, {DefaultValue: d}]}`, `{Fn::ForEach::X: [I, [a], {}]}`} {
		_, err := Parse("t.yaml", []byte("Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: "+expression), Options{})
		if err == nil || !strings.Contains(err.Error(), "needs Transform: AWS::LanguageExtensions") {
			t.Errorf("%s: %v", expression, err)
		}
	}
}

func TestEnvironmentSize(t *testing.T) {
	const overhead = len(`{"VALUE":""}`)
	if got, err := value(t, strings.Repeat("<", 4096-overhead)); err != nil || len(got) != 4096-overhead {
		t.Errorf("4096 bytes: %.200v", err)
	}
	if _, err := value(t, strings.Repeat("<", 4097-overhead)); err == nil || !strings.Contains(err.Error(), "have 4097 bytes as JSON; Lambda takes at most 4096") {
		t.Errorf("4097 bytes: %.200v", err)
	}
}
