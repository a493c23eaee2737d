package sqs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// A queuePolicy is a Policy attribute as far as permissions change it; statements
// that they did not write stay as they are.
type queuePolicy struct {
	Version    string            `json:"Version"`
	ID         string            `json:"Id,omitempty"`
	Statements []json.RawMessage `json:"Statement"`
}

type permission struct {
	Sid       string    `json:"Sid"`
	Effect    string    `json:"Effect"`
	Principal principal `json:"Principal"`
	Action    any       `json:"Action"`
	Resource  string    `json:"Resource"`
}

type principal struct {
	AWS any `json:"AWS"`
}

// maxActions is how many actions one permission may name.
const maxActions = 7

// AddPermission adds a statement to the queue's policy. Nobody evaluates it here.
func (s *Service) AddPermission(ctx context.Context, in *AddPermissionInput) (*Nothing, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	switch {
	case in.Label == "":
		return nil, missing("Label")
	case len(in.Accounts) == 0:
		return nil, missing("AWSAccountIds")
	case len(in.Actions) == 0:
		return nil, missing("Actions")
	case len(in.Actions) > maxActions:
		return nil, overLimit(fmt.Sprintf("%d Actions were found, maximum allowed is %d.", len(in.Actions), maxActions))
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	policy, at, err := q.permissions(in.Label)
	if err != nil {
		return nil, err
	}
	if at >= 0 {
		return nil, badValue(in.Label, "Label", "Already exists.")
	}
	var accounts, actions []string
	for _, a := range in.Accounts {
		accounts = append(accounts, "arn:aws:iam::"+a+":root")
	}
	for _, a := range in.Actions {
		actions = append(actions, "SQS:"+a)
	}
	statement, err := json.Marshal(permission{in.Label, "Allow", principal{oneOrList(accounts)}, oneOrList(actions), q.arn})
	if err != nil {
		return nil, err
	}
	policy.Statements = append(policy.Statements, statement)
	return &Nothing{}, q.setPermissions(policy)
}

// RemovePermission removes the statement of that label, and the policy with the
// last one.
func (s *Service) RemovePermission(ctx context.Context, in *RemovePermissionInput) (*Nothing, error) {
	q, err := s.queueAt(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if in.Label == "" {
		return nil, missing("Label")
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	policy, at, err := q.permissions(in.Label)
	if err != nil {
		return nil, err
	}
	if at < 0 {
		return nil, badValue(in.Label, "Label", "can't find label.")
	}
	policy.Statements = slices.Delete(policy.Statements, at, at+1)
	return &Nothing{}, q.setPermissions(policy)
}

// permissions returns the queue's policy and where the statement of that label
// stands in it, -1 for nowhere.
func (q *queue) permissions(label string) (queuePolicy, int, error) {
	policy := queuePolicy{Version: "2008-10-17", ID: q.arn + "/SQSDefaultPolicy"}
	if text := q.set.values["Policy"]; text != "" {
		if err := json.Unmarshal([]byte(text), &policy); err != nil {
			return policy, 0, invalidAttributeValue("Policy", "The present policy has no list of statements to edit.")
		}
	}
	at := slices.IndexFunc(policy.Statements, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == label
	})
	return policy, at, nil
}

func (q *queue) setPermissions(policy queuePolicy) error {
	q.modified = q.svc.now()
	if len(policy.Statements) == 0 {
		delete(q.set.values, "Policy")
		return nil
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(policy); err != nil {
		return err
	}
	q.set.values["Policy"] = string(bytes.TrimSpace(text.Bytes()))
	return nil
}

// oneOrList writes a list of one as a plain string, as AWS does.
func oneOrList(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}
