// Package sqs is an Amazon SQS shaped service inside this process: queues of both
// types with delays, visibility timeouts, long polls, dead letters, deduplication,
// message groups and move tasks, behind the JSON and query protocols that
// unmodified clients speak ([Service.Handler]) and as plain Go methods.
//
// It keeps everything in memory: a Service that is gone has lost its messages. It
// does not check who calls (policies are stored, not evaluated), encrypts nothing,
// and simulates neither AWS's propagation delays nor its throttling. What it does
// differently from AWS and from ElasticMQ is listed in differences.md.
//
// Each queue stands behind a lock of its own. A queue's lock may be held while the
// Service's is taken, never the other way round, and no two queues' locks are ever
// held together.
package sqs

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/penstock/penstock/awswire"
)

// A Service is a set of queues. The zero Service is ready to use; set fields
// before the first call. Its methods are safe for concurrent use. Close it to end
// waiting receives and move tasks.
//
// Operations carry the names and members of the AWS API. Their errors are
// *awswire.Error values with the codes and texts of AWS.
type Service struct {
	Region  string // of requests that carry none; empty: us-east-1
	Account string // owner of all queues, 12 digits; empty: 000000000000

	// Strict turns on the two rules of AWS that mostly stand in a test's way: a
	// deleted queue's name is blocked for 60 s, and so is a second purge.
	Strict bool

	// Now is the clock; nil: time.Now. While a clock of one's own stands still, long
	// polls end only by messages and by Advance.
	Now func() time.Time

	NewID   func() string // ids of messages, queues and tasks, unique; nil: random UUIDs
	Observe func(Event)   // told what becomes of each message, in order, outside all locks; nil: nobody

	offset  atomic.Int64 // nanoseconds that Advance has added to the clock
	journal journal

	mu      sync.RWMutex
	queues  map[place]*queue
	deleted map[place]time.Time // when names became free again, for Strict
	tasks   []*moveTask         // oldest first
	closed  bool
}

// A place names a queue inside the Service.
type place struct{ region, name string }

const (
	defaultRegion  = "us-east-1"
	defaultAccount = "000000000000"
)

func (s *Service) region() string  { return cmp.Or(s.Region, defaultRegion) }
func (s *Service) account() string { return cmp.Or(s.Account, defaultAccount) }

func (s *Service) newID() string {
	if s.NewID != nil {
		return s.NewID()
	}
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var text [36]byte
	hex.Encode(text[:8], b[:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:], b[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

func (s *Service) arn(p place) string {
	partition := "aws"
	switch {
	case strings.HasPrefix(p.region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(p.region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return "arn:" + partition + ":sqs:" + p.region + ":" + s.account() + ":" + p.name
}

// placeOf reads a queue's ARN; false if arn is none or of another account.
func (s *Service) placeOf(arn string) (place, bool) {
	part := strings.Split(arn, ":")
	if len(part) != 6 || part[0] != "arn" || part[2] != "sqs" || part[4] != s.account() || part[5] == "" {
		return place{}, false
	}
	return place{part[3], part[5]}, true
}

// at returns the queue at p, or nil.
func (s *Service) at(p place) *queue {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.queues[p]
}

// byARN returns the queue with that ARN, or nil.
func (s *Service) byARN(arn string) *queue {
	p, ok := s.placeOf(arn)
	if !ok {
		return nil
	}
	return s.at(p)
}

// all returns the queues, by region and name.
func (s *Service) all() []*queue {
	s.mu.RLock()
	list := make([]*queue, 0, len(s.queues))
	for _, q := range s.queues {
		list = append(list, q)
	}
	s.mu.RUnlock()
	slices.SortFunc(list, func(a, b *queue) int {
		return cmp.Or(strings.Compare(a.region, b.region), strings.Compare(a.name, b.name))
	})
	return list
}

// Close ends waiting receives, which then return no messages, and move tasks. The
// operations that follow fail with ServiceUnavailable. It returns nil.
func (s *Service) Close() error {
	s.mu.Lock()
	s.closed = true
	tasks := slices.Clone(s.tasks)
	s.mu.Unlock()
	for _, t := range tasks {
		t.stop()
	}
	for _, q := range s.all() {
		q.mu.Lock()
		q.close()
		q.mu.Unlock()
	}
	return nil
}

func (s *Service) open() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return &awswire.Error{Code: "ServiceUnavailable", Status: 503, Message: "This service was closed."}
	}
	return nil
}
