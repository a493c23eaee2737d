package pattern

import (
	"encoding/binary"
	"math"
	"slices"
)

// A place is how an alternative can be filed under one of its tests.
type place struct {
	how  how
	text string
}

type how uint8

const (
	byString how = iota
	byText       // of a number or literal
	byNumber     // text: the bits of the float
	byFold
	byPrefix
	bySuffix
	byPrefixFold
	bySuffixFold
	byGram // a part of the text, 1, 2, 4 or 8 bytes long
)

// options returns groups of places: the test is found if it is filed at all places of one group.
// None: the test cannot be filed.
func (t *test) options() [][]place {
	one := func(h how, text string) [][]place { return [][]place{{{h, text}}} }
	switch t.op {
	case opExact:
		if t.kind == kindString {
			return one(byString, t.text)
		}
		return one(byText, t.text)
	case opNumber:
		return [][]place{{{byText, t.text}, {byNumber, floatKey(t.low)}}}
	case opNumeric:
		if t.low == t.high {
			return one(byNumber, floatKey(t.low))
		}
	case opFold:
		return one(byFold, t.text)
	case opPrefix:
		return one(byPrefix, t.text)
	case opSuffix:
		return one(bySuffix, t.text)
	case opPrefixFold:
		return one(byPrefixFold, t.text)
	case opSuffixFold:
		return one(bySuffixFold, t.text)
	case opWildcard:
		return t.glob.options()
	}
	return nil
}

func (g *glob) options() (groups [][]place) {
	first, last := string(g.parts[0]), string(g.parts[len(g.parts)-1])
	if len(g.parts) == 1 {
		return [][]place{{{byString, first}}}
	}
	if first != "" {
		groups = append(groups, []place{{byPrefix, first}})
	}
	if last != "" {
		groups = append(groups, []place{{bySuffix, last}})
	}
	for _, part := range g.parts {
		size := gramSize(len(part))
		for i := 0; size > 0 && i+size <= len(part); i++ {
			groups = append(groups, []place{{byGram, string(part[i : i+size])}})
		}
	}
	return groups
}

// gramSize is the largest size of a gram in n bytes.
func gramSize(n int) int {
	for size := 8; size > 0; size /= 2 {
		if size <= n {
			return size
		}
	}
	return 0
}

func floatKey(f float64) string {
	return string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(f)))
}

// options of a field, one list of groups for each of its tests; nil if it cannot be filed.
func (f *field) options() (all [][][]place) {
	if f.leaf.absent {
		return nil
	}
	for text := range f.leaf.tests.strings {
		all = append(all, [][]place{{{byString, text}}})
	}
	for i := range f.leaf.tests.list {
		groups := f.leaf.tests.list[i].options()
		if groups == nil {
			return nil
		}
		all = append(all, groups)
	}
	return all
}

// A spot is a place under a path.
type spot struct {
	slot int32
	place
}

// file files each alternative where it has the fewest neighbours.
func (set *Set) file() {
	set.slots = make([]*slotIndex, set.program.paths.slots)
	set.lists = make([][]int32, 1)
	options := make([][][][][]place, len(set.program.alternatives)) // alternative, field, test, group, place
	crowd := map[spot]int{}
	for i, a := range set.program.alternatives {
		options[i] = make([][][][]place, len(a.fields))
		for k := range a.fields {
			options[i][k] = a.fields[k].options()
			for _, groups := range options[i][k] {
				for _, group := range groups {
					crowd[spot{a.fields[k].slot, group[0]}]++
				}
			}
		}
	}
	for i := range set.program.alternatives {
		a := &set.program.alternatives[i]
		slot, places := a.rarest(options[i], crowd)
		if places == nil {
			set.always = append(set.always, int32(i))
			continue
		}
		if set.slots[slot] == nil {
			set.slots[slot] = &slotIndex{}
		}
		for _, p := range places {
			n := set.slots[slot].list(p, int32(len(set.lists)))
			if int(n) == len(set.lists) {
				set.lists = append(set.lists, nil)
			}
			set.lists[n] = append(set.lists[n], int32(i))
		}
	}
}

// rarest chooses the field, and for each of its tests the group of places, with the fewest neighbours. places is nil
// if no field can be filed.
func (a *alternative) rarest(options [][][][]place, crowd map[spot]int) (slot int32, places []place) {
	least := math.MaxInt
	for k := range a.fields {
		neighbours, at := 0, []place(nil)
		for _, groups := range options[k] {
			crowdOf := func(group []place) int { return crowd[spot{a.fields[k].slot, group[0]}] }
			group := slices.MinFunc(groups, func(x, y []place) int { return crowdOf(x) - crowdOf(y) })
			neighbours += crowdOf(group)
			at = append(at, group...)
		}
		if at != nil && neighbours < least {
			slot, places, least = a.fields[k].slot, at, neighbours
		}
	}
	return slot, places
}

// A slotIndex says which list of alternatives is filed at which place under one path; list 0 is none.
type slotIndex struct {
	strings, texts, folds                          map[string]int32
	numbers                                        map[float64]int32
	prefixes, suffixes, foldPrefixes, foldSuffixes affixes
	grams                                          [9]grams // by size
}

// list returns the list at p, and makes it next if there is none.
func (ix *slotIndex) list(p place, next int32) int32 {
	switch p.how {
	case byString:
		return listAt(&ix.strings, p.text, next)
	case byText:
		return listAt(&ix.texts, p.text, next)
	case byFold:
		return listAt(&ix.folds, p.text, next)
	case byPrefix:
		return ix.prefixes.list(p.text, next)
	case bySuffix:
		return ix.suffixes.list(p.text, next)
	case byPrefixFold:
		return ix.foldPrefixes.list(p.text, next)
	case bySuffixFold:
		return ix.foldSuffixes.list(p.text, next)
	case byNumber:
		return listAt(&ix.numbers, math.Float64frombits(binary.LittleEndian.Uint64([]byte(p.text))), next)
	default:
		return ix.grams[len(p.text)].list(p.text, next)
	}
}

func listAt[K comparable](m *map[K]int32, key K, next int32) int32 {
	if *m == nil {
		*m = map[K]int32{}
	}
	if _, ok := (*m)[key]; !ok {
		(*m)[key] = next
		return next
	}
	return (*m)[key]
}

// look adds to h what is filed under v.
func (ix *slotIndex) look(v *value, h *hits) {
	if v.kind != kindString {
		h.add(ix.texts[string(v.text)])
		if v.kind == kindNumber && ix.numbers != nil {
			h.add(ix.numbers[v.num()])
		}
		return
	}
	h.add(ix.strings[string(v.text)])
	ix.prefixes.look(v.text, false, h)
	ix.suffixes.look(v.text, true, h)
	if ix.folds != nil || ix.foldPrefixes.at != nil || ix.foldSuffixes.at != nil {
		h.folded = appendFold(h.folded[:0], v.text)
		h.add(ix.folds[string(h.folded)])
		ix.foldPrefixes.look(h.folded, false, h)
		ix.foldSuffixes.look(h.folded, true, h)
	}
	for size := range ix.grams {
		ix.grams[size].look(v.text, h)
	}
}
