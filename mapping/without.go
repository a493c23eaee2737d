package mapping

import (
	"encoding/json"
	"strings"

	"github.com/penstock/penstock/events/pattern"
)

// without compiles a valid pattern's text less what it says about a top-level
// key, also in the branches of $or. all is true, and p nil, if nothing is left
// that could fail to match.
func without(text, key string) (p *pattern.Pattern, all bool, err error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return nil, false, err
	}
	if strip(object, key); len(object) == 0 {
		return nil, true, nil
	}
	rest, err := json.Marshal(object)
	if err != nil {
		return nil, false, err
	}
	p, err = pattern.Compile(string(rest), pattern.Mapping)
	return p, false, err
}

// strip removes a key, and each $or that has a branch of that key alone: such a
// branch holds for everything.
func strip(object map[string]json.RawMessage, key string) {
	for name, value := range object {
		if first, _, _ := strings.Cut(name, "."); first == key {
			delete(object, name)
			continue
		}
		var branches []map[string]json.RawMessage
		if name != "$or" || json.Unmarshal(value, &branches) != nil {
			continue
		}
		for _, branch := range branches {
			if strip(branch, key); len(branch) == 0 {
				delete(object, name)
				branches = nil
				break
			}
		}
		if branches != nil {
			object[name], _ = json.Marshal(branches)
		}
	}
}
