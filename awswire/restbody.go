package awswire

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// Limits of what one JSON body may hold.
const (
	maxElements = 10000 // of one list or map; no model here allows as many
	maxUnknown  = 100   // names reported
)

// decode reads a JSON body into the struct that in points to. Names are compared
// exactly, null is the same as absent, the last of equal names counts. It returns
// the paths of the members that in does not have.
func (b *binding) decode(body []byte, in any) (unknown []string, err error) {
	body = trimmed(body)
	if len(body) == 0 {
		return nil, nil
	}
	if nestsDeeper(body, maxDepth) {
		return nil, Malformed(fmt.Sprintf("The request nests deeper than %d levels.", maxDepth))
	}
	if !utf8.Valid(body) {
		return nil, Malformed("The request body is not valid UTF-8.")
	}
	if !json.Valid(body) {
		err := json.Unmarshal(body, new(json.RawMessage)) // the same once more, to say what is wrong
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, Malformed(fmt.Sprintf("The request body is not valid JSON: %v at byte %d", syntax, syntax.Offset))
		}
		return nil, Malformed("The request body is not valid JSON.")
	}
	d := bodyDecoder{structs: b.structs}
	if body[0] != '{' {
		return nil, wrong(body, "a Structure", "request body")
	}
	err = d.structure("", body, reflect.ValueOf(in).Elem())
	return d.unknown, err
}

// A bodyDecoder reads valid JSON. The texts it is given are slices of the body,
// so that a function's code is not copied on its way down.
type bodyDecoder struct {
	structs map[reflect.Type]map[string]int
	unknown []string
}

func (d *bodyDecoder) structure(path string, raw []byte, v reflect.Value) error {
	fields := d.structs[v.Type()]
	return members(raw, func(name string, value []byte) error {
		i, known := fields[name]
		switch {
		case !known:
			if len(d.unknown) < maxUnknown {
				d.unknown = append(d.unknown, join(path, shortened(name)))
			}
			return nil
		case value[0] == 'n':
			v.Field(i).SetZero()
			return nil
		}
		return d.value(join(path, name), value, v.Field(i))
	})
}

// value reads raw, which begins and ends with its first and last byte, into v.
func (d *bodyDecoder) value(path string, raw []byte, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		v.Set(fresh)
		return d.value(path, raw, fresh.Elem())
	case reflect.Struct:
		if v.Type() == epochType {
			return decodeEpoch(path, raw, v)
		}
		if raw[0] != '{' {
			return wrong(raw, "a Structure", path)
		}
		v.SetZero()
		return d.structure(path, raw, v)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return decodeBlob(path, raw, v)
		}
		return d.list(path, raw, v)
	case reflect.Map:
		return d.dictionary(path, raw, v)
	}
	return decodeAtom(path, raw, v)
}

func (d *bodyDecoder) list(path string, raw []byte, v reflect.Value) error {
	if raw[0] != '[' {
		return wrong(raw, "a List", path)
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	return elements(raw, func(value []byte) error {
		if v.Len() == maxElements {
			return Malformed(fmt.Sprintf("The list %s has more than %d elements.", path, maxElements))
		}
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		n := v.Len()
		return d.value(path+"["+strconv.Itoa(n-1)+"]", value, v.Index(n-1))
	})
}

func (d *bodyDecoder) dictionary(path string, raw []byte, v reflect.Value) error {
	if raw[0] != '{' {
		return wrong(raw, "a Map", path)
	}
	v.Set(reflect.MakeMap(v.Type()))
	return members(raw, func(name string, value []byte) error {
		if v.Len() == maxElements {
			return Malformed(fmt.Sprintf("The map %s has more than %d entries.", path, maxElements))
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(join(path, shortened(name)), value, item); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(name), item)
		return nil
	})
}

// decodeAtom reads a string, number or boolean.
func decodeAtom(path string, raw []byte, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		if raw[0] != '"' {
			return wrong(raw, "a String", path)
		}
		v.SetString(unquoted(raw))
	case reflect.Bool:
		if raw[0] != 't' && raw[0] != 'f' {
			return wrong(raw, "a Boolean", path)
		}
		v.SetBool(raw[0] == 't')
	case reflect.Int, reflect.Int64:
		n, ok := integer(raw)
		if !ok {
			return wrong(raw, "an Integer", path)
		}
		v.SetInt(n)
	case reflect.Float64:
		n, err := strconv.ParseFloat(string(raw), 64)
		if err != nil || raw[0] == '"' {
			return wrong(raw, "a Double", path)
		}
		v.SetFloat(n)
	default:
		return fmt.Errorf("awswire: %s is a %s, which the protocol cannot carry", path, v.Type())
	}
	return nil
}

// integer reads a number without a fraction, however it is written: 10, 10.0, 1e1.
func integer(raw []byte) (int64, bool) {
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

func decodeBlob(path string, raw []byte, v reflect.Value) error {
	if raw[0] != '"' {
		return wrong(raw, "a Blob", path)
	}
	text := raw[1 : len(raw)-1]
	if escaped(text) {
		text = []byte(unquoted(raw))
	}
	blob := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(blob, text)
	if err != nil {
		return Malformed(fmt.Sprintf("The member %s is not valid base64: %v", path, err))
	}
	v.SetBytes(blob[:n])
	return nil
}

// wrong is the error for a value of another kind than its member.
func wrong(raw []byte, want, path string) error {
	text := map[byte]string{'"': "STRING_VALUE", 't': "TRUE_VALUE", 'f': "FALSE_VALUE", 'n': "NULL_VALUE"}[raw[0]]
	switch {
	case raw[0] == '{':
		text = "Start of structure or map found where not expected"
	case raw[0] == '[':
		text = "Start of list found where not expected"
	case text == "":
		text = "NUMBER_VALUE can not be converted to " + want
	default:
		text += " can not be converted to " + want
	}
	return Malformed(fmt.Sprintf("%s (member %s)", text, path))
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
