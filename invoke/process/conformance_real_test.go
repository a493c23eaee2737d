//go:build real

package process

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/penstock/penstock/invoke"
	"github.com/penstock/penstock/invoke/targettest"
)

// TestConformance runs the suite of all targets on the hosted runtimes.
func TestConformance(t *testing.T) {
	for runtime, module := range map[string]struct{ file, text string }{
		"python3": {"handle.py", targettest.Python},
		"nodejs":  {"handle.mjs", targettest.Node},
	} {
		t.Run(runtime, func(t *testing.T) {
			code := t.TempDir()
			if err := os.WriteFile(filepath.Join(code, module.file), []byte(module.text), 0o644); err != nil {
				t.Fatal(err)
			}
			targettest.Run(t, false, func(t *testing.T) targettest.Rig {
				start := func(timeout time.Duration) invoke.Target {
					p, _ := open(t, &Host{}, Function{
						Runtime: runtime, Handler: "handle.handler", CodeDir: code, Timeout: timeout, Concurrency: 2,
					})
					return p
				}
				return targettest.Rig{
					Target:    start(time.Minute),
					Impatient: start(time.Second),
				}
			})
		})
	}
}
