package lambdaapi

import (
	"fmt"
	"strings"
)

// maxViolations is how many violations one answer lists.
const maxViolations = 10

// violations collects what in an input breaks the service's model.
type violations struct{ list []string }

// err is the ValidationException that lists the violations; nil without any.
func (v *violations) err() error {
	if len(v.list) == 0 {
		return nil
	}
	noun := "errors"
	if len(v.list) == 1 {
		noun = "error"
	}
	return Exception(ValidationException, fmt.Sprintf("%d validation %s detected: %s", len(v.list), noun, strings.Join(v.list, "; ")))
}

// add notes a violation at the member at+name. value is as AWS prints it.
func (v *violations) add(at, name, value, constraint string) {
	if len(v.list) < maxViolations {
		v.list = append(v.list, fmt.Sprintf("%s at '%s%s' failed to satisfy constraint: %s", value, at, name, constraint))
	}
}

func (v *violations) required(at, name string, given bool) {
	if !given {
		v.add(at, name, "Value null", notNull)
	}
}

// element is the place of a list's element, counted from one.
func element(at, name string, i int) string {
	return fmt.Sprintf("%s%s.%d.member.", at, name, i+1)
}

// report adds each of the broken constraints.
func (v *violations) report(at, name string, r *rule, value any, broken []string) {
	for _, constraint := range broken {
		v.add(at, name, r.quote(value), constraint)
	}
}

// The checks of one member each; an absent one breaks nothing.

func (v *violations) text(at, name string, s *string, r *rule) {
	if s != nil {
		v.report(at, name, r, *s, r.brokenByText(*s))
	}
}

func (v *violations) integer(at, name string, n *int, r *rule) {
	if n != nil {
		v.report(at, name, r, *n, r.brokenByInteger(*n))
	}
}

func (v *violations) double(at, name string, n *float64, r *rule) {
	if n != nil {
		v.report(at, name, r, *n, r.brokenByDecimal(*n))
	}
}

func list[T any](v *violations, at, name string, values []T, r *rule) {
	if values == nil {
		return
	}
	v.report(at, name, r, values, r.brokenBySize(len(values)))
	for i := range values {
		if r.member != nil && !r.member.allows(values[i]) {
			v.report(at, name, r, values, []string{"Member must satisfy constraint: " + r.member.every(true)})
			return
		}
	}
}

func dictionary[T any](v *violations, at, name string, values map[string]T, r *rule) {
	if values == nil {
		return
	}
	v.report(at, name, r, values, r.brokenBySize(len(values)))
	keys, good := true, true
	for key, value := range values {
		keys = keys && (r.key == nil || r.key.allows(key))
		good = good && (r.value == nil || r.value.allows(value))
	}
	if !keys {
		v.report(at, name, r, values, []string{"Map keys must satisfy constraint: " + r.key.every(false)})
	}
	if !good {
		v.report(at, name, r, values, []string{"Map value must satisfy constraint: " + r.value.every(true)})
	}
}
