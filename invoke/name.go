package invoke

import (
	"fmt"
	"regexp"
	"strings"
)

// A Name is what a function's name or ARN says. What it does not say is empty.
type Name struct {
	Partition, Region, Account, Name, Qualifier string
}

// namePattern is the model's pattern of FunctionName of the Invoke operation.
const namePattern = `(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`

var nameForm = regexp.MustCompile(`^` + namePattern + `$`)

// ParseName reads every form of name that the Lambda API takes (see
// Resolver). Its error is ErrRefused, with the words of the service's
// validation.
func ParseName(s string) (Name, error) {
	if bare(s) {
		return Name{Name: s}, nil
	}
	m := nameForm.FindStringSubmatch(s)
	if m == nil || len(s) > 256 || m[1] != "" && (m[3] == "" || m[9] == "") {
		rule := "satisfy regular expression pattern: " + namePattern
		if len(s) > 256 {
			rule = "have length less than or equal to 256"
		}
		return Name{}, &Refusal{"ValidationException",
			fmt.Sprintf("1 validation error detected: Value '%.300s' at 'functionName' failed to satisfy constraint: Member must %s", s, rule)}
	}
	return Name{
		Partition: m[2],
		Region:    strings.TrimSuffix(m[3], ":"),
		Account:   strings.TrimSuffix(m[9], ":"),
		Name:      m[11],
		Qualifier: m[13],
	}, nil
}

// bare says that s is a name alone, as most are: every invocation asks, and the
// pattern takes its time.
func bare(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return 0 < len(s) && len(s) <= 256
}

// In is n with what it leaves open filled in: the region and account given, and
// the partition aws.
func (n Name) In(region, account string) Name {
	if n.Partition == "" {
		n.Partition = "aws"
	}
	if n.Region == "" {
		n.Region = region
	}
	if n.Account == "" {
		n.Account = account
	}
	return n
}

// ARN is the function's ARN, with the qualifier if there is one.
func (n Name) ARN() string {
	arn := "arn:" + n.Partition + ":lambda:" + n.Region + ":" + n.Account + ":function:" + n.Name
	if n.Qualifier != "" {
		arn += ":" + n.Qualifier
	}
	return arn
}
