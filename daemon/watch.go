package daemon

import (
	"context"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// watchEvery is how often --watch looks at files.
const watchEvery = 500 * time.Millisecond

// watch tells when the template or code changed and then stayed the same for
// one look, so that a build or a checkout is taken as one change.
func (s *service) watch(ctx context.Context) <-chan struct{} {
	changes := make(chan struct{})
	s.watching.Go(func() {
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		applied := s.fingerprint()
		last := applied
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			now := s.fingerprint()
			settled := now == last
			last = now
			if !settled || now == applied {
				continue
			}
			applied = now
			select {
			case changes <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	})
	return changes
}

// fingerprint sums up names, times and sizes of the template and all code.
func (s *service) fingerprint() uint64 {
	h := fnv.New64a()
	add := func(path string) { // what cannot be read will be there again, or be missed by the reload
		addFiles(h, path, s.data, append([]string{"node_modules"}, notCode...))
	}
	if info, err := os.Stat(s.path); err == nil && info.IsDir() {
		for _, name := range []string{"template.yaml", "template.yml", "template.json", "cdk.out", filepath.Join(".aws-sam", "build", "template.yaml")} {
			add(filepath.Join(s.path, name))
		}
	} else {
		add(s.path)
	}
	s.mu.Lock()
	stack := s.stack
	s.mu.Unlock()
	for _, f := range stack.Functions {
		if f.Code.Path != "" && !strings.HasPrefix(f.Code.Path, s.data) {
			add(f.Code.Path)
		}
	}
	return h.Sum64()
}
