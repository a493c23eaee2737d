package sqlite

import (
	"database/sql/driver"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/penstock/penstock/store"
)

// The queries of docs/store.md run, on a connection that may only read, and
// what VACUUM INTO copies while the store is open is a store.
func TestDocumentedTools(t *testing.T) {
	s, path := fresh(t)
	ctx := t.Context()
	_, err := s.Commit(ctx, store.Txn{
		Put:    []store.Put{{Key: "mapping/1", Value: []byte("{}")}},
		Append: []store.Append{{Log: "l"}},
		Queue:  []store.Item{{Queue: "q", Note: []byte("tried")}},
	})
	if err == nil {
		_, err = s.Acquire(ctx, "node", "me", time.Hour)
	}
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/store.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```sql\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("no queries in docs/store.md")
	}
	c, err := connect(path, "query_only=ON")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.close() }()
	answers := 0
	for query := range strings.SplitSeq(string(block[1]), ";\n") {
		if strings.TrimSpace(query) == "" {
			continue
		}
		if err := c.query(func([]driver.Value) bool { answers++; return true }, query); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	if answers != 5 { // no key is called '...'
		t.Errorf("%d rows, want one of each query but one", answers)
	}

	if _, err := c.exec("PRAGMA query_only=OFF"); err != nil {
		t.Fatal(err)
	}
	backup := path + ".backup"
	if _, err := c.exec("VACUUM INTO ?", backup); err != nil {
		t.Fatal(err)
	}
	b, err := Open(backup, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	if p, err := b.Get(ctx, "mapping/1"); err != nil || string(p.Value) != "{}" {
		t.Errorf("the backup has %q, %v", p.Value, err)
	}
	if list, err := b.Claim(ctx, "q", 1, 0); err != nil || len(list) != 1 {
		t.Errorf("the backup hands out %v, %v", list, err)
	}
}
