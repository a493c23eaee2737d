package sqs

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/penstock/penstock/awswire"
)

// settings are the attributes of a queue that can be set, as text, and what the
// engine reads from them.
type settings struct {
	values map[string]string

	delay, retention, visibility, receiveWait time.Duration
	maxSize                                   int
	contentDedup                              bool
	redrive                                   *redrivePolicy // nil: no dead-letter queue
}

// A number attribute has a range and a default; both as in the service's model.
type numberAttribute struct{ min, max, standard int }

func numberAttributeOf(name string) (numberAttribute, bool) {
	switch name {
	case "DelaySeconds":
		return numberAttribute{0, 900, 0}, true
	case "MaximumMessageSize":
		return numberAttribute{1024, 1 << 20, 1 << 20}, true
	case "MessageRetentionPeriod":
		return numberAttribute{60, 14 * 24 * 3600, 4 * 24 * 3600}, true
	case "ReceiveMessageWaitTimeSeconds":
		return numberAttribute{0, 20, 0}, true
	case "VisibilityTimeout":
		return numberAttribute{0, 12 * 3600, 30}, true
	case "KmsDataKeyReusePeriodSeconds":
		return numberAttribute{60, 86400, 300}, true
	}
	return numberAttribute{}, false
}

// defaults returns the settings of a new queue.
func defaults(fifo bool) settings {
	set := settings{values: map[string]string{"SqsManagedSseEnabled": "true"}}
	for _, name := range []string{"DelaySeconds", "MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "VisibilityTimeout"} {
		n, _ := numberAttributeOf(name)
		set.values[name] = strconv.Itoa(n.standard)
	}
	if fifo {
		maps.Copy(set.values, map[string]string{
			"FifoQueue": "true", "ContentBasedDeduplication": "false", "DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue",
		})
	}
	set.read()
	return set
}

// with returns the settings after attributes are set on a queue of that type. A
// redrive policy has been checked before, which takes other queues' locks.
func (set settings) with(attributes map[string]string, fifo bool) (settings, *awswire.Error) {
	set.values = maps.Clone(set.values)
	if attributes["KmsMasterKeyId"] != "" && strings.EqualFold(attributes["SqsManagedSseEnabled"], "true") {
		return set, bothEncryptions()
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		value, err := normal(name, attributes[name], fifo)
		if err == nil {
			err = set.put(name, value)
		}
		if err != nil {
			return set, err
		}
	}
	set.read()
	return set, nil
}

// normal returns an attribute's value in the spelling AWS answers with, or why it
// cannot be set.
func normal(name, value string, fifo bool) (string, *awswire.Error) {
	if n, ok := numberAttributeOf(name); ok {
		number, err := strconv.Atoi(cmp.Or(value, strconv.Itoa(n.standard)))
		if err != nil || number < n.min || number > n.max {
			return "", invalidAttributeValue(name, "")
		}
		return strconv.Itoa(number), nil
	}
	switch name {
	case "Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId":
		return value, nil
	case "SqsManagedSseEnabled":
		return boolean(name, value)
	case "FifoQueue":
		if !fifo {
			return "", unknownAttribute(name)
		}
		if !strings.EqualFold(value, "true") {
			return "", invalidAttributeValue(name, "Modifying queue type is not supported.")
		}
		return "true", nil
	case "ContentBasedDeduplication":
		if !fifo {
			return "", unknownAttribute(name)
		}
		return boolean(name, value)
	case "DeduplicationScope":
		return fifoWord(name, value, fifo, "queue", "messageGroup")
	case "FifoThroughputLimit":
		return fifoWord(name, value, fifo, "perQueue", "perMessageGroupId")
	}
	return "", unknownAttribute(name)
}

func boolean(name, value string) (string, *awswire.Error) {
	if value = strings.ToLower(value); value != "true" && value != "false" {
		return "", invalidAttributeValue(name, "")
	}
	return value, nil
}

func fifoWord(name, value string, fifo bool, words ...string) (string, *awswire.Error) {
	if !fifo {
		return "", invalidAttributeName("You can specify the " + name + " only when FifoQueue is set to true.")
	}
	if !slices.Contains(words, value) {
		return "", invalidAttributeValue(name, "")
	}
	return value, nil
}

func bothEncryptions() *awswire.Error {
	return invalidAttributeName("You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
}

// put sets one attribute and what follows from it.
func (set *settings) put(name, value string) *awswire.Error {
	switch name {
	case "KmsMasterKeyId":
		if value != "" {
			set.values["SqsManagedSseEnabled"] = "false"
		}
	case "SqsManagedSseEnabled":
		if value == "true" && set.values["KmsMasterKeyId"] != "" {
			return bothEncryptions()
		}
	case "KmsDataKeyReusePeriodSeconds":
		if value == "300" { // the default is not reported
			value = ""
		}
	case "Policy":
		if value != "" && !isJSONObject(value) {
			return invalidAttributeValue(name, "")
		}
	case "RedriveAllowPolicy":
		if err := checkAllowPolicy(value); err != nil {
			return err
		}
	}
	if value == "" {
		delete(set.values, name)
	} else {
		set.values[name] = value
	}
	return nil
}

// read takes from the texts what the engine needs at every message.
func (set *settings) read() {
	seconds := func(name string) time.Duration {
		n, _ := strconv.Atoi(set.values[name]) // normal has checked it
		return time.Duration(n) * time.Second
	}
	set.delay = seconds("DelaySeconds")
	set.retention = seconds("MessageRetentionPeriod")
	set.visibility = seconds("VisibilityTimeout")
	set.receiveWait = seconds("ReceiveMessageWaitTimeSeconds")
	set.maxSize, _ = strconv.Atoi(set.values["MaximumMessageSize"])
	set.contentDedup = set.values["ContentBasedDeduplication"] == "true"
	set.redrive = nil
	if text := set.values["RedrivePolicy"]; text != "" {
		set.redrive, _ = parseRedrive(text) // checkRedrive has read it
	}
}
