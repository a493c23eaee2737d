package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

//go:embed service.json
var service []byte

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

func run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("lambdagen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", "control/lambdaapi", "folder of the generated files")
	source := flags.String("trim", "", "botocore's service-2.json, to write internal/lambdagen/service.json from")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	task := func() error { return write(*out) }
	if *source != "" {
		task = func() error { return rewrite(*source) }
	}
	if err := task(); err != nil {
		fmt.Fprintln(stderr, "lambdagen:", err)
		return 1
	}
	return 0
}

func write(folder string) error {
	files, err := generate(service)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func rewrite(source string) error {
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	short, err := trim(text)
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	return os.WriteFile("internal/lambdagen/service.json", short, 0o644)
}

// generate returns the files to write, by name.
func generate(text []byte) (map[string][]byte, error) {
	m, err := parse(text)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name, emit := range map[string]func(*model, *page) error{
		"zz_structs.go":    emitStructs,
		"zz_checks.go":     emitChecks,
		"zz_operations.go": emitOperations,
		"zz_exceptions.go": emitExceptions,
	} {
		p := newPage()
		if err := emit(m, p); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if files[name], err = p.source(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return files, nil
}
