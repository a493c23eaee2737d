//go:build real

package sqs_test

// A difference is a row in which ElasticMQ behaves differently: how, and a part of
// the row's failure that shows it is this and nothing else.
type difference struct{ how, shows string }

// elasticMQ lists the rows that fail at ElasticMQ 1.7.1, by number. Where the
// last column of differences.md does not say otherwise, AWS's behaviour is
// recorded, and local/sqs follows AWS.
var elasticMQ = map[string]difference{
	"05": {"a queue keeps being compared with the attributes it was created with", "Queue already exists"},
	"07": {"FifoQueue=false is accepted", "error <nil>, want InvalidAttributeName"},
	"10": {"empty lists are written", `"QueueUrls":[]`},
	"11": {"MaxResults is ignored", "first page"},
	"12": {"one text for both protocols, and no X-Amzn-Query-Error; the XML Type is no fault", "<Type>Sender</Type>"},
	"13": {"no encryption attributes", "at first"},
	"14": {"an empty RedrivePolicy does not remove it", "RedrivePolicy is invalid"},
	"16": {"MaximumMessageSize of a queue is not applied", "error <nil>"},
	"20": {"MaximumMessageSize of a queue is not applied", "outcome"},
	"21": {"bad characters are called InvalidAttributeValue", "4 InvalidAttributeValue"},
	"22": {"an empty batch is accepted", "error <nil>, want AWS.SimpleQueueService.EmptyBatchRequest"},
	"23": {"batch ids are not checked", "error <nil>"},
	"27": {"reserved attribute names are accepted", "error <nil>"},
	"30": {"no digest of system attributes", "digest of system attributes"},
	"32": {"a negative WaitTimeSeconds or a long VisibilityTimeout is accepted", "error <nil>"},
	"33": {"empty lists are written", `"Messages":[]`},
	"37": {"no wildcard * for attributes", "number for *"},
	"41": {"older handles are invalid", "ReceiptHandleIsInvalid"},
	"44": {"deleting again is refused", "ReceiptHandleIsInvalid"},
	"47": {"an expired FIFO handle still deletes", "error <nil>"},
	"51": {"ids of the entries of a FIFO batch are not required", "error <nil>"},
	"55": {"no deduplication by message group", "messageGroup"},
	"56": {"DeduplicationScope cannot be set", "DeduplicationScope is invalid"},
	"62": {"the policy of AddPermission is not shown", "one"},
	"63": {"no action is 400 MissingAction", "MissingAction"},
	"64": {"the JSON shape is the code: no X-Amzn-Query-Error", "com.amazonaws.sqs#QueueDoesNotExist"},
	"65": {"FIFO attributes are accepted on standard queues", "error <nil>"},
	"66": {"empty maps are written", "at first"},
	"67": {"one set of queues for all regions", "other region"},
	"72": {"messages come back in the order in which they become visible, which ties shuffle", "bodies"},
	"74": {"older handles are invalid", "ReceiptHandleIsInvalid"},
	"75": {"no limit of twelve hours in all", "error <nil>"},
	"78": {"the same attempt gets new handles", "handle"},
	"79": {"sequence numbers are plain small integers", "sequence number"},
	"81": {"redrive policies are checked less", "error <nil>"},
	"84": {"SetQueueAttributes is answered with an element called wrapper", "wrapper"},
	"85": {"only /ACCOUNT/NAME and /NAME are queue URLs", "Invalid queue url"},
	"86": {"Accept: application/json is refused", "UnacceptedResponseContentTypeRejection"},

	"49b": {"groups are served by the age of their messages, not in turn", "g3-m1"},
	"49c": {"groups are served by the age of their messages, not in turn", "g3-m1"},
	"49d": {"groups are served by the age of their messages, not in turn", "g2-m1"},
	"61a": {"task handles are not base64 of JSON", "illegal base64"},
	"61b": {"without a destination all messages go to one source", "bodies"},
	"61c": {"a move from a queue that is no dead-letter queue ends in status 500 or 503", "StatusCode: 50"},
	"61d": {"a cancelled task is no longer listed", "index out of range"},
	"61f": {"a task whose destination is gone completes", "COMPLETED"},
}
