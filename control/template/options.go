package template

import (
	"crypto/sha1"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"strings"
)

// Options say for which stack a template is read. The zero value works for
// templates whose parameters have defaults.
type Options struct {
	// StackName is letters, digits and hyphens, beginning with a letter. Empty:
	// made from the name of the template's folder (of the project's folder, for
	// .aws-sam/build), or the stack's name in cdk.out. For a cdk.out folder with
	// several stacks it chooses one.
	StackName string
	Account   string // 12 digits; empty: 000000000000
	Region    string // empty: us-east-1
	Partition string // empty: derived from the region
	StackID   string // what AWS::StackId gives; empty: a made-up ARN
	// Parameters are values by name. A name that the template does not have is
	// an error.
	Parameters map[string]string
	// Imports are the values of Fn::ImportValue by export name.
	Imports map[string]string
	// QueueURL makes the URL of a queue of this stack. nil: AWS's own.
	QueueURL func(name string) string
}

// Parse reads one template; file names it in positions, and its folder is where
// relative code paths begin. The error is [Errors], everything that is wrong;
// the stack is nil then. File systems are not touched.
func Parse(file string, data []byte, o Options) (*Stack, error) {
	s := newSource(file, data)
	root := parseText(s, data)
	if root == nil || len(s.errs) > 0 {
		return nil, s.result()
	}
	e := newEvaluator(s, o)
	e.template(root)
	if err := s.result(); err != nil {
		return nil, err
	}
	return e.st, nil
}

func newEvaluator(s *source, o Options) *evaluator {
	e := &evaluator{
		s: s, o: o, st: &Stack{Name: o.StackName, File: s.file}, budget: maxNodes,
		params: map[string]*parameter{}, conditions: map[string]*condition{}, resources: map[string]*resource{},
	}
	whole := Pos{File: s.file}
	if e.st.Name == "" {
		e.st.Name = stackName(s.file)
	} else if !stackNames.MatchString(e.st.Name) || len(e.st.Name) > 128 {
		s.fail(whole, "the stack name %q must be letters, digits and hyphens, begin with a letter, and have at most 128 characters", e.st.Name)
	}
	if e.o.Account == "" {
		e.o.Account = "000000000000"
	}
	if e.o.Region == "" {
		e.o.Region = "us-east-1"
	}
	if e.o.Partition == "" {
		e.o.Partition = partition(e.o.Region)
	}
	if e.o.StackID == "" {
		e.o.StackID = e.arn("cloudformation", "stack/"+e.st.Name+"/"+uuid("stack", e.st.Name))
	}
	if e.o.QueueURL == nil {
		e.o.QueueURL = func(name string) string {
			return "https://sqs." + e.o.Region + "." + urlSuffix(e.o.Partition) + "/" + e.o.Account + "/" + name
		}
	}
	return e
}

var stackNames = regexp.MustCompile(`^[A-Za-z][-A-Za-z0-9]*$`)

// stackName makes a stack's name from the path of its template.
func stackName(file string) string {
	dir := filepath.Dir(file)
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if filepath.Base(dir) == "build" && filepath.Base(filepath.Dir(dir)) == ".aws-sam" {
		dir = filepath.Dir(filepath.Dir(dir))
	}
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, filepath.Base(dir))
	if name = strings.Trim(name, "-"); name == "" {
		return "stack"
	}
	if name = name[:min(len(name), 100)]; !stackNames.MatchString(name) {
		return "stack-" + name
	}
	return name
}

func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// mappingUUID is stable under edits of the mapping and of everything else.
func mappingUUID(stack, id string) string { return uuid("mapping", stack, id) }

// uuid is a version 5 UUID in a namespace of penstock's own.
func uuid(parts ...string) string {
	sum := sha1.Sum([]byte("github.com/penstock/penstock\x00" + strings.Join(parts, "\x00")))
	b := sum[:16]
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
