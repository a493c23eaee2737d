package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/penstock/penstock/awswire"
)

// The rules for what a message may hold.

// allowedText reports whether text consists of characters that XML 1.0 can carry.
func allowedText(text string) bool {
	for _, r := range text {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
		case r < 0x20 || r == 0xFFFE || r == 0xFFFF:
			return false
		}
	}
	return true
}

// contentSize is what counts towards the size limits: the body and, of each user
// attribute, name, type and value.
func contentSize(body string, attributes map[string]MessageAttribute) int {
	size := len(body)
	for name, a := range attributes {
		size += len(name) + len(a.DataType) + len(a.bytes())
	}
	return size
}

func (a MessageAttribute) binary() bool { return a.baseType() == "Binary" }

// baseType is DataType without a custom label.
func (a MessageAttribute) baseType() string {
	base, _, _ := strings.Cut(a.DataType, ".")
	return base
}

func (a MessageAttribute) bytes() []byte {
	switch {
	case a.binary():
		return a.BinaryValue
	case a.StringValue != nil:
		return []byte(*a.StringValue)
	}
	return nil
}

const maxAttributes = 10

func checkAttributes(attributes map[string]MessageAttribute) *awswire.Error {
	if n := len(attributes); n > maxAttributes {
		return invalidValue(fmt.Sprintf("Number of message attributes [%d] exceeds the allowed maximum [%d].", n, maxAttributes))
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if err := checkAttributeName(name); err != nil {
			return err
		}
		if err := checkAttributeValue(name, attributes[name]); err != nil {
			return err
		}
	}
	return nil
}

func checkAttributeName(name string) *awswire.Error {
	if name == "" || len(name) > 256 {
		return invalidValue("Message (user) attribute names must be shorter than 256 Bytes")
	}
	for _, r := range name {
		latin := unicode.Is(unicode.Latin, r) && unicode.IsLetter(r)
		if !latin && (r < '0' || r > '9') && r != '_' && r != '-' && r != '.' {
			return invalidValue("Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and underscores. ")
		}
	}
	lower := strings.ToLower(name)
	if strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.") || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") {
		return invalidValue("You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use. Additionally, they cannot start or end with '.'.")
	}
	return nil
}

func checkAttributeValue(name string, a MessageAttribute) *awswire.Error {
	base := a.baseType()
	refuse := func(what string) *awswire.Error {
		return invalidValue("Message (user) attribute '" + name + "' " + what)
	}
	switch {
	case a.DataType == "":
		return invalidValue("Missing required parameter DataType")
	case base != "String" && base != "Number" && base != "Binary":
		return refuse("has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.")
	case len(a.DataType) > 256:
		return refuse("has a type of more than 256 characters.")
	case len(a.StringList) > 0 || len(a.BinaryList) > 0:
		return unsupported("Message attribute list values in SendMessage operation are not supported.")
	case len(a.bytes()) == 0:
		return refuse("must contain a non-empty value of type '" + base + "'.")
	case base != "Binary" && !allowedText(*a.StringValue):
		return refuse("contains characters that are not allowed. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")
	case base == "Number" && !isNumber(*a.StringValue):
		return refuse("must be a number of at most 38 digits between 10^-128 and 10^126.")
	}
	return nil
}

// isNumber reports whether text is a decimal number within SQS's range.
func isNumber(text string) bool {
	if strings.Trim(text, "0123456789+-.eE") != "" {
		return false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return false
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	digits := strings.Trim(strings.NewReplacer("+", "", "-", "", ".", "").Replace(mantissa), "0")
	size := max(f, -f)
	return len(digits) <= 38 && (digits == "" || size >= 1e-128 && size <= 1e126)
}

// checkSystemAttributes admits the one system attribute that can be sent.
func checkSystemAttributes(attributes map[string]MessageAttribute) *awswire.Error {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		switch {
		case name != "AWSTraceHeader":
			return invalidValue("Message system attribute name '" + name + "' is invalid.")
		case a.DataType != "String" || a.StringValue == nil || *a.StringValue == "":
			return invalidValue("Message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'.")
		case !allowedText(*a.StringValue):
			return invalidValue("Message system attribute 'AWSTraceHeader' contains characters that are not allowed.")
		}
	}
	return nil
}

// validID reports whether text can be a message group or deduplication id.
func validID(text string) bool {
	if len(text) < 1 || len(text) > 128 {
		return false
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// attributesMD5 is the digest of attributes that clients compare; empty without
// any. By name: length and text of name, length and text of type, 1 for text or 2
// for bytes, length and bytes of the value.
func attributesMD5(attributes map[string]MessageAttribute) string {
	if len(attributes) == 0 {
		return ""
	}
	var b []byte
	field := func(value string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
		b = append(b, value...)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		field(name)
		field(a.DataType)
		if a.binary() {
			b = append(b, 2)
		} else {
			b = append(b, 1)
		}
		field(string(a.bytes()))
	}
	return md5Hex(string(b))
}
