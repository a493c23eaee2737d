package awswire

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// A binding says where the members of an input or output travel.
type binding struct {
	places  []place
	payload int                             // index of the field that is the whole body; -1: none
	body    bool                            // has members in a JSON body
	structs map[reflect.Type]map[string]int // fields by JSON name, of all structs below
	err     error
}

// A place is a member outside the body.
type place struct {
	in    string // uri, query, header, status
	name  string
	index int
}

var readerType = reflect.TypeFor[io.Reader]()

func bindingOf[T any]() *binding {
	b := &binding{payload: -1, structs: map[reflect.Type]map[string]int{}}
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct {
		b.fail("%s is no struct", t)
		return b
	}
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("rest")
		if !tagged {
			continue
		}
		where, name, _ := strings.Cut(tag, ",")
		switch {
		case where == "payload" && f.Type == readerType && b.payload < 0:
			b.payload = i
		case where == "status" && f.Type == reflect.TypeFor[*int](),
			slices.Contains([]string{"uri", "query", "header"}, where) && name != "" && flat(f.Type):
			b.places = append(b.places, place{where, name, i})
		default:
			b.fail("the tag rest:%q of %s.%s cannot be followed", tag, t, f.Name)
		}
	}
	b.learn(t)
	b.body = len(b.structs[t]) > 0 && b.payload < 0
	return b
}

func (b *binding) fail(text string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(text, args...)
	}
}

// flat says whether a type travels as text: a pointer to a scalar, or a list of
// strings.
func flat(t reflect.Type) bool {
	if t == reflect.TypeFor[[]string]() {
		return true
	}
	if t.Kind() != reflect.Pointer {
		return false
	}
	return slices.Contains([]reflect.Kind{reflect.String, reflect.Int, reflect.Int64, reflect.Bool}, t.Elem().Kind())
}

// learn notes the JSON members of t and of what it holds.
func (b *binding) learn(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		b.learn(t.Elem())
		return
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			b.fail("%s has keys that are no strings", t)
		}
		b.learn(t.Elem())
		return
	case reflect.String, reflect.Int, reflect.Int64, reflect.Bool, reflect.Float64, reflect.Uint8:
		return
	case reflect.Struct:
	default:
		b.fail("%s is a type that the protocol cannot carry", t)
		return
	}
	if t == epochType || b.structs[t] != nil {
		return
	}
	fields := map[string]int{}
	b.structs[t] = fields
	for i := range t.NumField() {
		if m := memberOf(t.Field(i)); m.name != "" {
			fields[m.name] = i
			b.learn(t.Field(i).Type)
		}
	}
}

func (b *binding) has(in, name string) bool {
	return slices.ContainsFunc(b.places, func(p place) bool { return p.in == in && p.name == name })
}

// fill reads the members outside the body.
func (b *binding) fill(in any, labels map[string]string, query url.Values, header http.Header) error {
	v := reflect.ValueOf(in).Elem()
	for _, p := range b.places {
		var values []string
		switch p.in {
		case "uri":
			values = []string{labels[p.name]}
		case "query":
			values = query[p.name]
		case "header":
			values = header.Values(p.name)
		}
		if len(values) == 0 {
			continue
		}
		field := v.Field(p.index)
		if field.Kind() == reflect.Slice {
			field.Set(reflect.ValueOf(slices.Clone(values)))
			continue
		}
		field.Set(reflect.New(field.Type().Elem()))
		if err := decodeScalar(p.name, values[0], field.Elem()); err != nil {
			return err
		}
	}
	return nil
}

func (b *binding) setPayload(in any, body io.Reader) {
	reflect.ValueOf(in).Elem().Field(b.payload).Set(reflect.ValueOf(body))
}

// strange lists the parameters of a URL that are no member and no signature.
func (b *binding) strange(op *RESTOperation, query url.Values) (names []string) {
	for name := range query {
		signature := strings.HasPrefix(strings.ToLower(name), "x-amz-")
		if !signature && name != op.template.name && !b.has("query", name) && len(names) < maxUnknown {
			names = append(names, "?"+shortened(name))
		}
	}
	slices.Sort(names)
	return names
}
