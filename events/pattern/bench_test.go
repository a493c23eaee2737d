package pattern_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/penstock/penstock/events/pattern"
)

// objectCreated is an S3 event as EventBridge delivers it, with made-up values; about 600 bytes.
var objectCreated = []byte(`{"version":"0","id":"6f8f3d3e-0f6d-4b0e-9a53-0c1de1f0aaaa","detail-type":"Object Created","source":"aws.s3",` +
	`"account":"111122223333","time":"2031-04-05T06:07:08Z","region":"eu-west-1","resources":["arn:aws:s3:::pictures-9999"],` +
	`"detail":{"version":"0","bucket":{"name":"pictures-9999"},"object":{"key":"images/user-9999/holiday/p-0042.png","size":123456,` +
	`"etag":"d41d8cd98f00b204e9800998ecf8427e","version-id":"Zq0u1","sequencer":"0062E99A88DC407460"},"request-id":"N4N7GDK58NMKJ12R",` +
	`"requester":"444455556666","source-ip-address":"192.0.2.17","reason":"PutObject"},"comment":"for the bench"}`)

// ruleSets are the kinds of rule sets of the benchmark: rule i of each.
var ruleSets = []struct {
	name string
	rule func(i int) string
}{
	{"exact", func(i int) string {
		return fmt.Sprintf(`{"source":["aws.s3"],"detail-type":["Object Created"],"detail":{"bucket":{"name":["pictures-%d"]}}}`, i)
	}},
	{"prefix+exact", func(i int) string {
		return fmt.Sprintf(`{"source":["aws.s3"],"detail":{"bucket":{"name":[{"prefix":"pictures-"}]},"object":{"key":[{"prefix":"images/user-%d/"}]},"reason":["PutObject"]}}`, i)
	}},
	{"wildcard", func(i int) string {
		return fmt.Sprintf(`{"source":["aws.s3"],"detail":{"object":{"key":[{"wildcard":"images/*-%d/*.png"}]}}}`, i)
	}},
	{"wildcard-inside", func(i int) string {
		return fmt.Sprintf(`{"detail":{"object":{"key":[{"wildcard":"*user-%d/*"}]}}}`, i)
	}},
}

func BenchmarkMatch(b *testing.B) {
	for _, kind := range ruleSets {
		for _, n := range []int{1, 100, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", kind.name, n), func(b *testing.B) {
				var list []*pattern.Pattern
				for i := range n {
					list = append(list, compile(b, kind.rule(10_000-n+i), pattern.Rule))
				}
				set := pattern.NewSet(list...)
				var ids []int
				b.SetBytes(int64(len(objectCreated)))
				b.ReportAllocs()
				for b.Loop() {
					var err error
					if ids, err = set.Match(objectCreated, ids[:0]); err != nil || len(ids) != 1 {
						b.Fatal(ids, err)
					}
				}
			})
		}
	}
}

func BenchmarkSingle(b *testing.B) {
	for _, kind := range ruleSets {
		b.Run(kind.name, func(b *testing.B) {
			p := compile(b, kind.rule(9999), pattern.Rule)
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := p.Match(objectCreated); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

func BenchmarkNewSet(b *testing.B) {
	for _, kind := range ruleSets {
		var list []*pattern.Pattern
		for i := range 10_000 {
			list = append(list, compile(b, kind.rule(i), pattern.Rule))
		}
		b.Run(kind.name+"/10000", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pattern.NewSet(list...)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	text := ruleSets[1].rule(1)
	b.ReportAllocs()
	for b.Loop() {
		compile(b, text, pattern.Rule)
	}
}

// BenchmarkArrays matches an event with 1000 objects in an array, where the pattern needs one with both values.
func BenchmarkArrays(b *testing.B) {
	p := compile(b, `{"items":{"x":[1],"y":[2]}}`, pattern.Rule)
	event := []byte(`{"items":[` + strings.Repeat(`{"x":1,"y":1},{"x":2,"y":2},`, 500) + `{"x":1,"y":2}]}`)
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := p.Match(event); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func compile(t testing.TB, text string, d pattern.Dialect) *pattern.Pattern {
	t.Helper()
	p, err := pattern.Compile(text, d)
	if err != nil {
		t.Fatalf("Compile(%s): %v", text, err)
	}
	return p
}
