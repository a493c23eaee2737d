package sqs

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// senderID stands for the caller: credentials are not looked at. It has the form
// of a user's id.
const senderID = "AIDAPENSTOCK000000000"

// render returns m as the receiver asked for it; q is locked.
func (q *queue) render(m *message, in *ReceiveMessageInput) Message {
	out := Message{
		MessageID: m.id, Body: m.body, MD5OfBody: m.bodyMD5,
		ReceiptHandle: receipt{q.key, m.place, m.hand}.String(),
	}
	if len(in.AttributeNames)+len(in.SystemNames) > 0 {
		out.Attributes = m.systemAttributes(slices.Concat(in.AttributeNames, in.SystemNames))
	}
	if len(m.attributes) > 0 && len(in.MessageNames) > 0 {
		out.MessageAttributes = selectAttributes(m.attributes, in.MessageNames)
		out.MD5OfAttributes = m.attrMD5
		if len(out.MessageAttributes) < len(m.attributes) {
			out.MD5OfAttributes = attributesMD5(out.MessageAttributes)
		}
	}
	return out
}

func (m *message) systemAttributes(names []string) map[string]string {
	millis := func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
	all := map[string]string{
		"SenderId":                         senderID,
		"SentTimestamp":                    millis(m.sent),
		"ApproximateReceiveCount":          strconv.Itoa(m.receives),
		"ApproximateFirstReceiveTimestamp": millis(m.first),
	}
	for name, value := range map[string]*string{
		"MessageGroupId": m.group, "MessageDeduplicationId": m.dedupID, "SequenceNumber": &m.sequence,
		"AWSTraceHeader": m.trace, "DeadLetterQueueSourceArn": &m.source,
	} {
		if value != nil && *value != "" {
			all[name] = *value
		}
	}
	if !slices.Contains(names, "All") {
		maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(names, name) })
	}
	return all
}

// selectAttributes returns the user attributes that names ask for: by name, by a
// prefix before ".*", or all. What matches nothing is no error.
func selectAttributes(all map[string]MessageAttribute, names []string) map[string]MessageAttribute {
	found := map[string]MessageAttribute{}
	for _, wanted := range names {
		if wanted == "All" || wanted == "*" || wanted == ".*" {
			return all
		}
		prefix, wild := strings.CutSuffix(wanted, ".*")
		for name, a := range all {
			if name == wanted || wild && strings.HasPrefix(name, prefix) {
				found[name] = a
			}
		}
	}
	return found
}
