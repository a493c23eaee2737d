package sqs_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	local "github.com/penstock/penstock/local/sqs"
)

// fuzzed returns a Service with a queue of each type; the standard one has a
// message that has been received.
func fuzzed(t *testing.T) (http.Handler, string) {
	e := engine{&local.Service{}, t}
	q := e.create("q", nil)
	e.create("q.fifo", map[string]string{"FifoQueue": "true"})
	e.send(q, "x")
	return e.Handler(), e.receive(q, 0)[0].ReceiptHandle
}

// sound demands an answer that is no server error.
func sound(t *testing.T, w *httptest.ResponseRecorder, what string) {
	t.Helper()
	if w.Code >= 500 {
		t.Errorf("%s: %d %s", what, w.Code, w.Body)
	}
}

func callJSON(h http.Handler, operation string, body any) *httptest.ResponseRecorder {
	text, ok := body.(string)
	if !ok {
		b, _ := json.Marshal(body) // maps of strings
		text = string(b)
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(text))
	r.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	return answered(h, r)
}

func answered(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func FuzzQueueURL(f *testing.F) {
	for _, seed := range []string{"q", "/", "http://", "http://h", "http://h/000000000000/q", "https://sqs.us-east-1.amazonaws.com/000000000000/q/", "queue/us-east-1/000000000000/q", "////q", "http:///q"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		h, _ := fuzzed(t)
		sound(t, callJSON(h, "GetQueueAttributes", map[string]string{"QueueUrl": address}), address)
		r := httptest.NewRequest("GET", "/?Action=GetQueueAttributes", nil)
		r.URL.Path = address
		sound(t, answered(h, r), address)
	})
}

func FuzzReceiptHandle(f *testing.F) {
	for _, seed := range []string{"", "x", "AAAA", strings.Repeat("A", 40), strings.Repeat("A", 2000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, handle string) {
		h, good := fuzzed(t)
		if handle == good {
			return
		}
		w := callJSON(h, "DeleteMessage", map[string]string{"QueueUrl": "q", "ReceiptHandle": handle})
		if w.Code != 400 {
			t.Errorf("%q deletes: %d %s", handle, w.Code, w.Body)
		}
		sound(t, callJSON(h, "CancelMessageMoveTask", map[string]string{"TaskHandle": handle}), handle)
	})
}

func FuzzAttribute(f *testing.F) {
	f.Add("RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:q","maxReceiveCount":"3"}`)
	f.Add("RedrivePolicy", `{"deadLetterTargetArn":null,"maxReceiveCount":{}}`)
	f.Add("RedriveAllowPolicy", `{"redrivePermission":"byQueue","sourceQueueArns":["a"]}`)
	f.Add("Policy", `{"Statement":{}}`)
	f.Add("DelaySeconds", "١")
	f.Add("FifoQueue", "TRUE")
	f.Fuzz(func(t *testing.T, name, value string) {
		h, _ := fuzzed(t)
		for _, q := range []string{"q", "q.fifo"} {
			body := map[string]any{"QueueUrl": q, "Attributes": map[string]string{name: value}}
			sound(t, callJSON(h, "SetQueueAttributes", body), name)
			sound(t, callJSON(h, "AddPermission", map[string]any{"QueueUrl": q, "Label": "l", "AWSAccountIds": []string{"1"}, "Actions": []string{name}}), name)
			sound(t, callJSON(h, "SendMessage", map[string]any{"QueueUrl": q, "MessageBody": "x", "MessageGroupId": name, "MessageDeduplicationId": value}), name)
			sound(t, callJSON(h, "ReceiveMessage", map[string]string{"QueueUrl": q}), name)
		}
	})
}

// Any operation with any body or form is answered, in both protocols.
func FuzzOperation(f *testing.F) {
	f.Add("SendMessage", `{"QueueUrl":"q","MessageBody":"x","MessageAttributes":{"n":{"DataType":"Number","StringValue":"1e9"}}}`)
	f.Add("SendMessageBatch", `{"QueueUrl":"q.fifo","Entries":[{"Id":"a"},{}]}`)
	f.Add("ReceiveMessage", `{"QueueUrl":"q","MessageAttributeNames":[".*","a.*"],"MaxNumberOfMessages":10}`)
	f.Add("CreateQueue", `{"QueueName":"n","Attributes":{"VisibilityTimeout":""}}`)
	f.Add("ListQueues", `{"MaxResults":1,"NextToken":"cQ=="}`)
	f.Add("StartMessageMoveTask", `{"SourceArn":"arn:aws:sqs:us-east-1:000000000000:q"}`)
	f.Add("ChangeMessageVisibilityBatch", `{"QueueUrl":"q","Entries":[{"Id":"1","ReceiptHandle":"","VisibilityTimeout":-1}]}`)
	f.Fuzz(func(t *testing.T, operation, body string) {
		if strings.Contains(strings.ToLower(body), "wait") { // a long poll would hold the fuzzer up
			return
		}
		h, _ := fuzzed(t)
		sound(t, callJSON(h, operation, body), operation)
		form := url.Values{"Action": {operation}}
		var members map[string]any
		if json.Unmarshal([]byte(body), &members) == nil {
			for name, value := range members {
				text, _ := json.Marshal(value)
				form.Set(name, strings.Trim(string(text), `"`))
				form.Set(name+".1.Name", string(text))
				form.Set(name+".1", string(text))
			}
		}
		sound(t, answered(h, httptest.NewRequest("GET", "/?"+form.Encode(), nil)), operation)
	})
}
