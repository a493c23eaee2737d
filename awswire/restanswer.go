package awswire

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
)

// answer writes an output. It returns an error only while nothing was written.
func (b *binding) answer(w http.ResponseWriter, status int, out any) error {
	v := reflect.ValueOf(out).Elem()
	h := w.Header()
	for _, p := range b.places {
		field := v.Field(p.index)
		if field.Kind() != reflect.Pointer || field.IsNil() {
			continue
		}
		if p.in == "status" {
			status = int(field.Elem().Int())
		} else {
			h.Set(p.name, fmt.Sprint(field.Elem().Interface()))
		}
	}
	if b.payload >= 0 {
		payload, _ := v.Field(b.payload).Interface().(io.Reader) // nil: no body
		return stream(w, status, payload)
	}
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return nil
	}
	body, err := encodeJSON(out)
	if err != nil {
		return err
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
	return nil
}

// stream writes a payload, each piece as soon as it is there if its length is not
// known. A payload that fails half way breaks the connection, or the client would
// take what it has for the whole.
func stream(w http.ResponseWriter, status int, payload io.Reader) error {
	h := w.Header()
	if payload == nil {
		w.WriteHeader(status)
		return nil
	}
	if c, ok := payload.(io.Closer); ok {
		defer c.Close()
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	if sized, ok := payload.(interface{ Len() int }); ok {
		h.Set("Content-Length", strconv.Itoa(sized.Len())) // net/http breaks the connection if it falls short
		w.WriteHeader(status)
		io.Copy(w, payload)
		return nil
	}
	w.WriteHeader(status)
	pump(w, payload)
	return nil
}

// pump writes a payload of unknown length.
func pump(w http.ResponseWriter, payload io.Reader) {
	control := http.NewResponseController(w)
	piece := make([]byte, 32<<10)
	for {
		n, err := payload.Read(piece)
		if n > 0 {
			if _, err := w.Write(piece[:n]); err != nil {
				return // the client left
			}
			control.Flush()
		}
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			if conn, _, err := control.Hijack(); err == nil {
				conn.Close()
			}
			return
		}
	}
}

// writeRESTError answers e: its name in a header, its message and further members
// in the body.
func writeRESTError(w http.ResponseWriter, e *Error) {
	members := map[string]string{}
	for name, value := range e.Members {
		members[name] = value
	}
	key := e.MessageKey
	if key == "" {
		key = "message"
	}
	members[key] = e.Message
	body, _ := json.Marshal(members) // strings cannot fail
	h := w.Header()
	for name, value := range e.Header {
		h.Set(name, value)
	}
	h["x-amzn-ErrorType"] = []string{e.shape()}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(e.status())
	w.Write(body)
}
