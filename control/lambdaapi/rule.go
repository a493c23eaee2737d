package lambdaapi

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// A rule is what the service's model demands of a shape. The texts of its
// constraints are AWS's.
type rule struct {
	// max and min bound a number's value, a text's characters or the elements
	// of a list or map. nil: no bound.
	max, min           *float64
	pattern            *form
	enum               []string
	decimal            bool // a number with a fraction; the only numbers in lists and maps
	secret             bool // errors do not repeat the value
	member, key, value *rule
}

// A form is a regular expression that a whole text has to match.
type form struct {
	text    string // as the model and AWS's errors write it
	matches func(string) bool
}

// newForm compiles translation, which says text in Go's syntax, when it is first
// used: most commands never check an input.
func newForm(text, translation string) *form {
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(translation) })
	return &form{text, func(s string) bool { return compiled().MatchString(s) }}
}

const notNull = "Member must not be null"

func mostLength(n float64) string {
	return fmt.Sprintf("Member must have length less than or equal to %.0f", n)
}
func leastLength(n float64) string {
	return fmt.Sprintf("Member must have length greater than or equal to %.0f", n)
}
func mostValue(n float64) string {
	return "Member must have value less than or equal to " + decimal(n)
}
func leastValue(n float64) string {
	return "Member must have value greater than or equal to " + decimal(n)
}

func (r *rule) patternText() string {
	return "Member must satisfy regular expression pattern: " + r.pattern.text
}

func (r *rule) enumText() string {
	return "Member must satisfy enum value set: [" + strings.Join(r.enum, ", ") + "]"
}

// brokenByText lists the constraints that s breaks.
func (r *rule) brokenByText(s string) []string {
	broken := r.brokenBySize(utf8.RuneCountInString(s))
	if r.pattern != nil && !r.pattern.matches(s) {
		broken = append(broken, r.patternText())
	}
	if r.enum != nil && !slices.Contains(r.enum, s) {
		broken = append(broken, r.enumText())
	}
	return broken
}

func (r *rule) brokenByInteger(n int) (broken []string) {
	if r.max != nil && float64(n) > *r.max {
		broken = append(broken, fmt.Sprintf("Member must have value less than or equal to %.0f", *r.max))
	}
	if r.min != nil && float64(n) < *r.min {
		broken = append(broken, fmt.Sprintf("Member must have value greater than or equal to %.0f", *r.min))
	}
	return broken
}

func (r *rule) brokenByDecimal(n float64) (broken []string) {
	if r.max != nil && n > *r.max {
		broken = append(broken, mostValue(*r.max))
	}
	if r.min != nil && n < *r.min {
		broken = append(broken, leastValue(*r.min))
	}
	return broken
}

func (r *rule) brokenBySize(n int) (broken []string) {
	if r.max != nil && float64(n) > *r.max {
		broken = append(broken, mostLength(*r.max))
	}
	if r.min != nil && float64(n) < *r.min {
		broken = append(broken, leastLength(*r.min))
	}
	return broken
}

// allows says whether an element of a list or map keeps the rule.
func (r *rule) allows(value any) bool {
	switch value := value.(type) {
	case string:
		return len(r.brokenByText(value)) == 0
	case float64:
		return len(r.brokenByDecimal(value)) == 0
	case []string:
		for _, s := range value {
			if r.member != nil && !r.member.allows(s) {
				return false
			}
		}
		return len(r.brokenBySize(len(value))) == 0
	}
	return true // structures are walked, not asked
}

// every lists all constraints of an element, broken or not, as AWS does. Of map
// keys, and of texts that may be empty, AWS does not say that they must not be
// null.
func (r *rule) every(values bool) string {
	var all []string
	most, least := mostLength, leastLength
	if r.decimal {
		most, least = mostValue, leastValue
	}
	if r.max != nil {
		all = append(all, most(*r.max))
	}
	if r.min != nil {
		all = append(all, least(*r.min))
	}
	if r.pattern != nil {
		all = append(all, r.patternText())
	}
	if r.enum != nil {
		all = append(all, r.enumText())
	}
	if r.member != nil {
		all = append(all, "Member must satisfy constraint: "+r.member.every(true))
	}
	if empty := r.min != nil && *r.min == 0 && !r.decimal; values && !empty {
		all = append(all, notNull)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// decimal is a number as Java prints a double.
func decimal(n float64) string {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
