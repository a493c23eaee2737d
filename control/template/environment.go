package template

import (
	"regexp"
	"slices"
	"strings"
)

var variableName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]+$`)

// reservedVariables are set by Lambda itself.
var reservedVariables = [...]string{"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
	"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
	"AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"}

// maxEnvironment is measured as Lambda does: all variables as compact JSON.
const maxEnvironment = 4096

// environment reads the variables of a function. Placeholders among them are
// warnings.
func (e *evaluator) environment(r *resource, v *node, f *Function) {
	if v == nil {
		return
	}
	if v.kind != mapKind {
		e.s.fail(v.pos, "%s: Environment must be a map with Variables, not %s", r.id, v.describe())
		return
	}
	for _, m := range v.entries {
		if m.key != "Variables" {
			e.st.unknown(m.pos, r.id, "Environment."+m.key, "unknown property; it changes nothing here")
		}
	}
	variables := v.get("Variables")
	if variables == nil {
		return
	}
	if variables.kind != mapKind {
		e.s.fail(variables.pos, "%s: Environment.Variables must be a map, not %s", r.id, variables.describe())
		return
	}
	f.Environment = map[string]string{}
	for _, m := range variables.entries {
		e.variable(r, m, f)
	}
	e.reserved(r, variables)
	measured := &node{kind: mapKind}
	for _, m := range variables.entries {
		measured.entries = append(measured.entries, entry{m.key, m.pos, newString(m.pos, m.value.text)})
	}
	if size := len(measured.json()); size > maxEnvironment {
		e.s.fail(variables.pos, "%s: the environment variables have %d bytes as JSON; Lambda takes at most %d", r.id, size, maxEnvironment)
	}
}

func (e *evaluator) variable(r *resource, m entry, f *Function) {
	name := "Environment.Variables." + m.key
	switch {
	case slices.Contains(reservedVariables[:], m.key):
	case !variableName.MatchString(m.key):
		e.s.fail(m.pos, "%s: the name of %s must be two or more letters, digits and underscores and begin with a letter", r.id, name)
	case !m.value.scalar():
		e.s.fail(m.value.pos, "%s: %s must be a string, not %s", r.id, name, m.value.describe())
	}
	for _, doubt := range m.value.unknown {
		e.st.warn(m.pos, r.id, name, "the value "+m.value.show()+" is a placeholder: "+doubt)
	}
	f.Environment[m.key] = m.value.text
	if m.value.secret {
		f.Secrets = append(f.Secrets, m.key)
	}
}

func (e *evaluator) reserved(r *resource, variables *node) {
	var used []string
	for _, m := range variables.entries {
		if slices.Contains(reservedVariables[:], m.key) {
			used = append(used, m.key)
		}
	}
	if len(used) > 0 {
		e.s.fail(variables.pos, "%s: Lambda was unable to configure your environment variables because the environment variables you have provided "+
			"contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", r.id, strings.Join(used, ", "))
	}
}
