package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// A daemon is a running "penstock up".
type daemon struct {
	child *exec.Cmd
	ready time.Duration // from its start until it said so
	ended chan struct{}
	last  string // line of its log
}

// startDaemon starts the command in an empty folder and waits until it is ready.
func startDaemon(ctx context.Context, l *lab, folder string, args ...string) (*daemon, error) {
	program, err := l.penstock(ctx)
	if err != nil {
		return nil, err
	}
	args = append([]string{"up", "--data", filepath.Join(folder, "data"), "--listen", "127.0.0.1:0", "--log-format", "json"}, args...)
	d := &daemon{child: exec.CommandContext(ctx, program, args...), ended: make(chan struct{})}
	d.child.Dir = folder
	d.child.Cancel = func() error { return d.child.Process.Signal(syscall.SIGTERM) }
	d.child.WaitDelay = 40 * time.Second
	log, err := d.child.StderrPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := d.child.Start(); err != nil {
		return nil, err
	}
	ready := make(chan struct{})
	go func() {
		defer close(d.ended)
		lines := bufio.NewScanner(log)
		for told := false; lines.Scan(); {
			d.last = lines.Text()
			var line struct{ Msg string }
			if !told && json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" {
				d.ready, told = time.Since(began), true
				close(ready)
			}
		}
		_ = d.child.Wait()
	}()
	select {
	case <-ready:
		return d, nil
	case <-d.ended:
		return nil, fmt.Errorf("penstock ended before it was ready: %s", d.last)
	case <-time.After(time.Minute):
		d.stop()
		return nil, fmt.Errorf("penstock is not ready after a minute: %s", d.last)
	}
}

// stop ends the daemon as an operator does, and waits.
func (d *daemon) stop() {
	_ = d.child.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.ended:
	case <-time.After(40 * time.Second):
		_ = d.child.Process.Kill()
		<-d.ended
	}
}

// idle starts "penstock up" without a template: milliseconds until it is ready,
// and its memory when it has nothing to do.
func idle(ctx context.Context, l *lab) ([]figure, error) {
	folder, err := l.temp("idle")
	if err != nil {
		return nil, err
	}
	var ready, memory []float64
	for range pairCount {
		d, err := startDaemon(ctx, l, folder)
		if err != nil {
			return nil, err
		}
		time.Sleep(time.Second)
		size, err := residentMB(d.child.Process.Pid)
		d.stop()
		if err != nil {
			return nil, err
		}
		ready, memory = append(ready, float64(d.ready.Microseconds())/1000), append(memory, size)
	}
	return []figure{
		{what: "up without template, ready", unit: "ms", ours: median(ready), most: 100},
		{what: "up without template, memory", unit: "MB", ours: median(memory), most: 30},
	}, nil
}

const (
	mappingCount = 1000
	watchTime    = 20 * time.Second // one long poll
)

// idleMappings runs a template with many queues, all empty, of another process:
// memory and CPU while every mapping waits for messages.
func idleMappings(ctx context.Context, l *lab) ([]figure, error) {
	folder, err := manyMappings(ctx, l)
	if err != nil {
		return nil, err
	}
	d, err := startDaemon(ctx, l, folder, "template.yaml",
		"--endpoint", "arn:aws:sqs:="+l.queues.url)
	if err != nil {
		return nil, err
	}
	defer d.stop()
	pid := d.child.Process.Pid
	if err := settled(ctx, pid); err != nil {
		return nil, err
	}
	before, err := l.queues.receives(ctx)
	if err != nil {
		return nil, err
	}
	used, err := usedCPU(pid)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	time.Sleep(watchTime + time.Second)
	took := time.Since(began)
	later, err := usedCPU(pid)
	if err != nil {
		return nil, err
	}
	size, err := residentMB(pid)
	if err != nil {
		return nil, err
	}
	after, err := l.queues.receives(ctx)
	if err == nil && after-before < mappingCount {
		err = fmt.Errorf("%d receives in %v, must be at least %d: not all mappings poll", after-before, took, mappingCount)
	}
	if err != nil {
		return nil, err
	}
	return []figure{
		{what: "1 000 idle mappings, memory", unit: "MB", ours: size, most: 150},
		{what: "1 000 idle mappings, CPU", unit: "%", ours: 100 * (later - used).Seconds() / took.Seconds(), most: 1},
	}, nil
}

// manyMappings creates the queues and a folder with a template of one function
// that reads them all.
func manyMappings(ctx context.Context, l *lab) (string, error) {
	client, err := l.client(ctx)
	if err != nil {
		return "", err
	}
	folder, err := l.temp("mappings")
	if err != nil {
		return "", err
	}
	var text strings.Builder
	text.WriteString("Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n" +
		"    Properties:\n      FunctionName: f\n      Runtime: provided.al2023\n      Handler: bootstrap\n      CodeUri: .\n      Events:\n")
	for i := range mappingCount {
		name := fmt.Sprintf("idle-%04d", i)
		if _, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name)}); err != nil {
			return "", err
		}
		fmt.Fprintf(&text, "        E%d:\n          Type: SQS\n          Properties:\n            Queue: %s\n", i, arnOf(name))
	}
	if err := os.WriteFile(filepath.Join(folder, "template.yaml"), []byte(text.String()), 0o600); err != nil {
		return "", err
	}
	return folder, os.WriteFile(filepath.Join(folder, "bootstrap"), []byte("#!/bin/sh\nexit 1\n"), 0o700)
}

// settled waits until a process uses less than a tenth of a CPU.
func settled(ctx context.Context, pid int) error {
	before, err := usedCPU(pid)
	for range 60 {
		if err != nil || ctx.Err() != nil {
			break
		}
		time.Sleep(time.Second)
		var now time.Duration
		if now, err = usedCPU(pid); err == nil && now-before < 100*time.Millisecond {
			return nil
		}
		before = now
	}
	if err == nil {
		err = fmt.Errorf("process %d is not idle after a minute", pid)
	}
	return err
}
