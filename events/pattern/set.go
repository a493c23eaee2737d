package pattern

import "slices"

// A Set matches one event against many patterns at once. It is immutable and safe for concurrent use; build another when
// the patterns change.
//
// Each conjunction of a pattern is filed under the rarest key it can be filed under: exact values, prefixes, suffixes and the literal
// parts of wildcards. Conjunctions that have none of these (only exists, anything-but, numeric ranges, cidr) are tried for every event.
type Set struct {
	program program
	slots   []*slotIndex // of each slot; nil: nothing is filed there
	lists   [][]int32    // alternatives filed together
	always  []int32      // alternatives that are tried for every event
	size    int
}

// hits is the working storage of Set.Match. What it knows of alternatives, patterns and lists is true if it
// was noted in the current epoch.
type hits struct {
	epoch   uint32
	tried   []uint32 // of each alternative
	matched []uint32 // of each pattern
	noted   []uint32 // of each list
	lists   []int32  // noted
	folded  []byte
}

// NewSet makes a set. Match names its patterns by their index here.
func NewSet(patterns ...*Pattern) *Set {
	set := &Set{size: len(patterns)}
	set.program.paths = newPaths()
	for i, p := range patterns {
		for _, leaves := range p.leaves {
			set.program.alternatives = append(set.program.alternatives, bind(set.program.paths, leaves, i))
		}
	}
	set.file()
	return set
}

// Len returns the number of patterns in the set.
func (set *Set) Len() int { return set.size }

// Match appends to dst the indexes of the patterns that match event, in ascending order, and returns the extended slice.
// Errors are those of [Pattern.Match]; dst is then returned as it was.
func (set *Set) Match(event []byte, dst []int) ([]int, error) {
	s := set.program.scan()
	defer set.program.release(s)
	return set.match(s, event, dst)
}

// match is Match in the working storage s.
func (set *Set) match(s *scan, event []byte, dst []int) ([]int, error) {
	if err := s.read(event); err != nil {
		return dst, err
	}
	h := &s.hits
	h.begin(set)
	for _, slot := range s.used {
		if ix := set.slots[slot]; ix != nil {
			for v := s.lists[slot].first; v >= 0; v = s.values[v].next {
				ix.look(&s.values[v], h)
			}
		}
	}
	found, err := set.try(s, set.always, dst)
	for _, n := range h.lists {
		if err == nil {
			found, err = set.try(s, set.lists[n], found)
		}
	}
	if err != nil {
		return dst, err
	}
	slices.Sort(found[len(dst):])
	return found, nil
}

// try appends to found the owners of those alternatives in ids that hold.
func (set *Set) try(s *scan, ids []int32, found []int) ([]int, error) {
	h := &s.hits
	for _, id := range ids {
		a := &set.program.alternatives[id]
		if h.tried[id] == h.epoch || h.matched[a.owner] == h.epoch {
			continue
		}
		h.tried[id] = h.epoch
		ok, err := s.holds(a)
		if err != nil {
			return found, err
		}
		if ok {
			h.matched[a.owner] = h.epoch
			found = append(found, int(a.owner))
		}
	}
	return found, nil
}

// begin forgets the last event.
func (h *hits) begin(set *Set) {
	h.lists = h.lists[:0]
	if h.epoch++; h.epoch == 0 || h.tried == nil {
		h.epoch = 1
		h.tried = make([]uint32, len(set.program.alternatives))
		h.matched = make([]uint32, set.size)
		h.noted = make([]uint32, len(set.lists))
	}
}

// add notes list n once; 0 is no list.
func (h *hits) add(n int32) {
	if n > 0 && h.noted[n] != h.epoch {
		h.noted[n] = h.epoch
		h.lists = append(h.lists, n)
	}
}
