// Package awswire is the server side of the AWS protocols, written once: it
// decodes JSON 1.0, JSON 1.1 and query requests into the same Go structs, so that
// an operation is a plain Go method, and renders its output or error the way AWS
// clients parse it. A [Router] lets several services share one port, a [Guard]
// keeps web pages away from a loopback port.
//
// It knows no service: names, targets and namespaces come from the [API] and
// [Route] values. It does not check signatures (it only reads the scope a client
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
package awswire
