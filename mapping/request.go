package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// DecodeCreate reads the body of a create request, or a mapping from anywhere
// else as JSON. Names are compared exactly, null is the same as absent, and the
// last of equal names counts. A member that the service's model does not have
// is passed over and named in unknown, with a path like that of
// FieldError.Field; inside FilterCriteria, where passing over would change what
// is delivered, it is an error. Only decoding is checked here: see Validate.
func DecodeCreate(body []byte) (cfg Config, unknown []string, errs []FieldError) {
	d := decoder{}
	d.config(body, &cfg)
	return cfg, d.unknown, d.errs
}

// DecodeUpdate reads the body of an update request onto a copy of the stored
// settings: what the body does not name stays, what it names is replaced as a
// whole. FilterCriteria, ScalingConfig and the like are removed by {}. A member
// that cannot change after creation is an error unless it stays the same.
func DecodeUpdate(stored Config, body []byte) (cfg Config, unknown []string, errs []FieldError) {
	cfg = stored
	d := decoder{}
	d.config(body, &cfg)
	return cfg, d.unknown, append(d.errs, changed(stored, cfg)...)
}

// changed lists what an update must not change.
func changed(old, new Config) (errs []FieldError) {
	fixed := func(field string, old, new any) {
		if !reflect.DeepEqual(old, new) {
			value, _ := json.Marshal(new)
			errs = append(errs, broken(field, string(value), "it cannot be changed after creation"))
		}
	}
	fixed("EventSourceArn", old.EventSourceArn, new.EventSourceArn)
	fixed("StartingPosition", old.StartingPosition, new.StartingPosition)
	fixed("StartingPositionTimestamp", old.StartingPositionTimestamp, new.StartingPositionTimestamp)
	fixed("Topics", old.Topics, new.Topics)
	fixed("Queues", old.Queues, new.Queues)
	fixed("SelfManagedEventSource", old.SelfManagedEventSource, new.SelfManagedEventSource)
	fixed("Tags", old.Tags, new.Tags)
	fixed("SourceAccessConfigurations", virtualHost(old), virtualHost(new))
	if k := new.AmazonManagedKafkaEventSourceConfig; k != nil {
		fixed("AmazonManagedKafkaEventSourceConfig.ConsumerGroupId", old.consumerGroup(), new.consumerGroup())
	}
	if k := new.SelfManagedKafkaEventSourceConfig; k != nil {
		fixed("SelfManagedKafkaEventSourceConfig.ConsumerGroupId", old.consumerGroup(), new.consumerGroup())
		fixed("SelfManagedKafkaEventSourceConfig.ConsumptionMode", old.shared(), new.shared())
	}
	return errs
}

func virtualHost(c Config) string {
	for _, a := range c.SourceAccessConfigurations {
		if a.Type == "VIRTUAL_HOST" {
			return a.URI
		}
	}
	return ""
}

// A decoder reads JSON into Config member by member, so that every wrong member
// is named and none is half read.
type decoder struct {
	unknown []string
	errs    []FieldError
}

func (d *decoder) config(body []byte, cfg *Config) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '{' || !json.Valid(body) {
		d.wrong("request body", body, "a JSON object")
		return
	}
	d.structure("", body, reflect.ValueOf(cfg).Elem())
}

func (d *decoder) wrong(path string, value []byte, want string) {
	rule := "it is to be " + want
	d.errs = append(d.errs, FieldError{
		Field: path, Value: short(string(value)), Rule: rule,
		Exception: SerializationException, Message: fmt.Sprintf("%s: %s", path, rule),
	})
}

// structure reads an object into the struct v. Members that are named lose
// their old value.
func (d *decoder) structure(path string, raw []byte, v reflect.Value) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		d.wrong(path, raw, "an object")
		return
	}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		value, given := object[name]
		delete(object, name)
		if !given || string(value) == "null" {
			continue
		}
		fresh := reflect.New(v.Field(i).Type()).Elem()
		before := len(d.errs)
		d.value(join(path, name), value, fresh)
		if len(d.errs) == before {
			v.Field(i).Set(fresh)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if strings.HasPrefix(path, "FilterCriteria") {
			d.wrong(join(path, name), object[name], "absent: FilterCriteria has no such member")
		} else {
			d.unknown = append(d.unknown, join(path, name))
		}
	}
}

// value reads one value into v, which is zero.
func (d *decoder) value(path string, raw []byte, v reflect.Value) {
	if string(raw) == "null" {
		return
	}
	if _, ok := v.Addr().Interface().(json.Unmarshaler); ok {
		d.scalar(path, raw, v, "a number of seconds since 1970")
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		d.value(path, raw, fresh.Elem())
		v.Set(fresh)
	case reflect.Struct:
		d.structure(path, raw, v)
	case reflect.Slice:
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			d.wrong(path, raw, "a list")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i, element := range list {
			d.value(fmt.Sprintf("%s[%d]", path, i), element, v.Index(i))
		}
	case reflect.Map:
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			d.wrong(path, raw, "an object")
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		for _, key := range slices.Sorted(maps.Keys(object)) {
			fresh := reflect.New(v.Type().Elem()).Elem()
			d.value(join(path, key), object[key], fresh)
			v.SetMapIndex(reflect.ValueOf(key), fresh)
		}
	case reflect.Int:
		// Zero would pass for absent where a number is kept without a pointer.
		if d.scalar(path, raw, v, "a whole number") && v.Int() == 0 && (path == "BatchSize" || path == "ParallelizationFactor") {
			d.errs = append(d.errs, violation(path, "0", "Member must have value greater than or equal to 1"))
		}
	case reflect.Bool:
		d.scalar(path, raw, v, "true or false")
	default:
		d.scalar(path, raw, v, "a string")
	}
}

// scalar reports whether it could read the value.
func (d *decoder) scalar(path string, raw []byte, v reflect.Value, want string) bool {
	if json.Unmarshal(raw, v.Addr().Interface()) != nil {
		d.wrong(path, raw, want)
		return false
	}
	return true
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
