package mapping

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/penstock/penstock/invoke"
)

// A Service is what a mapping reads from: it decides which members of Config a
// mapping may have.
type Service string

// The services that Lambda has mappings for, and everything else.
const (
	SQS              Service = "sqs"
	Kinesis          Service = "kinesis"
	DynamoDB         Service = "dynamodb"
	MSK              Service = "kafka"
	SelfManagedKafka Service = "self-managed kafka"
	MQ               Service = "mq"
	DocumentDB       Service = "documentdb"
	// Own is a kind of source that AWS does not have: arn:penstock:KIND:...,
	// or no ARN but Settings.
	Own Service = "own"
)

// A Source is what the ARN of a mapping's source says.
type Source struct {
	Service Service
	// ARN is the whole; empty for self-managed Kafka and for Settings.
	ARN                        string
	Partition, Region, Account string
	// Resource is the rest of the ARN: the name of a queue,
	// "stream/NAME[/consumer/...]", "table/NAME/stream/TIME".
	Resource string
}

// FIFO says that the source is a FIFO queue.
func (s Source) FIFO() bool { return s.Service == SQS && strings.HasSuffix(s.Resource, ".fifo") }

// Stream says that the source is a Kinesis or DynamoDB stream.
func (s Source) Stream() bool { return s.Service == Kinesis || s.Service == DynamoDB }

// Kafka says that the source is a Kafka cluster of either sort.
func (s Source) Kafka() bool { return s.Service == MSK || s.Service == SelfManagedKafka }

// arnPattern is the model's pattern of an EventSourceArn.
const arnPattern = `arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)`

var (
	arnForm = regexp.MustCompile(`^` + arnPattern + `$`)
	ownForm = regexp.MustCompile(`^arn:penstock:[a-z0-9-]+:.+$`)
)

// resources are the forms that a source's resource takes, by the service as
// ARNs name it.
var resources = map[string]struct {
	service Service
	form    *regexp.Regexp
}{
	"sqs":      {SQS, regexp.MustCompile(`^[a-zA-Z0-9_-]{1,80}(\.fifo)?$`)},
	"kinesis":  {Kinesis, regexp.MustCompile(`^stream/[a-zA-Z0-9_.-]{1,128}(/consumer/[a-zA-Z0-9_.-]{1,128}:\d+)?$`)},
	"dynamodb": {DynamoDB, regexp.MustCompile(`^table/[a-zA-Z0-9_.-]{1,255}/stream/.+$`)},
	"kafka":    {MSK, regexp.MustCompile(`^(cluster|vpc-connection)/.+$`)},
	"mq":       {MQ, regexp.MustCompile(`^broker:.+$`)},
	"rds":      {DocumentDB, regexp.MustCompile(`^cluster:.+$`)},
}

// ParseSource reads the ARN of a source. It fails for text that is no ARN and
// for what no mapping reads.
func ParseSource(arn string) (Source, error) {
	if ownForm.MatchString(arn) {
		return Source{Service: Own, ARN: arn, Partition: "penstock", Resource: strings.SplitN(arn, ":", 4)[3]}, nil
	}
	if !arnForm.MatchString(arn) {
		return Source{}, fmt.Errorf("event source %q is not an ARN", arn)
	}
	part := strings.SplitN(arn, ":", 6)
	r, ok := resources[part[2]]
	if !ok || !r.form.MatchString(part[5]) || part[3] == "" || part[4] == "" {
		return Source{}, fmt.Errorf("event source %q is not a queue, stream, cluster or broker that mappings read", arn)
	}
	return Source{r.service, arn, part[1], part[3], part[4], part[5]}, nil
}

// Source says what the mapping reads from. It fails as ParseSource does, and
// if there is no source at all.
func (c Config) Source() (Source, error) {
	switch {
	case c.EventSourceArn != "":
		return ParseSource(c.EventSourceArn)
	case c.SelfManagedEventSource != nil:
		return Source{Service: SelfManagedKafka}, nil
	case len(c.Settings.Topics)+len(c.Settings.Queues)+len(c.Settings.Extra) > 0:
		return Source{Service: Own}, nil
	}
	return Source{}, fmt.Errorf("no event source")
}

// FunctionARN completes any form of a function's name (see invoke.ParseName)
// to its ARN, and keeps the qualifier, $LATEST too. It is the FunctionArn of
// the mapping, and what it invokes.
func FunctionARN(name, region, account string) (string, error) {
	n, err := invoke.ParseName(name)
	if err != nil {
		return "", err
	}
	return n.In(region, account).ARN(), nil
}
