package template

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Load reads the template at path. A folder stands for the first of these that
// is there: the manifest.json of a cdk.out folder; template.yaml, template.yml
// or template.json in it; its cdk.out; its .aws-sam/build/template.yaml. What
// was written by hand wins over what was built from it, since a build may be
// older; name the built one to run that.
//
// Code folders that do not exist are errors here: sam and cdk make them.
func Load(path string, o Options) (*Stack, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	if !info.IsDir() {
		return loadFile(path, o)
	}
	if exists(filepath.Join(path, "manifest.json")) {
		return loadAssembly(path, o)
	}
	built := filepath.Join(path, ".aws-sam", "build", "template.yaml")
	for _, name := range []string{"template.yaml", "template.yml", "template.json"} {
		file := filepath.Join(path, name)
		if !exists(file) {
			continue
		}
		st, err := loadFile(file, o)
		if err == nil && exists(built) {
			st.warn(Pos{File: file}, "", "", "the template as written is used; to run what sam built, name "+built)
		}
		return st, err
	}
	if exists(filepath.Join(path, "cdk.out", "manifest.json")) {
		return loadAssembly(filepath.Join(path, "cdk.out"), o)
	}
	if exists(built) {
		return loadFile(built, o)
	}
	return nil, fmt.Errorf("template: %s has no template.yaml, template.yml, template.json, cdk.out or .aws-sam/build/template.yaml", path)
}

func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

func loadFile(file string, o Options) (*Stack, error) {
	data, err := readLimited(file)
	if err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	st, err := Parse(file, data, o)
	if err != nil {
		return nil, err
	}
	s := newSource(file, data)
	for _, f := range st.Functions {
		if f.Code.Path == "" {
			continue
		}
		if _, err := os.Stat(f.Code.Path); errors.Is(err, fs.ErrNotExist) {
			s.fail(f.Pos, "%s: there is no code at %s", f.LogicalID, f.Code.Path)
		} else if err != nil {
			s.fail(f.Pos, "%s: the code cannot be read: %v", f.LogicalID, err)
		}
	}
	if err := s.result(); err != nil {
		return nil, err
	}
	return st, nil
}

// readLimited reads at most one byte more than a template may have, which is
// for Parse to refuse.
func readLimited(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBytes+1))
}
