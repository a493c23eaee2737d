package process

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// buildGo builds the Go package in dir into the data folder and returns the
// program. It is built again only when something that goes into it changed: a
// file of it or of a package it imports, the Go version or its settings.
func buildGo(ctx context.Context, dir, data string) (string, error) {
	sum, err := hashGo(ctx, dir)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(data, "build", sum)
	program := filepath.Join(folder, "bootstrap")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	// Renamed when it is whole: two may build at once.
	part, err := os.MkdirTemp(folder, "part-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(part)
	made := filepath.Join(part, "bootstrap")
	if _, err := runGo(ctx, dir, "build", "-o", made, "."); err != nil {
		return "", err
	}
	if info, err := os.Stat(made); err != nil || info.Mode()&0o111 == 0 {
		return "", fmt.Errorf("go build in %s made no program: the package is not main", dir)
	}
	return program, os.Rename(made, program)
}

// hashGo sums up everything that decides what go build makes.
func hashGo(ctx context.Context, dir string) (string, error) {
	settings, err := runGo(ctx, dir, "env", "GOVERSION", "GOOS", "GOARCH", "GOFLAGS", "CGO_ENABLED", "GOEXPERIMENT", "GOMOD", "GOWORK")
	if err != nil {
		return "", err
	}
	list, err := runGo(ctx, dir, "list", "-deps", "-json=Dir,Standard,Module,GoFiles,CgoFiles,CFiles,CXXFiles,HFiles,SFiles,SysoFiles,EmbedFiles", ".")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\x00%s\x00", dir, settings)
	for _, line := range strings.Split(string(settings), "\n") {
		if strings.HasSuffix(line, "go.mod") {
			hashFile(sum, line)
			hashFile(sum, strings.TrimSuffix(line, "mod")+"sum")
		}
		if strings.HasSuffix(line, "go.work") {
			hashFile(sum, line)
		}
	}
	for in := json.NewDecoder(bytes.NewReader(list)); ; {
		var pkg struct {
			Dir      string
			Standard bool
			Module   *struct{ Path, Version string }

			GoFiles, CgoFiles, CFiles, CXXFiles, HFiles, SFiles, SysoFiles, EmbedFiles []string
		}
		if err := in.Decode(&pkg); errors.Is(err, io.EOF) {
			return hex.EncodeToString(sum.Sum(nil)[:16]), nil
		} else if err != nil {
			return "", fmt.Errorf("go list in %s: %w", dir, err)
		}
		if pkg.Standard {
			continue // the version stands for it
		}
		for _, name := range slices.Concat(pkg.GoFiles, pkg.CgoFiles, pkg.CFiles, pkg.CXXFiles, pkg.HFiles, pkg.SFiles, pkg.SysoFiles, pkg.EmbedFiles) {
			if err := hashFile(sum, filepath.Join(pkg.Dir, name)); err != nil {
				return "", err
			}
		}
	}
}

func hashFile(sum io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "%s\x00%d\x00", path, info.Size())
	_, err = io.Copy(sum, f)
	return err
}

// runGo runs the go command with this process's own environment: it needs its
// caches and settings. The error holds what the command said.
func runGo(ctx context.Context, dir string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = dir
	var out, problems bytes.Buffer
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		text := problems.String()
		if len(text) > 4096 {
			text = text[:4096] + " ..."
		}
		return nil, fmt.Errorf("go %s in %s: %w\n%s", args[0], dir, err, strings.TrimSpace(text))
	}
	return out.Bytes(), nil
}
