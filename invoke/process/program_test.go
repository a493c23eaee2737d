package process

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestProgram(t *testing.T) {
	dir := t.TempDir()
	bootstrap := filepath.Join(dir, "bootstrap")
	if err := os.WriteFile(bootstrap, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	h := &Host{DataDir: t.TempDir()}
	p, err := h.New(Function{Name: "f", Runtime: "provided.al2023", CodeDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := p.Program(); got != nil {
		t.Errorf("before Prepare %q, want nothing", got)
	}
	if err := p.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := p.Program()
	if !slices.Equal(got, []string{bootstrap}) {
		t.Fatalf("%q, want %s", got, bootstrap)
	}
	got[0] = "changed"
	if p.Program()[0] != bootstrap {
		t.Error("the result is not the caller's own")
	}
}
