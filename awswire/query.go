package awswire

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
)

// serveQuery answers a request of the query protocol: parameters in the URL, in a
// form body, or both. The answer is XML, or JSON of the same tree when the client
// accepts that and named an action.
func (a *API) serveQuery(w http.ResponseWriter, r *http.Request, req Request, body []byte, err error) {
	form, parseErr := formOf(r, body)
	if err == nil {
		err = parseErr
	}
	action := form.Get("Action")
	if action == "" && err == nil {
		writeXML(w, http.StatusNotFound, []byte("<UnknownOperationException/>"))
		return
	}
	var out any
	if err == nil {
		out, err = a.callQuery(NewContext(r.Context(), req), r.URL.Path, action, form)
	}
	answer := queryAnswer{action: action, namespace: a.Namespace, id: req.ID}
	render := answer.xml
	if action != "" && acceptsJSON(r) {
		render = answer.json
	}
	render(w, out, err)
}

// formOf returns the parameters of r, whose body has been read already.
func formOf(r *http.Request, body []byte) (url.Values, error) {
	text := r.URL.RawQuery
	if r.Method == http.MethodPost && len(body) > 0 {
		if text != "" {
			text += "&"
		}
		text += string(body)
	}
	form, err := url.ParseQuery(text)
	if err != nil {
		return form, Malformed("The request parameters cannot be read: " + err.Error())
	}
	return form, nil
}

func (a *API) callQuery(ctx context.Context, path, action string, form url.Values) (any, error) {
	if a.Query != nil {
		if err := a.Query(path, action, form); err != nil {
			return nil, err
		}
	}
	op := a.operation(action)
	if op == nil {
		return nil, InvalidAction(action)
	}
	return op.call(ctx, func(in any) error { return decodeForm(form, in) })
}

// InvalidAction returns the query protocol's error for an action that does not
// exist, or not at this path.
func InvalidAction(action string) *Error {
	return &Error{Code: "InvalidAction", Message: "The action " + action + " is not valid for this endpoint."}
}

func acceptsJSON(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

func writeXML(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	w.Write(body)
}

// A queryAnswer renders what an action returned.
type queryAnswer struct{ action, namespace, id string }

func (q queryAnswer) xml(w http.ResponseWriter, out any, err error) {
	var x xmlWriter
	root := q.action + "Response"
	if err != nil {
		root = "ErrorResponse"
	}
	x.WriteString("<" + root)
	if q.namespace != "" {
		x.WriteString(` xmlns="` + q.namespace + `"`)
	}
	x.WriteString(">")
	status := http.StatusOK
	if err == nil {
		x.result(q.action+"Result", out)
		x.WriteString("<ResponseMetadata>")
		x.element("RequestId", q.id)
		x.WriteString("</ResponseMetadata>")
	} else {
		e := AsError(err)
		status = e.status()
		x.WriteString("<Error>")
		x.element("Type", string(e.Blame()))
		x.element("Code", e.Short())
		x.element("Message", e.queryMessage())
		x.WriteString("<Detail/></Error>")
		x.element("RequestId", q.id)
	}
	x.WriteString("</" + root + ">")
	writeXML(w, status, append([]byte(xml.Header), x.Bytes()...))
}

func (q queryAnswer) json(w http.ResponseWriter, out any, err error) {
	status, tree := http.StatusOK, map[string]any{}
	metadata := map[string]string{"RequestId": q.id}
	if err == nil {
		tree[q.action+"Response"] = map[string]any{q.action + "Result": out, "ResponseMetadata": metadata}
	} else {
		e := AsError(err)
		status = e.status()
		tree["Error"] = map[string]any{"Type": e.Blame(), "Code": e.Short(), "Message": e.queryMessage(), "Detail": nil}
		tree["RequestId"] = q.id
	}
	body, err := json.Marshal(tree)
	if err != nil { // an output that cannot be JSON is a defect of the service
		status, body = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}

func (e *Error) queryMessage() string {
	if e.QueryMessage != "" {
		return e.QueryMessage
	}
	return e.Message
}
