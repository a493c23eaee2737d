package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// A manifest is the part of a CDK cloud assembly's manifest.json that names
// stacks.
type manifest struct {
	Artifacts map[string]struct {
		Type       string
		Properties struct {
			TemplateFile  string
			StackName     string
			DirectoryName string
		}
	}
}

// An assembled is one stack of a cloud assembly.
type assembled struct{ id, name, file string }

// loadAssembly reads one stack of a cdk.out folder: the one that
// Options.StackName names, or the only one.
func loadAssembly(dir string, o Options) (*Stack, error) {
	stacks, err := assembly(dir, 0)
	if err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	for _, s := range stacks {
		if o.StackName == s.name || o.StackName == s.id {
			o.StackName = s.name
			return loadFile(s.file, o)
		}
	}
	var names []string
	for _, s := range stacks {
		names = append(names, s.name)
	}
	switch {
	case len(stacks) == 0:
		return nil, fmt.Errorf("template: %s has no stacks", dir)
	case len(stacks) == 1:
		if o.StackName == "" {
			o.StackName = stacks[0].name
		}
		return loadFile(stacks[0].file, o)
	case o.StackName == "":
		return nil, fmt.Errorf("template: %s has several stacks; choose one by its name: %s", dir, strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("template: %s has no stack %q; it has %s", dir, o.StackName, strings.Join(names, ", "))
}

// assembly lists the stacks of a cloud assembly and of those inside it.
func assembly(dir string, depth int) ([]assembled, error) {
	if depth > 8 {
		return nil, fmt.Errorf("%s: cloud assemblies are nested too deeply", dir)
	}
	file := filepath.Join(dir, "manifest.json")
	data, err := readLimited(file)
	if err != nil {
		return nil, err
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("%s: malformed JSON: %w", file, err)
	}
	var out []assembled
	for _, id := range slices.Sorted(maps.Keys(m.Artifacts)) {
		a := m.Artifacts[id]
		switch a.Type {
		case "aws:cloudformation:stack":
			name := a.Properties.StackName
			if name == "" {
				name = id
			}
			if !filepath.IsLocal(a.Properties.TemplateFile) {
				return nil, fmt.Errorf("%s: stack %s: the template %q is outside the folder", file, id, a.Properties.TemplateFile)
			}
			out = append(out, assembled{id, name, filepath.Join(dir, a.Properties.TemplateFile)})
		case "cdk:cloud-assembly":
			if !filepath.IsLocal(a.Properties.DirectoryName) {
				return nil, fmt.Errorf("%s: assembly %s: the folder %q is outside", file, id, a.Properties.DirectoryName)
			}
			inner, err := assembly(filepath.Join(dir, a.Properties.DirectoryName), depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
		}
	}
	return out, nil
}
