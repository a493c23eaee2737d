package sqs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/penstock/penstock/awswire"
)

// StartMoveTaskInput is the input of StartMessageMoveTask.
type StartMoveTaskInput struct {
	SourceARN      string `json:"SourceArn"`
	DestinationARN string `json:"DestinationArn"`
	PerSecond      *int   `json:"MaxNumberOfMessagesPerSecond"`
}

// MoveTaskHandleOutput is the output of StartMessageMoveTask.
type MoveTaskHandleOutput struct {
	TaskHandle string `json:"TaskHandle"`
}

// CancelMoveTaskInput is the input of CancelMessageMoveTask.
type CancelMoveTaskInput struct {
	TaskHandle string `json:"TaskHandle"`
}

// CancelMoveTaskOutput is the output of CancelMessageMoveTask.
type CancelMoveTaskOutput struct {
	Moved int `json:"ApproximateNumberOfMessagesMoved"`
}

// ListMoveTasksInput is the input of ListMessageMoveTasks.
type ListMoveTasksInput struct {
	SourceARN  string `json:"SourceArn"`
	MaxResults *int   `json:"MaxResults"`
}

// ListMoveTasksOutput is the output of ListMessageMoveTasks.
type ListMoveTasksOutput struct {
	Results []MoveTask `json:"Results,omitempty" query:"ListMessageMoveTasksResultEntry"`
}

// A MoveTask is what ListMessageMoveTasks tells of a task.
type MoveTask struct {
	TaskHandle     string `json:"TaskHandle,omitempty"` // only while it runs
	Status         string `json:"Status"`
	SourceARN      string `json:"SourceArn"`
	DestinationARN string `json:"DestinationArn,omitempty"`
	PerSecond      *int   `json:"MaxNumberOfMessagesPerSecond,omitempty"`
	Moved          int    `json:"ApproximateNumberOfMessagesMoved"`
	ToMove         *int   `json:"ApproximateNumberOfMessagesToMove,omitempty"`
	FailureReason  string `json:"FailureReason,omitempty"`
	Started        int64  `json:"StartedTimestamp"` // milliseconds since 1970
}

const maxPerSecond = 500

// StartMessageMoveTask begins to move the visible messages of a dead-letter queue:
// to the destination, or each back to where it came from. Moved messages are new
// ones. A rate spreads them over time; without one they move at once.
func (s *Service) StartMessageMoveTask(_ context.Context, in *StartMoveTaskInput) (*MoveTaskHandleOutput, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	source, err := s.taskQueue("SourceArn", in.SourceARN)
	if err != nil {
		return nil, err
	}
	if len(s.redriveSources(source.arn)) == 0 {
		return nil, invalidValue("Source queue must be configured as a Dead Letter Queue.")
	}
	if in.DestinationARN != "" {
		to, err := s.taskQueue("DestinationArn", in.DestinationARN)
		switch {
		case err != nil:
			return nil, err
		case to.fifo != source.fifo:
			return nil, invalidValue("Source and destination queues must be of the same type.")
		case to == source:
			return nil, invalidValue("Source and destination queues cannot be the same.")
		}
	}
	if n := in.PerSecond; n != nil && (*n < 1 || *n > maxPerSecond) {
		return nil, badValue(*n, "MaxNumberOfMessagesPerSecond", "Must be between 1 and 500, if provided.")
	}
	t, err := s.enlist(source, in)
	if err != nil {
		return nil, err
	}
	t.begin()
	return &MoveTaskHandleOutput{t.handle()}, nil
}

// taskQueue finds the queue of a move task; parameter names the ARN in errors.
func (s *Service) taskQueue(parameter, arn string) (*queue, *awswire.Error) {
	if arn == "" {
		return nil, missing(parameter)
	}
	if len(strings.Split(arn, ":")) != 6 || !strings.HasPrefix(arn, "arn:") {
		return nil, invalidValue("You must use this format to specify the " + parameter + ": arn:<partition>:<service>:<region>:<account-id>:<resource-id>")
	}
	q := s.byARN(arn)
	if q == nil {
		return nil, noSuchResource("The resource that you specified for the " + parameter + " parameter doesn't exist.")
	}
	return q, nil
}

// keptTasks is how many tasks of one source are listed.
const keptTasks = 10

// enlist adds a task to the Service unless one runs on that source, and forgets
// the source's oldest.
func (s *Service) enlist(source *queue, in *StartMoveTaskInput) (*moveTask, *awswire.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var mine []*moveTask
	for _, t := range s.tasks {
		if t.source.arn == source.arn {
			mine = append(mine, t)
		}
	}
	if n := len(mine); n > 0 && mine[n-1].running() {
		return nil, invalidValue("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	}
	if len(mine) >= keptTasks {
		s.tasks = slices.DeleteFunc(s.tasks, func(t *moveTask) bool { return t == mine[0] })
	}
	t := &moveTask{svc: s, id: s.newID(), source: source, to: in.DestinationARN, perSecond: in.PerSecond, started: s.now(), status: "RUNNING"}
	s.tasks = append(s.tasks, t)
	return t, nil
}

// ListMessageMoveTasks returns the latest tasks of a source, newest first.
func (s *Service) ListMessageMoveTasks(_ context.Context, in *ListMoveTasksInput) (*ListMoveTasksOutput, error) {
	source, err := s.taskQueue("SourceArn", in.SourceARN)
	if err != nil {
		return nil, err
	}
	size := 1
	if in.MaxResults != nil {
		if size = *in.MaxResults; size < 1 || size > 10 {
			return nil, badValue(size, "MaxResults", "Must be between 1 and 10, if provided.")
		}
	}
	s.mu.RLock()
	tasks := slices.Clone(s.tasks)
	s.mu.RUnlock()
	out := &ListMoveTasksOutput{}
	for _, t := range slices.Backward(tasks) {
		if t.source.arn == source.arn && len(out.Results) < size {
			out.Results = append(out.Results, t.describe())
		}
	}
	return out, nil
}

// CancelMessageMoveTask ends a running task. What it has not moved stays.
func (s *Service) CancelMessageMoveTask(_ context.Context, in *CancelMoveTaskInput) (*CancelMoveTaskOutput, error) {
	if in.TaskHandle == "" {
		return nil, missing("TaskHandle")
	}
	var handle taskHandle
	text, err := base64.StdEncoding.DecodeString(in.TaskHandle)
	if err != nil || json.Unmarshal(text, &handle) != nil || handle.ID == "" || handle.Source == "" {
		return nil, invalidValue("Value for parameter TaskHandle is invalid.")
	}
	if _, err := s.taskQueue("SourceArn", handle.Source); err != nil {
		return nil, err
	}
	s.mu.RLock()
	i := slices.IndexFunc(s.tasks, func(t *moveTask) bool { return t.id == handle.ID && t.source.arn == handle.Source })
	var t *moveTask
	if i >= 0 {
		t = s.tasks[i]
	}
	s.mu.RUnlock()
	if t == nil {
		return nil, noSuchResource("Task does not exist.")
	}
	moved, ok := t.cancel()
	if !ok {
		return nil, invalidValue("Only active tasks can be cancelled.")
	}
	return &CancelMoveTaskOutput{moved}, nil
}

type taskHandle struct {
	ID     string `json:"taskId"`
	Source string `json:"sourceArn"`
}
