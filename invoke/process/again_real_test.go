//go:build real

package process

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/penstock/penstock/invoke"
)

// Code that is saved twice within a second, with the same length, is a new
// deployment all the same: Python's cache of compiled files would not notice.
func TestPythonCodeSavedTwiceAtOnce(t *testing.T) {
	host, dir := &Host{}, t.TempDir()
	saved := time.Now().Truncate(time.Second)
	for _, answer := range []string{"1", "2"} {
		// The module is imported by the handler's, so that it is compiled to the cache.
		for name, text := range map[string]string{
			"a.py": "import b\ndef handler(event, context): return b.answer\n",
			"b.py": "answer = " + answer + "\n",
		} {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, saved, saved); err != nil {
				t.Fatal(err)
			}
		}
		p, j := open(t, host, Function{Runtime: "python3.12", Handler: "a.handler", CodeDir: dir, Timeout: 30 * time.Second})
		r, err := p.Invoke(t.Context(), invoke.Request{})
		if err != nil || string(r.Payload) != answer {
			t.Errorf("answer %s, %v; want %s\n%s", r.Payload, err, answer, j.text())
		}
	}
}
