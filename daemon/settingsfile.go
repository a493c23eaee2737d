package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/spf13/cobra"
)

// readSettings reads the configuration file and returns the values of each
// setting and the file's name; a missing file is empty unless it was asked for.
func readSettings(cmd *cobra.Command) (map[string][]string, string, error) {
	flag := cmd.Flags().Lookup("config")
	if flag == nil {
		return nil, "", nil
	}
	path, asked := flag.Value.String(), flag.Changed
	if v, ok := os.LookupEnv("PENSTOCK_CONFIG"); ok && !asked {
		path, asked = v, true
	}
	text, err := os.ReadFile(path)
	if err != nil {
		if !asked && errors.Is(err, os.ErrNotExist) {
			return nil, "", nil
		}
		return nil, "", environment("configuration: %w", err)
	}
	values, err := parseSettings(text)
	if err != nil {
		return nil, "", usage("%s: %w", path, err)
	}
	return values, filepath.Base(path), nil
}

// parseSettings reads a YAML map of values and lists of values. Values are
// taken as they are written: an account of zeros is no number.
func parseSettings(text []byte) (map[string][]string, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, err
	}
	settings := map[string][]string{}
	for _, doc := range file.Docs {
		if _, ok := doc.Body.(*ast.CommentGroupNode); ok || doc.Body == nil {
			continue
		}
		body, ok := doc.Body.(*ast.MappingNode)
		if !ok {
			return nil, errors.New("must be lines of NAME: VALUE")
		}
		for _, entry := range body.Values {
			name := entry.Key.GetToken().Value
			if _, twice := settings[name]; twice {
				return nil, fmt.Errorf("line %d: %s: is there twice", entry.Key.GetToken().Position.Line, name)
			}
			if settings[name], err = settingValues(entry.Value); err != nil {
				return nil, fmt.Errorf("line %d: %s: %w", entry.Key.GetToken().Position.Line, name, err)
			}
		}
	}
	return settings, nil
}

func settingValues(n ast.Node) (values []string, err error) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		value, err := settingValue(n)
		return []string{value}, err
	}
	for _, one := range list.Values {
		value, err := settingValue(one)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

func settingValue(n ast.Node) (string, error) {
	switch v := n.(type) {
	case *ast.NullNode:
		return "", nil
	case *ast.StringNode:
		return v.Value, nil
	case *ast.LiteralNode:
		return v.Value.Value, nil
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, nil
	}
	return "", errors.New("must be a value or a list of values")
}
