package pattern

import (
	"encoding/binary"
	"slices"
)

// affixes finds the prefixes, or suffixes, of a text among many: one look for each length that occurs.
type affixes struct {
	lengths []int // ascending
	at      map[string]int32
}

func (x *affixes) list(text string, next int32) int32 {
	if i, ok := slices.BinarySearch(x.lengths, len(text)); !ok {
		x.lengths = slices.Insert(x.lengths, i, len(text))
	}
	return listAt(&x.at, text, next)
}

func (x *affixes) look(text []byte, suffix bool, h *hits) {
	for _, n := range x.lengths {
		if n > len(text) {
			return
		}
		if suffix {
			h.add(x.at[string(text[len(text)-n:])])
		} else {
			h.add(x.at[string(text[:n])])
		}
	}
}

// grams finds the texts of one size, at most 8 bytes, that occur anywhere in a text.
type grams struct {
	size int
	at   map[uint64]int32
	bits []uint64 // of each gram one bit is set, to pass the others quickly
}

const gramBits = 1 << 16

func (x *grams) list(text string, next int32) int32 {
	if x.bits == nil {
		x.size, x.bits = len(text), make([]uint64, gramBits/64)
	}
	key := gram([]byte(text))
	bit := gramBit(key)
	x.bits[bit/64] |= 1 << (bit % 64)
	return listAt(&x.at, key, next)
}

func (x *grams) look(text []byte, h *hits) {
	if x.at == nil {
		return
	}
	for ; len(text) >= x.size; text = text[1:] {
		key := gram(text[:x.size])
		if bit := gramBit(key); x.bits[bit/64]&(1<<(bit%64)) != 0 {
			h.add(x.at[key])
		}
	}
}

func gram(b []byte) uint64 {
	if len(b) == 8 {
		return binary.LittleEndian.Uint64(b)
	}
	var key uint64
	for _, c := range b {
		key = key<<8 | uint64(c)
	}
	return key
}

// gramBit spreads keys over gramBits bits.
func gramBit(key uint64) uint64 { return key * 0x9E3779B97F4A7C15 >> 48 }
