package process

import (
	"os"
	"path/filepath"
)

// leave gives back the launcher; the last one out ends it.
func (h *Host) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
	if h.open > 0 {
		return
	}
	if h.launcher != nil {
		h.launcher.close()
	}
	if h.folder != "" {
		os.RemoveAll(h.folder)
	}
	h.launcher, h.folder = nil, ""
}

// launch returns the launcher, starting it when there is none or the reaper
// was killed.
func (h *Host) launch() (launcher, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, ok := h.launcher.(*supervised); h.launcher != nil && (!ok || s.alive()) {
		return h.launcher, nil
	}
	if err := h.makeFolder(); err != nil {
		return nil, err
	}
	if h.Reaper == "" {
		h.launcher = newDirect()
		return h.launcher, nil
	}
	s, err := newSupervised(h.Reaper, h.folder)
	if err != nil {
		return nil, err
	}
	h.launcher = s
	return s, nil
}

// makeFolder makes the folder of this host's temporary folders. mu is held.
func (h *Host) makeFolder() error {
	if h.folder != "" {
		return nil
	}
	data, err := h.dataDir()
	if err != nil {
		return err
	}
	parent := filepath.Join(data, "tmp")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	h.folder, err = os.MkdirTemp(parent, "run-")
	return err
}

// tempFolder makes the temporary folder of an environment.
func (h *Host) tempFolder() (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.makeFolder(); err != nil {
		return "", err
	}
	return os.MkdirTemp(h.folder, "tmp-")
}

// dataDir returns DataDir as an absolute path, made when it is not there.
func (h *Host) dataDir() (string, error) {
	dir := h.DataDir
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			cache = os.TempDir()
		}
		dir = filepath.Join(cache, "penstock")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o700)
}
