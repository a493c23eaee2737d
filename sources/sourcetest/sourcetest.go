// Package sourcetest proves that a source keeps the contract of package
// sources: it is what makes all sources alike for the engines. It asks nothing
// that the contract does not say, and refuses to test a service's own rules,
// such as how a message is rendered; those are for the source's own tests.
package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock/penstock/sources"
)

// A QueueRig is a freshly opened, empty queue with the hooks that the suite
// works it by. Kind, Feed, Put and Fail are required.
type QueueRig struct {
	Kind sources.Kind
	// Feed is closed by the suite.
	Feed sources.Queue
	// Put sends one message with this text, to be received at once; if the
	// queue has groups, to a group of its own.
	Put func(body string) error
	// Fail makes every later request to the service fail with err, until
	// Fail(nil).
	Fail func(err error)
	// Visibility is after how long a record that was not settled is handed out
	// again, at least 2 s. Zero: the source does not lend.
	Visibility time.Duration
	// Spoil returns the record with a Token that the service refuses, while it
	// takes the other records of the call. nil: calls fail only as a whole.
	Spoil func(sources.Record) sources.Record
	// PutGroup sends a message to a group. nil: the queue has no groups.
	PutGroup func(group, body string) error
	// Done stops what the rig itself started: servers, idle connections. After
	// it no goroutine may be left. nil: nothing to stop.
	Done func()
}

// Queue runs the suite in fake time: each case in a testing/synctest bubble of
// its own, in which open is called too. What the rig talks to has to live in
// the bubble, and not behind a socket. A case that hangs tells of a feed that
// holds a mutex while it waits: fake time stands still then.
func Queue(t *testing.T, open func(*testing.T) QueueRig) {
	for _, c := range queueCases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := prove(t, open, c, fakeTime); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// RealQueue runs the suite in real time, for sources whose service is a
// process. It takes half a minute.
func RealQueue(t *testing.T, open func(*testing.T) QueueRig) {
	for _, c := range queueCases {
		t.Run(c.name, func(t *testing.T) {
			if err := prove(t, open, c, realTime); err != nil {
				t.Error(err)
			}
		})
	}
}

// A queueCase is one requirement. It returns what is wrong.
type queueCase struct {
	name string
	run  func(*bench) error
}

var queueCases = []queueCase{
	{"records are well formed", wellFormed},
	{"max", maxIsKept},
	{"wait", waitIsKept},
	{"a record ends the wait", arrivalEndsWait},
	{"cancel", cancelEndsReceive},
	{"ack", ackSettles},
	{"nack", nackReturns},
	{"loan", loanEnds},
	{"too many", tooManyAreRefused},
	{"errors are errors", errorsSurface},
	{"partial failures", failedNamesRecords},
	{"receives overlap", receivesOverlap},
	{"a crowd", crowd},
	{"groups", groupsKeepOrder},
	{"hold", holdKeepsBack},
}

// A clock says how a case handles time.
type clock struct {
	// slack is how late something may be. SQS counts whole seconds.
	slack time.Duration
	// settle waits until goroutines just started are blocked.
	settle func()
	// goroutines counts those that belong to the test.
	goroutines func() int
}

var (
	fakeTime = clock{time.Second, synctest.Wait, bubbleGoroutines}
	realTime = clock{1500 * time.Millisecond, func() { time.Sleep(200 * time.Millisecond) }, runtime.NumGoroutine}
)

// A bench is what a case works on.
type bench struct {
	QueueRig
	clock
	ctx context.Context
}

// prove runs one case, closes everything and looks for goroutines left behind.
func prove(t *testing.T, open func(*testing.T) QueueRig, c queueCase, clock clock) error {
	before := clock.goroutines()
	rig := open(t)
	if rig.Feed == nil || rig.Put == nil || rig.Fail == nil || rig.Kind.Queue == nil {
		return errors.New("the rig lacks Kind, Feed, Put or Fail, without which nothing is proved")
	}
	if rig.Visibility != 0 && rig.Visibility < 2*time.Second {
		return fmt.Errorf("the rig's Visibility is %v, must be at least 2s", rig.Visibility)
	}
	err := c.run(&bench{rig, clock, t.Context()})
	if closed := rig.Feed.Close(); closed != nil {
		err = errors.Join(err, fmt.Errorf("close: %w", closed))
	}
	if rig.Done != nil {
		rig.Done()
	}
	for range 10 { // in real time connections take a moment to close
		clock.settle()
		if clock.goroutines() <= before {
			return err
		}
	}
	return errors.Join(err, fmt.Errorf("%d goroutines are left after Close", clock.goroutines()-before))
}

// bubbleGoroutines counts the goroutines of the caller's synctest bubble.
func bubbleGoroutines() int {
	own := make([]byte, 200)
	own = own[:runtime.Stack(own, false)]
	_, rest, _ := strings.Cut(string(own), "synctest bubble ")
	bubble, _, _ := strings.Cut(rest, "]")
	all := make([]byte, 1<<20)
	for {
		n := runtime.Stack(all, true)
		if n < len(all) {
			return strings.Count(string(all[:n]), ", synctest bubble "+bubble+"]:")
		}
		all = make([]byte, 2*len(all))
	}
}
