package sqs

// The members of the operations, named as in the service's model. A nil pointer
// is a member that was not sent.

// A QueueInput is the input of operations that take a queue and nothing else.
type QueueInput struct {
	QueueURL string `json:"QueueUrl"`
}

// A Nothing is the output of operations that return nothing.
type Nothing struct{}

// CreateQueueInput is the input of CreateQueue.
type CreateQueueInput struct {
	QueueName  string            `json:"QueueName"`
	Attributes map[string]string `json:"Attributes" query:"Attribute,Name,Value"`
	Tags       map[string]string `json:"tags" query:"Tag,Key,Value"`
}

// QueueURLOutput is the output of CreateQueue and GetQueueURL.
type QueueURLOutput struct {
	QueueURL string `json:"QueueUrl"`
}

// GetQueueURLInput is the input of GetQueueURL.
type GetQueueURLInput struct {
	QueueName string `json:"QueueName"`
	Owner     string `json:"QueueOwnerAWSAccountId"`
}

// ListQueuesInput is the input of ListQueues.
type ListQueuesInput struct {
	Prefix     string  `json:"QueueNamePrefix"`
	MaxResults *int    `json:"MaxResults"`
	NextToken  *string `json:"NextToken"`
}

// ListQueuesOutput is the output of ListQueues.
type ListQueuesOutput struct {
	QueueURLs []string `json:"QueueUrls,omitempty" query:"QueueUrl"`
	NextToken *string  `json:"NextToken,omitempty"`
}

// ListSourcesInput is the input of ListDeadLetterSourceQueues.
type ListSourcesInput struct {
	QueueURL   string  `json:"QueueUrl"`
	MaxResults *int    `json:"MaxResults"`
	NextToken  *string `json:"NextToken"`
}

// ListSourcesOutput is the output of ListDeadLetterSourceQueues, whose member
// begins with a small letter.
type ListSourcesOutput struct {
	QueueURLs []string `json:"queueUrls" query:"QueueUrl"`
	NextToken *string  `json:"NextToken,omitempty"`
}

// GetQueueAttributesInput is the input of GetQueueAttributes.
type GetQueueAttributesInput struct {
	QueueURL string   `json:"QueueUrl"`
	Names    []string `json:"AttributeNames" query:"AttributeName"`
}

// GetQueueAttributesOutput is the output of GetQueueAttributes.
type GetQueueAttributesOutput struct {
	Attributes map[string]string `json:"Attributes,omitempty" query:"Attribute,Name,Value"`
}

// SetQueueAttributesInput is the input of SetQueueAttributes.
type SetQueueAttributesInput struct {
	QueueURL   string            `json:"QueueUrl"`
	Attributes map[string]string `json:"Attributes" query:"Attribute,Name,Value"`
}

// TagQueueInput is the input of TagQueue.
type TagQueueInput struct {
	QueueURL string            `json:"QueueUrl"`
	Tags     map[string]string `json:"Tags" query:"Tag,Key,Value"`
}

// UntagQueueInput is the input of UntagQueue.
type UntagQueueInput struct {
	QueueURL string   `json:"QueueUrl"`
	Keys     []string `json:"TagKeys" query:"TagKey"`
}

// ListQueueTagsOutput is the output of ListQueueTags.
type ListQueueTagsOutput struct {
	Tags map[string]string `json:"Tags,omitempty" query:"Tag,Key,Value"`
}

// AddPermissionInput is the input of AddPermission.
type AddPermissionInput struct {
	QueueURL string   `json:"QueueUrl"`
	Label    string   `json:"Label"`
	Accounts []string `json:"AWSAccountIds" query:"AWSAccountId"`
	Actions  []string `json:"Actions" query:"ActionName"`
}

// RemovePermissionInput is the input of RemovePermission.
type RemovePermissionInput struct {
	QueueURL string `json:"QueueUrl"`
	Label    string `json:"Label"`
}

// A MessageAttribute is a user or system attribute of a message. Which value is
// set follows from the first word of DataType.
type MessageAttribute struct {
	DataType    string   `json:"DataType"`
	StringValue *string  `json:"StringValue,omitempty"`
	BinaryValue []byte   `json:"BinaryValue,omitempty"`
	StringList  []string `json:"StringListValues,omitempty" query:"StringListValue"`
	BinaryList  [][]byte `json:"BinaryListValues,omitempty" query:"BinaryListValue"`
}

// SendMessageInput is the input of SendMessage.
type SendMessageInput struct {
	QueueURL         string                      `json:"QueueUrl"`
	Body             string                      `json:"MessageBody"`
	DelaySeconds     *int                        `json:"DelaySeconds"`
	Attributes       map[string]MessageAttribute `json:"MessageAttributes" query:"MessageAttribute,Name,Value"`
	SystemAttributes map[string]MessageAttribute `json:"MessageSystemAttributes" query:"MessageSystemAttribute,Name,Value"`
	DeduplicationID  *string                     `json:"MessageDeduplicationId"`
	GroupID          *string                     `json:"MessageGroupId"`
}

// SendMessageOutput is the output of SendMessage.
type SendMessageOutput struct {
	MD5OfBody             string `json:"MD5OfMessageBody"`
	MD5OfAttributes       string `json:"MD5OfMessageAttributes,omitempty"`
	MD5OfSystemAttributes string `json:"MD5OfMessageSystemAttributes,omitempty"`
	MessageID             string `json:"MessageId"`
	SequenceNumber        string `json:"SequenceNumber,omitempty"`
}

// SendMessageBatchInput is the input of SendMessageBatch.
type SendMessageBatchInput struct {
	QueueURL string      `json:"QueueUrl"`
	Entries  []SendEntry `json:"Entries" query:"SendMessageBatchRequestEntry"`
}

// A SendEntry is one message of a SendMessageBatch.
type SendEntry struct {
	ID               string                      `json:"Id"`
	Body             string                      `json:"MessageBody"`
	DelaySeconds     *int                        `json:"DelaySeconds"`
	Attributes       map[string]MessageAttribute `json:"MessageAttributes" query:"MessageAttribute,Name,Value"`
	SystemAttributes map[string]MessageAttribute `json:"MessageSystemAttributes" query:"MessageSystemAttribute,Name,Value"`
	DeduplicationID  *string                     `json:"MessageDeduplicationId"`
	GroupID          *string                     `json:"MessageGroupId"`
}

// SendMessageBatchOutput is the output of SendMessageBatch.
type SendMessageBatchOutput struct {
	Successful []SentEntry  `json:"Successful,omitempty" query:"SendMessageBatchResultEntry"`
	Failed     []FailedItem `json:"Failed,omitempty" query:"BatchResultErrorEntry"`
}

// A SentEntry is one accepted message of a SendMessageBatch.
type SentEntry struct {
	ID                    string `json:"Id"`
	MessageID             string `json:"MessageId"`
	MD5OfBody             string `json:"MD5OfMessageBody"`
	MD5OfAttributes       string `json:"MD5OfMessageAttributes,omitempty"`
	MD5OfSystemAttributes string `json:"MD5OfMessageSystemAttributes,omitempty"`
	SequenceNumber        string `json:"SequenceNumber,omitempty"`
}

// A FailedItem is one entry of a batch that was refused.
type FailedItem struct {
	ID          string `json:"Id"`
	SenderFault bool   `json:"SenderFault"`
	Code        string `json:"Code"`
	Message     string `json:"Message,omitempty"`
}

// ReceiveMessageInput is the input of ReceiveMessage.
type ReceiveMessageInput struct {
	QueueURL          string   `json:"QueueUrl"`
	Max               *int     `json:"MaxNumberOfMessages"`
	WaitTimeSeconds   *int     `json:"WaitTimeSeconds"`
	VisibilityTimeout *int     `json:"VisibilityTimeout"`
	AttributeNames    []string `json:"AttributeNames" query:"AttributeName"`
	SystemNames       []string `json:"MessageSystemAttributeNames" query:"MessageSystemAttributeName"`
	MessageNames      []string `json:"MessageAttributeNames" query:"MessageAttributeName"`
	AttemptID         *string  `json:"ReceiveRequestAttemptId"`
}

// ReceiveMessageOutput is the output of ReceiveMessage.
type ReceiveMessageOutput struct {
	Messages []Message `json:"Messages,omitempty" query:"Message"`
}

// A Message is a received message.
type Message struct {
	MessageID         string                      `json:"MessageId"`
	ReceiptHandle     string                      `json:"ReceiptHandle"`
	MD5OfBody         string                      `json:"MD5OfBody"`
	Body              string                      `json:"Body"`
	Attributes        map[string]string           `json:"Attributes,omitempty" query:"Attribute,Name,Value"`
	MD5OfAttributes   string                      `json:"MD5OfMessageAttributes,omitempty"`
	MessageAttributes map[string]MessageAttribute `json:"MessageAttributes,omitempty" query:"MessageAttribute,Name,Value"`
}

// DeleteMessageInput is the input of DeleteMessage.
type DeleteMessageInput struct {
	QueueURL      string `json:"QueueUrl"`
	ReceiptHandle string `json:"ReceiptHandle"`
}

// DeleteMessageBatchInput is the input of DeleteMessageBatch.
type DeleteMessageBatchInput struct {
	QueueURL string        `json:"QueueUrl"`
	Entries  []DeleteEntry `json:"Entries" query:"DeleteMessageBatchRequestEntry"`
}

// A DeleteEntry is one deletion of a DeleteMessageBatch.
type DeleteEntry struct {
	ID            string `json:"Id"`
	ReceiptHandle string `json:"ReceiptHandle"`
}

// DeleteMessageBatchOutput is the output of DeleteMessageBatch.
type DeleteMessageBatchOutput struct {
	Successful []DoneItem   `json:"Successful,omitempty" query:"DeleteMessageBatchResultEntry"`
	Failed     []FailedItem `json:"Failed,omitempty" query:"BatchResultErrorEntry"`
}

// A DoneItem is one entry of a batch that was carried out.
type DoneItem struct {
	ID string `json:"Id"`
}

// ChangeVisibilityInput is the input of ChangeMessageVisibility.
type ChangeVisibilityInput struct {
	QueueURL          string `json:"QueueUrl"`
	ReceiptHandle     string `json:"ReceiptHandle"`
	VisibilityTimeout *int   `json:"VisibilityTimeout"`
}

// ChangeVisibilityBatchInput is the input of ChangeMessageVisibilityBatch.
type ChangeVisibilityBatchInput struct {
	QueueURL string            `json:"QueueUrl"`
	Entries  []VisibilityEntry `json:"Entries" query:"ChangeMessageVisibilityBatchRequestEntry"`
}

// A VisibilityEntry is one change of a ChangeMessageVisibilityBatch.
type VisibilityEntry struct {
	ID                string `json:"Id"`
	ReceiptHandle     string `json:"ReceiptHandle"`
	VisibilityTimeout *int   `json:"VisibilityTimeout"`
}

// ChangeVisibilityBatchOutput is the output of ChangeMessageVisibilityBatch.
type ChangeVisibilityBatchOutput struct {
	Successful []DoneItem   `json:"Successful,omitempty" query:"ChangeMessageVisibilityBatchResultEntry"`
	Failed     []FailedItem `json:"Failed,omitempty" query:"BatchResultErrorEntry"`
}
