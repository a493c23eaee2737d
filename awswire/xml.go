package awswire

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An xmlWriter renders outputs as the query protocol does: members as elements in
// the order of the struct, lists and maps as repeated elements, absent members
// not at all.
type xmlWriter struct{ bytes.Buffer }

// escapes lists more than XML demands: AWS writes quotes and carriage returns as
// references too, without which a parser would turn CR into LF.
var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#xD;")

func (x *xmlWriter) element(name, text string) {
	x.WriteString("<" + name + ">")
	escapes.WriteString(x, strings.Map(allowed, text))
	x.WriteString("</" + name + ">")
}

// allowed maps what no XML 1.0 document may hold, even as a reference, to U+FFFD.
func allowed(r rune) rune {
	if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
		return utf8.RuneError
	}
	return r
}

// result writes the element that holds an output. An output type without members
// has none; an output whose members are all absent is an empty element.
func (x *xmlWriter) result(name string, out any) {
	v := reflect.Indirect(reflect.ValueOf(out))
	if !v.IsValid() || v.Kind() != reflect.Struct || v.NumField() == 0 {
		return
	}
	var inner xmlWriter
	inner.members(v)
	if inner.Len() == 0 {
		x.WriteString("<" + name + "/>")
		return
	}
	x.WriteString("<" + name + ">")
	x.Write(inner.Bytes())
	x.WriteString("</" + name + ">")
}

func (x *xmlWriter) members(v reflect.Value) {
	for i := range v.NumField() {
		m, field := memberOf(v.Type().Field(i)), v.Field(i)
		if m.name == "" || field.IsZero() {
			continue
		}
		outer, last := "", m.path
		if cut := strings.LastIndexByte(m.path, '.'); cut >= 0 {
			outer, last = m.path[:cut], m.path[cut+1:]
		}
		x.open(outer)
		x.member(m, last, field)
		x.close(outer)
	}
}

// open and close write the elements around a list that AWS does not flatten.
func (x *xmlWriter) open(path string) {
	if path != "" {
		x.WriteString("<" + strings.ReplaceAll(path, ".", "><") + ">")
	}
}

func (x *xmlWriter) close(path string) {
	if path == "" {
		return
	}
	parts := strings.Split(path, ".")
	slices.Reverse(parts)
	x.WriteString("</" + strings.Join(parts, "></") + ">")
}

func (x *xmlWriter) member(m member, name string, v reflect.Value) {
	switch {
	case v.Kind() == reflect.Map:
		for _, key := range slices.Sorted(maps.Keys(stringKeys(v))) {
			x.WriteString("<" + name + ">")
			x.element(m.key, key)
			x.value(m.value, v.MapIndex(reflect.ValueOf(key)))
			x.WriteString("</" + name + ">")
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		for i := range v.Len() {
			x.value(name, v.Index(i))
		}
	default:
		x.value(name, v)
	}
}

func stringKeys(v reflect.Value) map[string]bool {
	keys := make(map[string]bool, v.Len())
	for _, k := range v.MapKeys() {
		keys[k.String()] = true
	}
	return keys
}

func (x *xmlWriter) value(name string, v reflect.Value) {
	v = reflect.Indirect(v)
	switch v.Kind() {
	case reflect.Invalid:
	case reflect.Struct:
		x.WriteString("<" + name + ">")
		x.members(v)
		x.WriteString("</" + name + ">")
	case reflect.Slice:
		x.element(name, base64.StdEncoding.EncodeToString(v.Bytes()))
	case reflect.Bool:
		x.element(name, strconv.FormatBool(v.Bool()))
	default:
		x.element(name, fmt.Sprint(v.Interface()))
	}
}
