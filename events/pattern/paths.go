package pattern

import "strings"

// paths is the tree of all keys that some patterns name. Node 0 is the root; a node that ends a path has a slot.
type paths struct {
	nodes []pathNode
	slots int
}

type pathNode struct {
	parent int32
	slot   int32 // -1: no path ends here
	keys   []string
	kids   []int32
	byKey  map[string]int32 // instead of keys, when they are many
}

const (
	root    int32 = 0
	nowhere int32 = -1 // no path goes on below
)

func newPaths() *paths {
	return &paths{nodes: []pathNode{{parent: nowhere, slot: -1}}}
}

// add returns the node of path and makes it if need be.
func (p *paths) add(path []string) int32 {
	at := root
	for _, key := range path {
		kid := p.child(at, []byte(key))
		if kid == nowhere {
			kid = int32(len(p.nodes))
			p.nodes = append(p.nodes, pathNode{parent: at, slot: -1})
			p.link(at, key, kid)
		}
		at = kid
	}
	if p.nodes[at].slot < 0 {
		p.nodes[at].slot = int32(p.slots)
		p.slots++
	}
	return at
}

func (p *paths) link(at int32, key string, kid int32) {
	n := &p.nodes[at]
	if n.byKey == nil {
		n.keys, n.kids = append(n.keys, key), append(n.kids, kid)
		if len(n.keys) <= fewTests {
			return
		}
		n.byKey = make(map[string]int32, len(n.keys))
		for i, k := range n.keys {
			n.byKey[k] = n.kids[i]
		}
		n.keys, n.kids = nil, nil
	}
	n.byKey[key] = kid
}

// child returns the node below at whose key is key.
func (p *paths) child(at int32, key []byte) int32 {
	n := &p.nodes[at]
	if n.byKey != nil {
		if kid, ok := n.byKey[string(key)]; ok {
			return kid
		}
		return nowhere
	}
	for i, k := range n.keys {
		if k == string(key) {
			return n.kids[i]
		}
	}
	return nowhere
}

// descend follows an event's key from at; a key with dots leads through several nodes.
func (p *paths) descend(at int32, key []byte) int32 {
	for start, i := 0, 0; ; i++ {
		if i == len(key) || key[i] == '.' {
			if at = p.child(at, key[start:i]); at == nowhere || i == len(key) {
				return at
			}
			start = i + 1
		}
	}
}

// common returns the lowest node above or at both a and b.
func (p *paths) common(a, b int32) int32 {
	above := map[int32]bool{}
	for ; a != nowhere; a = p.nodes[a].parent {
		above[a] = true
	}
	for !above[b] {
		b = p.nodes[b].parent
	}
	return b
}

func splitKey(key string) []string { return strings.Split(key, ".") }
