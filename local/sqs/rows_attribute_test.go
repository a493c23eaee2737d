package sqs_test

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const traceHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

func traced(in *sqs.SendMessageInput) {
	in.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{
		"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(traceHeader)},
	}
}

func attributeRows() []row {
	return []row{
		{name: "25 empty attribute", run: func(x *run) {
			_, err := x.trySend(x.create("q", nil), "x", attribute("n", text("")))
			x.refused(err, "InvalidParameterValue", "Message (user) attribute 'n' must contain a non-empty value of type 'String'.")
		}},
		{name: "26 bad character in an attribute", run: func(x *run) {
			_, err := x.trySend(x.create("q", nil), "x", attribute("n", text("a\x08")))
			x.refused(err, "InvalidParameterValue")
		}},
		{name: "27 attribute names and types", run: func(x *run) {
			q := x.create("q", nil)
			for _, name := range []string{"aWs.x", "AMAZON.x", ".x", "x.", "a!b", strings.Repeat("L", 257)} {
				_, err := x.trySend(q, "x", attribute(name, text("v")))
				x.refused(err, "InvalidParameterValue")
			}
			for _, kind := range []string{"Invalid", "Number." + strings.Repeat("L", 256)} {
				_, err := x.trySend(q, "x", attribute("n", typed(kind, "1")))
				x.refused(err, "InvalidParameterValue")
			}
		}},
		{name: "28 accented attribute name", run: func(x *run) {
			q := x.create("q", nil)
			x.send(q, "x", attribute("attr.1øßä", text("v")))
			m := x.one(q, users("All"))
			x.equal("value", *m.MessageAttributes["attr.1øßä"].StringValue, "v")
		}},
		{name: "29 digests", run: digests},
		{name: "30 system attribute", run: func(x *run) {
			q := x.create("q", nil)
			out := x.send(q, "x", traced, attribute("k", text("x")))
			x.equal("digest of user attributes", aws.ToString(out.MD5OfMessageAttributes), "a45daa70926828a2f0a1db3418e6feb4")
			x.equal("digest of system attributes", aws.ToString(out.MD5OfMessageSystemAttributes), "5ae4d5d7636402d80f4eb6d213245a88")
			m := x.one(q, system("AWSTraceHeader"), users("All"))
			x.equal("system attributes", m.Attributes, attrs{"AWSTraceHeader": traceHeader})
			x.equal("digest on receive", aws.ToString(m.MD5OfMessageAttributes), "a45daa70926828a2f0a1db3418e6feb4")
		}},
		{name: "31 trace header of the request", run: func(x *run) {
			q := x.create("q", nil)
			status, body := x.json("SendMessage", `{"QueueUrl":"`+q+`","MessageBody":"x"}`, "X-Amzn-Trace-Id", traceHeader)
			if status != 200 || strings.Contains(body, "SystemAttributes") {
				x.fatal("%d %s", status, body)
			}
			x.equal("trace header", x.one(q, system("AWSTraceHeader")).Attributes, attrs{"AWSTraceHeader": traceHeader})
		}},
		{name: "37 choosing message attributes", run: chooseAttributes},
		{name: "69 eleven attributes", run: func(x *run) {
			var options []sendOption
			for _, name := range strings.Split("abcdefghijk", "") {
				options = append(options, attribute(name, text("v")))
			}
			_, err := x.trySend(x.create("q", nil), "x", options...)
			x.refused(err, "InvalidParameterValue", "Number of message attributes [11] exceeds the allowed maximum [10].")
		}},
		{name: "70 choosing system attributes", run: chooseSystem},
	}
}

func digests(x *run) {
	q := x.create("q", nil)
	x.equal("body", *x.send(q, "message").MD5OfMessageBody, "78e731027d8fd50ed642340b7c9a63b3")
	binary := types.MessageAttributeValue{DataType: aws.String("Binary"), BinaryValue: []byte("traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01")}
	for _, c := range []struct {
		want    string
		options []sendOption
	}{
		{"235c5c510d26fb653d073faed50ae77c", []sendOption{attribute("timestamp", typed("Number", "1493147359900"))}},
		{"a45daa70926828a2f0a1db3418e6feb4", []sendOption{attribute("k", text("x"))}},
		{"4c360f3fdafd970e05fae2f149d997f5", []sendOption{attribute("Help.Me", text("Me")), attribute("Hello", text("There")), attribute("General", text("Kenobi"))}},
		{"8cbe4db156db8a94db8b801b7addb984", []sendOption{attribute("attr1", binary)}},
	} {
		x.equal("attributes", aws.ToString(x.send(q, "x", c.options...).MD5OfMessageAttributes), c.want)
	}
	for _, m := range x.receive(q, 10, users("All")) {
		if a, ok := m.MessageAttributes["attr1"]; ok {
			x.equal("binary value", a.BinaryValue, binary.BinaryValue)
		}
	}
}

func chooseAttributes(x *run) {
	q := x.create("q", nil)
	x.send(q, "x", attribute("Help.Me", text("Me")), attribute("Hello", text("There")), attribute("General", text("Kenobi")))
	const all, some = "Help.Me Hello General", "4c360f3fdafd970e05fae2f149d997f5"
	for _, c := range []struct {
		names        []string
		want, digest string
	}{
		{nil, "", ""},
		{[]string{"All"}, all, some},
		{[]string{"*"}, all, some},
		{[]string{".*"}, all, some},
		{[]string{"Hel.*"}, "Help.Me Hello", ""},
		{[]string{"Hello"}, "Hello", ""},
		{[]string{"Help.*", "General"}, "Help.Me General", ""},
		{[]string{"Foo", "Hello"}, "Hello", ""},
		{[]string{"Foo"}, "", ""},
		{[]string{"AWS.", "..foo"}, "", ""},
		{[]string{"All", "Foo"}, all, some},
	} {
		m := x.one(q, users(c.names...), hide(0))
		want := strings.Fields(c.want)
		x.equal("number for "+strings.Join(c.names, ","), len(m.MessageAttributes), len(want))
		for _, name := range want {
			if _, ok := m.MessageAttributes[name]; !ok {
				x.fatal("%v: %s is missing", c.names, name)
			}
		}
		digest := aws.ToString(m.MD5OfMessageAttributes)
		switch {
		case c.digest != "":
			x.equal("digest of all", digest, c.digest)
		case (digest == "") != (len(want) == 0) || digest == some:
			x.fatal("%v: digest %q does not cover what was returned", c.names, digest)
		}
	}
}

func chooseSystem(x *run) {
	q := x.create("q", nil)
	x.send(q, "x")
	m := x.one(q, hide(0))
	x.equal("without names", m.Attributes, attrs(nil))
	m = x.one(q, hide(0), system("All"))
	for _, name := range []string{"SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"} {
		if m.Attributes[name] == "" {
			x.fatal("All has no %s", name)
		}
	}
	x.equal("count", m.Attributes["ApproximateReceiveCount"], "2")
	x.equal("milliseconds", len(m.Attributes["SentTimestamp"]) >= 12, true)
	m = x.one(q, hide(0), system("SentTimestamp", "MessageGroupId"), func(in *sqs.ReceiveMessageInput) {
		//lint:ignore SA1019 old clients still send it, beside the new member
		in.AttributeNames = []types.QueueAttributeName{"ApproximateReceiveCount"}
	})
	x.equal("union of both lists, what is unset left out", len(m.Attributes), 2)
	x.equal("count", m.Attributes["ApproximateReceiveCount"], "3")
}
