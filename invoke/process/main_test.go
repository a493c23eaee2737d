package process

import (
	"os"
	"testing"
)

// TestMain makes the test binary its own reaper.
func TestMain(m *testing.M) {
	if Reap() {
		return
	}
	os.Exit(m.Run())
}
