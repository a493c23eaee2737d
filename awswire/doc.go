// Package awswire is the server side of the AWS protocols, written once: it
// decodes JSON 1.0, JSON 1.1, query and REST-JSON requests into Go structs, so that
// an operation is a plain Go method, and renders its output or error the way AWS
// clients parse it. An [API] speaks the first three, a [REST] the last. A [Router]
// lets several services share one port, a [Guard] keeps web pages away from a
// loopback port.
//
// It knows no service: names, targets and namespaces come from the [API], [REST]
// and [Route] values. It does not check signatures (it only reads the scope a client
// signed for), does not validate members beyond their type, and starts no
// goroutines.
//
// # Struct tags
//
// Members are named by their json tag. For the query protocol lists and maps are
// flattened: a query tag names the repeated parameter, and for maps, after
// commas, the names of key and value:
//
//	Names []string          `json:"AttributeNames,omitempty" query:"AttributeName"`
//	Tags  map[string]string `json:"tags,omitempty" query:"Tag,Key,Value"`
//
// A service whose query form is not flattened writes the whole path
// ("Attributes.entry,key,value"). On scalars the tag renames the member.
//
// In REST-JSON a rest tag takes a member out of the body: into the path, the query
// of the URL or a header, each with a name; or it makes the member the HTTP status,
// or the whole body, which is then an io.Reader and may be nil in an output. Such
// members are pointers (nil: absent) or lists of strings.
//
//	FunctionName *string   `json:"-" rest:"uri,FunctionName"`
//	Qualifier    *string   `json:"-" rest:"query,Qualifier"`
//	LogType      *string   `json:"-" rest:"header,X-Amz-Log-Type"`
//	StatusCode   *int      `json:"-" rest:"status"`
//	Payload      io.Reader `json:"-" rest:"payload"`
package awswire
