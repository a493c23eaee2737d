package pattern

import "slices"

// A field is a leaf of a pattern bound to the path tree of a program.
type field struct {
	leaf *leaf
	slot int32
	at   int32 // node of the path tree
}

// An alternative is a conjunction of fields, in the order of their paths. A pattern without $or has one.
type alternative struct {
	fields []field
	shared []int32 // of each field: the lowest node that it shares with the field before
	owner  int32   // index of the pattern
}

// bind makes an alternative of leaves, whose paths it adds to p.
func bind(p *paths, leaves []*leaf, owner int) alternative {
	a := alternative{owner: int32(owner)}
	for _, l := range leaves {
		at := p.add(l.path)
		a.fields = append(a.fields, field{leaf: l, at: at, slot: p.nodes[at].slot})
	}
	a.shared = make([]int32, len(leaves))
	for k := 1; k < len(leaves); k++ {
		a.shared[k] = p.common(a.fields[k-1].at, a.fields[k].at)
	}
	return a
}

// A joiner is the working storage of scan.holds for events with arrays of objects.
type joiner struct {
	values []int32 // candidates, then present, of one field after the other
	spans  []span
	picks  []int32 // frames of the values picked so far
	steps  int     // left before the search is given up
	spent  bool
}

// span says which part of joiner.values belongs to a field.
type span struct {
	start   int32
	present int32 // candidates end and all values of the slot begin; the latter only if the field may be absent
	end     int32
}

// maxSteps bounds the search for consistent array elements, for each alternative.
const maxSteps = 1 << 22

// holds reports whether the event satisfies a: each field has a value (or none, where exists:false is listed) so that
// no two of the values are in different elements of one array. The search goes field by field in the order of paths, and
// exists:false asks for a value consistent with those picked before, which is the rule of EventBridge's matcher.
func (s *scan) holds(a *alternative) (bool, error) {
	if len(s.frames) == 0 {
		for i := range a.fields {
			if !s.satisfied(&a.fields[i]) {
				return false, nil
			}
		}
		return true, nil
	}
	j := &s.join
	j.values, j.spans, j.picks, j.steps, j.spent = j.values[:0], j.spans[:0], j.picks[:0], maxSteps, false
	free := true
	for i := range a.fields {
		ok, anywhere := s.gather(&a.fields[i])
		if !ok {
			return false, nil
		}
		free = free && anywhere
	}
	if free {
		return true, nil
	}
	for start := 0; start < len(a.fields); {
		end := start + 1
		for end < len(a.fields) && s.sharesArray(a.shared[end]) {
			end++
		}
		j.picks = j.picks[:0]
		if ok, _ := s.search(a, start, end); !ok {
			if j.spent {
				return false, &EventError{Reason: "too many combinations of array elements"}
			}
			return false, nil
		}
		start = end
	}
	return true, nil
}

// satisfied reports whether f holds on its own.
func (s *scan) satisfied(f *field) bool {
	first := s.lists[f.slot].first
	if first < 0 {
		return f.leaf.absent
	}
	for v := first; v >= 0; v = s.values[v].next {
		if f.leaf.tests.hold(&s.values[v]) {
			return true
		}
	}
	return false
}

// gather notes the values that satisfy f. ok: it can hold at all; anywhere: it holds whatever else is picked.
func (s *scan) gather(f *field) (ok, anywhere bool) {
	j := &s.join
	sp := span{start: int32(len(j.values))}
	first := s.lists[f.slot].first
	for v := first; v >= 0; v = s.values[v].next {
		if f.leaf.tests.hold(&s.values[v]) {
			j.values = append(j.values, v)
			anywhere = anywhere || s.values[v].frame < 0
		}
	}
	sp.present = int32(len(j.values))
	ok = sp.present > sp.start || f.leaf.absent
	if f.leaf.absent {
		for v := first; v >= 0; v = s.values[v].next {
			j.values = append(j.values, v)
		}
		anywhere = anywhere || first < 0
	}
	sp.end = int32(len(j.values))
	j.spans = append(j.spans, sp)
	return ok, anywhere
}

// sharesArray reports whether the event has an array of objects at node at or above.
func (s *scan) sharesArray(at int32) bool {
	for ; at > root; at = s.paths.nodes[at].parent {
		if s.framed[at] {
			return true
		}
	}
	return false
}

// A blame is a set of picks, by their index, that a failure depends on. The last bit stands for all from 63 on.
type blame uint64

func blameFor(pick int) blame { return 1 << min(pick, 63) }

// search looks for values of the fields from k to end that are consistent with each other and with the picks.
// If it fails it says which picks are to blame; while the last one is not, another in its place would fail as well.
func (s *scan) search(a *alternative, k, end int) (bool, blame) {
	if k == end {
		return true, 0
	}
	j := &s.join
	sp := j.spans[k]
	candidates := j.values[sp.start:sp.present]
	tried := int32(-2)
	guilty := blame(0)
	self := len(j.picks)
	for {
		n, excluded := s.consistent(candidates)
		if guilty |= excluded; n < 0 {
			break
		}
		frame := s.values[candidates[n]].frame
		if candidates = candidates[n+1:]; frame == tried {
			continue
		}
		tried = frame
		j.picks = append(j.picks, frame)
		ok, below := s.search(a, k+1, end)
		if ok {
			return true, 0
		}
		j.picks = j.picks[:self]
		if below&blameFor(self) == 0 {
			return false, below
		}
		guilty |= below
	}
	if a.fields[k].leaf.absent {
		guilty = ^blame(0)
		if n, _ := s.consistent(j.values[sp.present:sp.end]); n < 0 && !j.spent {
			ok, _ := s.search(a, k+1, end)
			return ok, guilty
		}
	}
	if self < 63 {
		guilty &^= blameFor(self)
	}
	return false, guilty
}

// consistent returns the index in list, which is in the order of the event, of the first value consistent with the
// picks, -1 if there is none, and the picks that exclude those before it. Elements that exclude a pick are passed as a whole.
func (s *scan) consistent(list []int32) (int, blame) {
	n := 0
	guilty := blame(0)
next:
	for n < len(list) {
		frame := s.values[list[n]].frame
		for i, pick := range s.join.picks {
			if past := s.conflict(frame, pick); past >= 0 {
				guilty |= blameFor(i)
				skipped, _ := slices.BinarySearch(list[n:], past)
				n += skipped
				continue next
			}
		}
		if s.join.spent {
			return -1, guilty
		}
		return n, guilty
	}
	return -1, guilty
}

// conflict returns -1 if values in frames x and pick may go together. Otherwise they are in different elements of one array,
// and it returns the first value after the elements that conflict as well. Scalars of that array belong to no element, but none is
// passed over: they are at the path of the array, which comes before the paths that pick an element.
func (s *scan) conflict(x, pick int32) (past int32) {
	j := &s.join
	depth := func(f int32) int32 {
		if f < 0 {
			return -1
		}
		return s.frames[f].depth
	}
	dx, dp := depth(x), depth(pick)
	j.steps -= 1 + int(max(dx, dp))
	if j.steps < 0 {
		j.spent = true
		return int32(len(s.values))
	}
	for ; dx > dp; dx-- {
		x = s.frames[x].parent
	}
	for ; dp > dx; dp-- {
		pick = s.frames[pick].parent
	}
	for x != pick && s.frames[x].parent != s.frames[pick].parent {
		x, pick = s.frames[x].parent, s.frames[pick].parent
	}
	if x == pick || s.frames[x].array != s.frames[pick].array {
		return -1
	}
	if x < pick {
		return s.frames[pick].start
	}
	return s.arrays[s.frames[x].array].end
}
