package targettest

import _ "embed"

// Python and Node are Handle for these runtimes: the text of a module
// handle.py or handle.mjs whose function is "handler".
var (
	//go:embed functions/handle.py
	Python string
	//go:embed functions/handle.mjs
	Node string
)
