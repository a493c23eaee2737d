package awswire

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// decodeForm reads query parameters into the struct that in points to.
// Parameters that in does not know are ignored, as AWS does.
func decodeForm(form url.Values, in any) error {
	root, err := treeOf(form)
	if err != nil {
		return err
	}
	return root.decode("", reflect.ValueOf(in).Elem())
}

// A branch is the part of the parameters under one dotted prefix: "Attribute.1"
// has the branches "Name" and "Value".
type branch struct {
	value string
	set   bool
	under map[string]*branch
}

func treeOf(form url.Values) (*branch, error) {
	root := &branch{}
	for name, values := range form {
		parts := strings.Split(name, ".")
		if len(parts) > maxDepth {
			return nil, Malformed(fmt.Sprintf("A parameter name nests deeper than %d levels.", maxDepth))
		}
		at := root
		for _, part := range parts {
			at = at.grow(part)
		}
		at.value, at.set = values[0], true
	}
	return root, nil
}

func (b *branch) grow(name string) *branch {
	if b.under == nil {
		b.under = map[string]*branch{}
	}
	next := b.under[name]
	if next == nil {
		next = &branch{}
		b.under[name] = next
	}
	return next
}

// find follows a dotted path; nil when nothing was sent under it.
func (b *branch) find(path string) *branch {
	for part := range strings.SplitSeq(path, ".") {
		if b == nil {
			return nil
		}
		b = b.under[part]
	}
	return b
}

// entries returns the branches named by numbers, in the order of the numbers.
// Gaps are allowed; anything that is not a number is no entry.
func (b *branch) entries() []*branch {
	var numbers []int
	for name := range b.under {
		if n, err := strconv.Atoi(name); err == nil && strconv.Itoa(n) == name {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	list := make([]*branch, len(numbers))
	for i, n := range numbers {
		list[i] = b.under[strconv.Itoa(n)]
	}
	return list
}

// decode reads b into v; name is the parameter's name for error texts.
func (b *branch) decode(name string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return b.decode(name, v.Elem())
	case reflect.Struct:
		return b.decodeStruct(v)
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			return b.decodeList(name, v)
		}
	}
	if !b.set {
		return nil
	}
	return decodeScalar(name, b.value, v)
}

func (b *branch) decodeStruct(v reflect.Value) error {
	for i := range v.NumField() {
		m := memberOf(v.Type().Field(i))
		if m.name == "" {
			continue
		}
		at := b.find(m.path)
		if at == nil {
			continue
		}
		var err error
		if field := v.Field(i); field.Kind() == reflect.Map {
			err = at.decodeMap(m, field)
		} else {
			err = at.decode(m.path, field)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *branch) decodeList(name string, v reflect.Value) error {
	for _, e := range b.entries() {
		item := reflect.New(v.Type().Elem()).Elem()
		if err := e.decode(name, item); err != nil {
			return err
		}
		v.Set(reflect.Append(v, item))
	}
	return nil
}

func (b *branch) decodeMap(m member, v reflect.Value) error {
	for _, e := range b.entries() {
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		key, value := e.find(m.key), e.find(m.value)
		if key == nil || !key.set {
			return Malformed(fmt.Sprintf("An entry of %s has no %s.", m.path, m.key))
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if value != nil {
			if err := value.decode(m.path, item); err != nil {
				return err
			}
		}
		v.SetMapIndex(reflect.ValueOf(key.value), item)
	}
	return nil
}

func decodeScalar(name, text string, v reflect.Value) error {
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int, reflect.Int32, reflect.Int64:
		var n int64
		n, err = strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
	case reflect.Bool:
		var on bool
		on, err = strconv.ParseBool(text)
		v.SetBool(on)
	case reflect.Slice:
		var raw []byte
		raw, err = base64.StdEncoding.DecodeString(text)
		v.SetBytes(raw)
	default:
		return fmt.Errorf("awswire: member %s has a type the query protocol cannot carry: %s", name, v.Type())
	}
	if err != nil {
		return Malformed(fmt.Sprintf("The value of parameter %s cannot be read as %s.", name, v.Type()))
	}
	return nil
}

// A member is what the tags of a struct field say.
type member struct {
	name       string // empty: not on the wire
	path       string // parameter or element, dotted where AWS does not flatten
	key, value string // of a map's entries
}

func memberOf(f reflect.StructField) member {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if !f.IsExported() || name == "-" {
		return member{}
	}
	if name == "" {
		name = f.Name
	}
	m := member{name: name, path: name, key: "Name", value: "Value"}
	if tag := strings.Split(f.Tag.Get("query"), ","); tag[0] != "" {
		m.path = tag[0]
		if len(tag) == 3 {
			m.key, m.value = tag[1], tag[2]
		}
	}
	return m
}
