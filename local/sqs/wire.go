package sqs

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/penstock/penstock/awswire"
)

// maxBody is how many bytes of a request are read. A batch of ten messages may be
// three times as large in a form as its text, and has to be read to be refused.
const maxBody = 32 << 20

// Handler returns the Service's HTTP face: JSON 1.0 and query, at any path.
func (s *Service) Handler() http.Handler {
	return &awswire.API{
		Target: "AmazonSQS", ErrorShapes: "com.amazonaws.sqs",
		Namespace:  "http://queue.amazonaws.com/doc/2012-11-05/",
		Operations: s.operations(), Query: queueEndpoint, MaxBody: maxBody,
	}
}

// Route returns how a Router recognises requests for this service.
func (s *Service) Route() awswire.Route {
	r := awswire.Route{Service: "sqs", Target: "AmazonSQS", Version: "2012-11-05", Path: isQueuePath, Handler: s.Handler()}
	for _, op := range s.operations() {
		if op.Name != "AddPermission" && op.Name != "RemovePermission" { // SNS has actions of these names
			r.Actions = append(r.Actions, op.Name)
		}
	}
	return r
}

func (s *Service) operations() []awswire.Operation {
	return []awswire.Operation{
		awswire.Op("AddPermission", s.AddPermission),
		awswire.Op("CancelMessageMoveTask", s.CancelMessageMoveTask),
		awswire.Op("ChangeMessageVisibility", s.ChangeMessageVisibility),
		awswire.Op("ChangeMessageVisibilityBatch", s.ChangeMessageVisibilityBatch),
		awswire.Op("CreateQueue", s.CreateQueue),
		awswire.Op("DeleteMessage", s.DeleteMessage),
		awswire.Op("DeleteMessageBatch", s.DeleteMessageBatch),
		awswire.Op("DeleteQueue", s.DeleteQueue),
		awswire.Op("GetQueueAttributes", s.GetQueueAttributes),
		awswire.Op("GetQueueUrl", s.GetQueueURL),
		awswire.Op("ListDeadLetterSourceQueues", s.ListDeadLetterSourceQueues),
		awswire.Op("ListMessageMoveTasks", s.ListMessageMoveTasks),
		awswire.Op("ListQueueTags", s.ListQueueTags),
		awswire.Op("ListQueues", s.ListQueues),
		awswire.Op("PurgeQueue", s.PurgeQueue),
		awswire.Op("ReceiveMessage", s.ReceiveMessage),
		awswire.Op("RemovePermission", s.RemovePermission),
		awswire.Op("SendMessage", s.SendMessage),
		awswire.Op("SendMessageBatch", s.SendMessageBatch),
		awswire.Op("SetQueueAttributes", s.SetQueueAttributes),
		awswire.Op("StartMessageMoveTask", s.StartMessageMoveTask),
		awswire.Op("TagQueue", s.TagQueue),
		awswire.Op("UntagQueue", s.UntagQueue),
	}
}

// queueEndpoint applies the rules for query requests sent to a queue's URL: the
// path says which queue unless a parameter does, and actions that are not about a
// queue are refused.
func queueEndpoint(path, action string, form url.Values) error {
	if strings.Trim(path, "/") == "" {
		return nil
	}
	if action == "CreateQueue" || action == "ListQueues" {
		return awswire.InvalidAction(action)
	}
	if form.Get("QueueUrl") == "" {
		form.Set("QueueUrl", path)
	}
	return nil
}

// isQueuePath reports whether path is that of a queue URL: /ACCOUNT/NAME, where an
// account has twelve digits, or /queue/REGION/ACCOUNT/NAME.
func isQueuePath(path string) bool {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) == 4 && parts[0] == "queue" {
		parts = parts[2:]
	}
	return len(parts) == 2 && len(parts[0]) == 12 && strings.Trim(parts[0], "0123456789") == ""
}
