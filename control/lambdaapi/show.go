package lambdaapi

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxShown is how many bytes of a value an error repeats.
const maxShown = 2048

// quote is a value as AWS's errors name it. Of a secret they only say that there
// is one.
func (r *rule) quote(value any) string {
	if r.secret {
		return "Value"
	}
	var b strings.Builder
	show(&b, reflect.ValueOf(value))
	text := b.String()
	if len(text) > maxShown {
		end := maxShown
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end] + "..."
	}
	return "Value '" + text + "'"
}

// show prints a value in the manner of Java: [a, b], {k=v}, Cors(maxAge=1). It
// stops soon after maxShown.
func show(b *strings.Builder, v reflect.Value) {
	if b.Len() > maxShown {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			b.WriteString("null")
			return
		}
		show(b, v.Elem())
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			comma(b, i)
			show(b, v.Index(i))
		}
		b.WriteByte(']')
	case reflect.Map:
		b.WriteByte('{')
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for i, key := range keys {
			comma(b, i)
			b.WriteString(key.String() + "=")
			show(b, v.MapIndex(key))
		}
		b.WriteByte('}')
	case reflect.Struct:
		b.WriteString(v.Type().Name() + "(")
		for i := range v.NumField() {
			comma(b, i)
			name := v.Type().Field(i).Name
			b.WriteString(strings.ToLower(name[:1]) + name[1:] + "=")
			show(b, v.Field(i))
		}
		b.WriteByte(')')
	case reflect.Float64:
		b.WriteString(decimal(v.Float()))
	default:
		fmt.Fprint(b, v.Interface())
	}
}

func comma(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteString(", ")
	}
}
