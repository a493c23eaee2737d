package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/penstock/penstock/store"
	"github.com/penstock/penstock/store/sqlite"
	"github.com/penstock/penstock/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Engine{Persistent: true, Open: func(t *testing.T, dir string) store.Store {
		s, err := sqlite.Open(filepath.Join(dir, "penstock.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}})
}
