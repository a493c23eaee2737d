package daemon

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// settings are all options of the daemon. Zero values are replaced by the
// defaults of the flags.
type settings struct {
	Listen          string
	Data            string
	Local           bool
	Endpoints       []string
	Account         string
	Region          string
	Grace           time.Duration
	Watch           bool
	Parameters      []string
	Imports         []string
	Stack           string
	Runtimes        []string
	PassCredentials bool
	Hosts           []string
	LogLevel        string
	LogFormat       string

	origins map[string]string // by flag name: where the value comes from
}

// common are the flags of every command that reads a template.
func (s *settings) common(f *pflag.FlagSet) {
	f.StringVar(&s.Account, "account", "000000000000", "account id in ARNs, 12 digits")
	f.StringVar(&s.Region, "region", "us-east-1", "region in ARNs and for local services")
	f.StringArrayVar(&s.Parameters, "parameter", nil, "template parameter as NAME=VALUE; may be repeated")
	f.StringArrayVar(&s.Imports, "import", nil, "what another stack exports as NAME=VALUE, for Fn::ImportValue; may be repeated")
	f.StringVar(&s.Stack, "stack", "", "stack name; default: the folder's name")
	f.StringArrayVar(&s.Runtimes, "runtime", nil, "interpreter for a runtime as RUNTIME=PATH, e.g. python3.12=/usr/bin/python3.12; may be repeated")
	f.BoolVar(&s.PassCredentials, "pass-credentials", false, "give functions the daemon's AWS credentials instead of dummy ones")
}

// service are the flags of "up".
func (s *settings) service(f *pflag.FlagSet) {
	f.StringVar(&s.Listen, "listen", "127.0.0.1:9330", "address of the AWS endpoint; loopback only")
	f.StringVar(&s.Data, "data", "", "folder for builds and state; default: .penstock beside the template")
	f.BoolVar(&s.Local, "local", false, "serve the template's queues in this process, in memory: they are empty after a restart")
	f.StringArrayVar(&s.Endpoints, "endpoint", nil, "where sources are: ARN-PREFIX=URL[,profile=P][,region=R]; may be repeated, the longest prefix wins")
	f.DurationVar(&s.Grace, "grace", 30*time.Second, "how long batches in hand may take to finish when the daemon stops")
	f.BoolVar(&s.Watch, "watch", false, "apply changes of code and template as they are saved (SIGHUP applies them once)")
	f.StringArrayVar(&s.Hosts, "host", nil, "further Host header to accept beside loopback names; may be repeated")
}

// logging are the flags of every command.
func (s *settings) logging(f *pflag.FlagSet) {
	f.StringVar(&s.LogLevel, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&s.LogFormat, "log-format", "auto", "text, json, or auto: text on a terminal")
	f.String("config", "penstock.yaml", "file with settings, named like the flags")
}

// resolve fills in flags that were not given: from PENSTOCK_* variables, then
// from the configuration file. It notes where each value comes from.
func (s *settings) resolve(cmd *cobra.Command) error {
	file, path, err := readSettings(cmd)
	if err != nil {
		return err
	}
	s.origins = map[string]string{}
	known := map[string]bool{}
	var errs []error
	set := func(f *pflag.Flag, origin string, values ...string) {
		s.origins[f.Name] = origin
		for _, v := range values {
			if err := f.Value.Set(v); err != nil {
				errs = append(errs, fmt.Errorf("%s: %s: %q: %w", origin, f.Name, v, err))
			}
		}
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		known[f.Name] = true
		variable := "PENSTOCK_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		text, inEnv := os.LookupEnv(variable)
		values, inFile := file[f.Name]
		switch {
		case f.Changed:
			s.origins[f.Name] = "flag --" + f.Name
		case inEnv && f.Value.Type() == "stringArray":
			set(f, variable, strings.Fields(text)...)
		case inEnv:
			set(f, variable, text)
		case inFile:
			set(f, path, values...)
		default:
			s.origins[f.Name] = "default"
		}
	})
	for name := range file {
		if !known[name] && !isSetting(cmd.Root(), name) {
			errs = append(errs, fmt.Errorf("%s: %s: no such setting", path, name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return &exit{exitUsage, err}
	}
	return nil
}

// isSetting says whether some command has the setting.
func isSetting(cmd *cobra.Command, name string) bool {
	return cmd.LocalFlags().Lookup(name) != nil ||
		slices.ContainsFunc(cmd.Commands(), func(sub *cobra.Command) bool { return isSetting(sub, name) })
}

// pairs reads NAME=VALUE settings.
func pairs(flag string, values []string) (map[string]string, error) {
	m := map[string]string{}
	for _, v := range values {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, usage("--%s %q: must be NAME=VALUE", flag, v)
		}
		m[name] = value
	}
	return m, nil
}

// check refuses values that no command takes.
func (s *settings) check(cmd *cobra.Command) error {
	has := func(name string) bool { return cmd.Flags().Lookup(name) != nil }
	switch {
	case has("account") && (len(s.Account) != 12 || strings.Trim(s.Account, "0123456789") != ""):
		return usage("--account %q: must be 12 digits", s.Account)
	case has("region") && s.Region == "":
		return usage("--region: must not be empty")
	case has("grace") && s.Grace <= 0:
		return usage("--grace %v: must be more than zero", s.Grace)
	case !slices.Contains([]string{"debug", "info", "warn", "error"}, s.LogLevel):
		return usage("--log-level %q: must be debug, info, warn or error", s.LogLevel)
	case !slices.Contains([]string{"auto", "text", "json"}, s.LogFormat):
		return usage("--log-format %q: must be auto, text or json", s.LogFormat)
	}
	return nil
}
