package template

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var functionNames = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (e *evaluator) functionName(r *resource) *node {
	v := e.ownName(r, "FunctionName")
	if v == nil {
		v = newString(r.pos, shorten(r.id, 64))
	}
	if v.kind != brokenKind && !functionNames.MatchString(v.text) {
		e.s.fail(v.pos, "%s: the function name %s must be 1 to 64 letters, digits, hyphens and underscores", r.id, v.describe())
		return newBroken(v.pos)
	}
	return v
}

func (e *evaluator) readFunction(r *resource) {
	of := samFunction
	if r.typ == "AWS::Lambda::Function" {
		of = cfnFunction
	}
	before := len(e.s.errs)
	p := e.properties(r.id, of, r.props)
	e.mandatory(r, p, before)
	f := Function{LogicalID: r.id, Pos: r.pos, Timeout: 3 * time.Second, MemorySize: 128}
	name := e.name(r)
	f.Name, f.ARN = name.text, e.functionARN(name.text)
	f.Handler, f.Runtime = p["Handler"].plain(), p["Runtime"].plain()
	f.Role = p["Role"].plain()
	if v := p["Description"]; v != nil {
		f.Description = v.text
		if v.hides() {
			f.Description = "****" // it is shown by everything that lists functions
		}
	}
	if v := p["Timeout"]; v != nil {
		f.Timeout = time.Duration(v.int()) * time.Second
	}
	if v := p["MemorySize"]; v != nil {
		f.MemorySize = v.int()
	}
	if v := p["ReservedConcurrentExecutions"]; v != nil {
		n := v.int()
		f.Concurrency = &n
	}
	if v := p["Architectures"]; v != nil && len(v.items) == 1 {
		f.Architecture = v.items[0].text
	}
	e.logging(r, p["LoggingConfig"], &f)
	if method := r.meta.get("BuildMethod"); method != nil && r.meta.get("SamResourceId") == nil { // which sam build adds
		e.st.recorded(method.pos, r.id, "Metadata.BuildMethod", method.plain(), noBuilds)
	}
	e.code(r, p, &f)
	e.environment(r, p["Environment"], &f)
	e.st.Functions = append(e.st.Functions, f)
	if events := p["Events"]; events != nil {
		e.readEvents(r, events, name)
	}
}

var logLevels = []string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}

// logging reads the format of the function's log. A level needs the JSON
// format, as on AWS.
func (e *evaluator) logging(r *resource, config *node, f *Function) {
	if format := config.get("LogFormat"); format != nil {
		if f.LogFormat = format.text; f.LogFormat != "JSON" && f.LogFormat != "Text" {
			e.s.fail(format.pos, "%s: LoggingConfig.LogFormat must be Text or JSON, not %s", r.id, format.describe())
		}
	}
	level := config.get("ApplicationLogLevel")
	if level == nil {
		return
	}
	switch f.LogLevel = level.text; {
	case !slices.Contains(logLevels, f.LogLevel):
		e.s.fail(level.pos, "%s: LoggingConfig.ApplicationLogLevel must be one of %s, not %s", r.id, strings.Join(logLevels, ", "), level.describe())
	case f.LogFormat != "JSON":
		e.s.fail(level.pos, "%s: LoggingConfig.ApplicationLogLevel needs LogFormat JSON", r.id)
	}
}

// mandatory reports what a function cannot run without. It says nothing of
// container images, which are refused as such.
func (e *evaluator) mandatory(r *resource, p map[string]*node, before int) {
	if r.props.get("ImageUri") != nil || r.props.get("PackageType").plain() == "Image" || r.props.kind != mapKind {
		return
	}
	noCode := r.typ == "AWS::Lambda::Function" && e.lacks(r.props, p, "Code", before)
	for _, property := range []string{"Handler", "Runtime"} {
		if e.lacks(r.props, p, property, before) || p[property] != nil && p[property].text == "" {
			e.s.fail(r.pos, "%s has no %s: Runtime and Handler are mandatory parameters for functions created with deployment packages.", r.id, property)
		}
	}
	if noCode {
		e.s.fail(r.pos, "%s has no Code: Please provide a source for function code.", r.id)
	}
}

func (e *evaluator) code(r *resource, p map[string]*node, f *Function) {
	code, inline := p["CodeUri"], p["InlineCode"]
	if r.typ == "AWS::Lambda::Function" {
		code = p["Code"]
		if zip := code.get("ZipFile"); zip != nil {
			code, inline = nil, zip
		}
	} else if code == nil && inline == nil {
		code = newString(r.pos, ".") // what sam package does
	}
	switch {
	case inline != nil && code != nil:
		e.s.fail(inline.pos, "%s: only one of CodeUri and InlineCode can be set", r.id)
	case inline != nil && e.wantText(inline, "the inline code of "+r.id):
		e.inline(r, inline, f)
	case code != nil && inline == nil:
		f.Code.Path = e.path(r, code)
	}
}

// inline places source text in the file that AWS would put it in.
func (e *evaluator) inline(r *resource, inline *node, f *Function) {
	f.Code.Inline = inline.text
	switch {
	case strings.HasPrefix(f.Runtime, "python"):
		f.Code.File = "index.py"
	case strings.HasPrefix(f.Runtime, "nodejs"):
		f.Code.File = "index.js"
	default:
		if f.Runtime != "" {
			e.s.fail(inline.pos, "%s: inline code needs a Python or Node.js runtime, not %q", r.id, f.Runtime)
		}
	}
}

var assetKey = regexp.MustCompile(`^[0-9a-f]{64}\.zip$`)

// path is the folder or archive of a function's code.
func (e *evaluator) path(r *resource, code *node) string {
	dir := filepath.Dir(e.s.file)
	if asset := r.meta.get("aws:asset:path").plain(); asset != "" {
		return join(dir, asset)
	}
	if code.kind == mapKind {
		key := code.get("S3Key").plain()
		if strings.HasSuffix(e.s.file, ".template.json") && assetKey.MatchString(key) {
			return filepath.Join(dir, "asset."+strings.TrimSuffix(key, ".zip"))
		}
		if code.get("ImageUri") != nil {
			e.s.fail(code.pos, "%s: ImageUri is refused: %s", r.id, noImages)
		} else {
			e.s.fail(code.pos, "%s: code in S3 is not fetched; name a local folder or archive", r.id)
		}
		return ""
	}
	switch {
	case !e.wantText(code, "the code of "+r.id):
		return ""
	case strings.Contains(code.text, "://"):
		e.s.fail(code.pos, "%s: code at %s is not fetched; name a local folder or archive", r.id, code.show())
		return ""
	case code.text == "" || strings.ContainsRune(code.text, 0):
		e.s.fail(code.pos, "%s: the path of the code is empty", r.id)
		return ""
	}
	return join(dir, code.text)
}

// join makes a path that a template gives relative to its folder.
func join(dir, path string) string {
	if path = filepath.FromSlash(path); filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// int is the value of an integer that was checked by the table.
func (n *node) int() int {
	i, _ := strconv.Atoi(n.text)
	return i
}
