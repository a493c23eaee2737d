package template

import (
	"math/big"
	"net/netip"
	"strconv"
)

func (e *evaluator) selectItem(pos Pos, arg *node) *node {
	args := e.args(pos, "Fn::Select", "an index and a list", arg, 2, 2)
	if args == nil || !e.wantText(args[0], "the index of Fn::Select") {
		return newBroken(pos)
	}
	if args[1].kind != listKind {
		e.s.fail(args[1].pos, "Fn::Select selects from a list, not %s", args[1].kind)
		return newBroken(pos)
	}
	i, err := strconv.Atoi(args[0].text)
	if err != nil || i < 0 || i >= len(args[1].items) {
		e.s.fail(args[0].pos, "Fn::Select cannot select %s from a list of %d items", args[0].show(), len(args[1].items))
		return newBroken(pos)
	}
	return args[1].items[i].at(pos)
}

func (e *evaluator) length(pos Pos, arg *node) *node {
	if !e.extension(pos, "Fn::Length") {
		return newBroken(pos)
	}
	v := e.eval(arg)
	if v.broken() {
		return newBroken(pos)
	}
	if v.kind != listKind {
		e.s.fail(pos, "Fn::Length counts a list, not %s", v.kind)
		return newBroken(pos)
	}
	return &node{kind: numberKind, pos: pos, text: strconv.Itoa(len(v.items))}
}

// findInMap looks into the Mappings section; a fourth argument may hold a
// DefaultValue.
func (e *evaluator) findInMap(pos Pos, arg *node) *node {
	var fallback *node
	if arg.kind == listKind && len(arg.items) == 4 {
		fallback = arg.items[3].get("DefaultValue")
		if fallback == nil {
			e.s.fail(arg.items[3].pos, "the fourth argument of Fn::FindInMap is a map with DefaultValue")
			return newBroken(pos)
		}
		if !e.extension(pos, "DefaultValue of Fn::FindInMap") {
			return newBroken(pos)
		}
		arg = &node{kind: listKind, pos: arg.pos, items: arg.items[:3]}
	}
	args := e.args(pos, "Fn::FindInMap", "a mapping, a top-level key and a second-level key", arg, 3, 3)
	if args == nil {
		return newBroken(pos)
	}
	at := e.mappings
	for i, what := range []string{"mapping", "top-level key", "second-level key"} {
		if !e.wantText(args[i], "the "+what+" of Fn::FindInMap") {
			return newBroken(pos)
		}
		if at = at.get(args[i].text); at != nil {
			continue
		}
		if fallback != nil {
			return e.eval(fallback)
		}
		e.s.fail(args[i].pos, "Fn::FindInMap: there is no %s %s", what, args[i].show())
		return newBroken(pos)
	}
	v := e.eval(at)
	if v.kind == mapKind {
		e.s.fail(pos, "Fn::FindInMap: the value must be a string or a list")
		return newBroken(pos)
	}
	return v.at(pos)
}

// zones answers like a region with three availability zones.
func (e *evaluator) zones(pos Pos, arg *node) *node {
	v := e.eval(arg)
	if !e.wantText(v, "the region of Fn::GetAZs") {
		return newBroken(pos)
	}
	region := v.text
	if region == "" {
		region = e.o.Region
	}
	out := &node{kind: listKind, pos: pos}
	for _, zone := range []string{"a", "b", "c"} {
		out.items = append(out.items, newString(pos, region+zone).taint(v))
	}
	return out
}

// cidr cuts count networks with so many host bits out of a block.
func (e *evaluator) cidr(pos Pos, arg *node) *node {
	args := e.args(pos, "Fn::Cidr", "an IP block, a count from 1 to 256 and, optionally, the host bits", arg, 2, 3)
	if args == nil {
		return newBroken(pos)
	}
	for _, a := range args {
		if !e.wantText(a, "an argument of Fn::Cidr") {
			return newBroken(pos)
		}
	}
	block, err := netip.ParsePrefix(args[0].text)
	count, errCount := strconv.Atoi(args[1].text)
	if err != nil || errCount != nil || count < 1 || count > 256 {
		e.s.fail(pos, "Fn::Cidr takes an IP block and a count from 1 to 256, not %s and %s", args[0].show(), args[1].show())
		return newBroken(pos)
	}
	bits := block.Addr().BitLen() / 4 // 8 for IPv4
	if block.Addr().Is6() {
		bits = 64
	}
	if len(args) == 3 {
		if bits, err = strconv.Atoi(args[2].text); err != nil {
			bits = -1
		}
	}
	room := block.Addr().BitLen() - bits - block.Bits()
	if bits < 0 || room < 0 || room < 8 && count > 1<<room {
		e.s.fail(pos, "Fn::Cidr: %s does not hold %d networks with %s host bits", args[0].show(), count, strconv.Itoa(bits))
		return newBroken(pos)
	}
	return networks(pos, block.Masked(), count, bits, args)
}

func networks(pos Pos, block netip.Prefix, count, bits int, args []*node) *node {
	out := &node{kind: listKind, pos: pos}
	size := len(block.Addr().AsSlice())
	next := new(big.Int).SetBytes(block.Addr().AsSlice())
	step := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	for range count {
		addr, _ := netip.AddrFromSlice(next.FillBytes(make([]byte, size)))
		text := netip.PrefixFrom(addr, size*8-bits).String()
		out.items = append(out.items, newString(pos, text).taint(args...))
		next.Add(next, step)
	}
	return out
}
