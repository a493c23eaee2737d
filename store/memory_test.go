package store_test

import (
	"testing"

	"github.com/penstock/penstock/store"
	"github.com/penstock/penstock/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, storetest.Engine{Open: func(*testing.T, string) store.Store { return store.Memory() }})
}
