package pattern

import "math"

// A scan holds the leaves of one event that some pattern names, as one pass over its bytes finds them.
// It is reused: all slices keep their storage between events.
type scan struct {
	paths    *paths
	event    []byte
	values   []value // in the order of the event
	lists    []list  // of each slot
	used     []int32 // slots with values
	frames   []frame // elements of arrays, in the order of the event
	arrays   []array // arrays around them
	framedAt []int32 // nodes of the path tree where arrays with frames were seen
	framed   []bool  // of each node of the path tree: is it in framedAt
	bytes    []byte  // decoded strings
	join     joiner
	hits     hits
}

// list is the chain of values of a slot.
type list struct{ first, last int32 }

// A frame is an object or array inside an array: values in different frames of one array exclude each other.
type frame struct {
	parent     int32 // frame around its array, -1 if none
	array      int32
	depth      int32 // frames around it
	start, end int32 // number of values when it was opened and closed
}

type array struct {
	end int32 // number of values when it was closed
}

func newScan(p *paths) *scan {
	s := &scan{paths: p, lists: make([]list, p.slots), framed: make([]bool, len(p.nodes))}
	for i := range s.lists {
		s.lists[i] = list{-1, -1}
	}
	return s
}

// reset forgets the event.
func (s *scan) reset() {
	for _, slot := range s.used {
		s.lists[slot] = list{-1, -1}
	}
	for _, at := range s.framedAt {
		s.framed[at] = false
	}
	s.event = nil
	s.values, s.used, s.frames, s.arrays, s.framedAt, s.bytes = s.values[:0], s.used[:0], s.frames[:0], s.arrays[:0], s.framedAt[:0], s.bytes[:0]
}

// mostKept bounds the storage that a scan keeps for the next event, in values and in bytes.
const mostKept = 1 << 16

func (s *scan) keep() bool {
	return cap(s.values) <= mostKept && cap(s.frames) <= mostKept && cap(s.bytes) <= mostKept && cap(s.join.values) <= mostKept
}

// read scans event.
func (s *scan) read(event []byte) error {
	if len(event) > math.MaxInt32 {
		return &EventError{Reason: "larger than 2 GiB"}
	}
	s.event = event
	i := skipSpace(event, 0)
	if i == len(event) || event[i] != '{' {
		return &EventError{Offset: i, Reason: "a JSON object is expected"}
	}
	i, reason := s.object(i, root, -1, 1)
	if reason == "" {
		if i = skipSpace(event, i); i < len(event) {
			reason = "text after the end of the event"
		}
	}
	if reason != "" {
		return &EventError{Offset: i, Reason: reason}
	}
	return nil
}

// object scans the object at i, whose place in the path tree is at, and returns the index after it.
func (s *scan) object(i int, at, frame int32, depth int) (int, string) {
	if depth > maxEventDepth {
		return i, tooDeep
	}
	b := s.event
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, ""
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return i, wantKey
		}
		end, escaped, reason := skipString(b, i)
		if reason != "" {
			return end, reason
		}
		below := nowhere
		if at != nowhere {
			below = s.paths.descend(at, s.decode(b[i+1:end-1], escaped))
		}
		if i = skipSpace(b, end); i >= len(b) || b[i] != ':' {
			return i, wantColon
		}
		if i, reason = s.value(skipSpace(b, i+1), below, frame, depth); reason != "" {
			return i, reason
		}
		if i = skipSpace(b, i); i >= len(b) {
			return i, "the text ends inside the event"
		}
		if b[i] == '}' {
			return i + 1, ""
		}
		if b[i] != ',' {
			return i, wantEndOrKey
		}
		i = skipSpace(b, i+1)
	}
}

// decode returns the meaning of the inside of a string.
func (s *scan) decode(inside []byte, escaped bool) []byte {
	if !escaped {
		return inside
	}
	start := len(s.bytes)
	s.bytes = unescape(s.bytes, inside)
	return s.bytes[start:len(s.bytes):len(s.bytes)]
}

// value scans the value at i.
func (s *scan) value(i int, at, frame int32, depth int) (int, string) {
	b := s.event
	if i >= len(b) {
		return i, "the text ends inside the event"
	}
	var (
		end     int
		escaped bool
		reason  string
		kind    kind
	)
	switch c := b[i]; {
	case c == '"':
		end, escaped, reason = skipString(b, i)
	case c == '{':
		return s.object(i, at, frame, depth+1)
	case c == '[':
		return s.array(i, at, frame, depth+1)
	case c == '-' || c >= '0' && c <= '9':
		kind = kindNumber
		end, reason = skipNumber(b, i)
	default:
		kind = kindLiteral
		end, reason = skipLiteral(b, i)
	}
	if at != nowhere && reason == "" {
		if slot := s.paths.nodes[at].slot; slot >= 0 {
			s.leaf(slot, kind, i, end, escaped, frame)
		}
	}
	return end, reason
}

// leaf records a value of a slot.
func (s *scan) leaf(slot int32, kind kind, start, end int, escaped bool, frame int32) {
	text := s.event[start:end]
	if kind == kindString {
		text = s.decode(text[1:len(text)-1], escaped)
	}
	n := int32(len(s.values))
	s.values = append(s.values, value{text: text, start: int32(start), end: int32(end), next: -1, frame: frame, kind: kind})
	if l := &s.lists[slot]; l.first < 0 {
		l.first, l.last = n, n
		s.used = append(s.used, slot)
	} else {
		s.values[l.last].next = n
		l.last = n
	}
}

// array scans the array at i. Its scalars belong to the frame around it, each other element is a frame of its own.
func (s *scan) array(i int, at, around int32, depth int) (int, string) {
	if depth > maxEventDepth {
		return i, tooDeep
	}
	b := s.event
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, ""
	}
	id := int32(-1)
	for {
		inner := around
		if i < len(b) && at != nowhere && (b[i] == '{' || b[i] == '[') {
			id, inner = s.openFrame(id, at, around)
		}
		var reason string
		if i, reason = s.value(i, at, inner, depth); reason != "" {
			return i, reason
		}
		if inner != around {
			s.frames[inner].end = int32(len(s.values))
		}
		if i = skipSpace(b, i); i >= len(b) {
			return i, "the text ends inside the event"
		}
		if b[i] == ']' {
			if id >= 0 {
				s.arrays[id] = array{end: int32(len(s.values))}
			}
			return i + 1, ""
		}
		if b[i] != ',' {
			return i, wantEndOrVal
		}
		i = skipSpace(b, i+1)
	}
}

// openFrame begins an element of array id, which it registers first if id is -1.
func (s *scan) openFrame(id, at, around int32) (arrayID, frameID int32) {
	if id < 0 {
		id = int32(len(s.arrays))
		s.arrays = append(s.arrays, array{})
		if !s.framed[at] {
			s.framed[at] = true
			s.framedAt = append(s.framedAt, at)
		}
	}
	f := frame{parent: around, array: id, start: int32(len(s.values))}
	if around >= 0 {
		f.depth = s.frames[around].depth + 1
	}
	s.frames = append(s.frames, f)
	return id, int32(len(s.frames) - 1)
}
