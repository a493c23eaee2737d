package pattern

// Tried matches event and returns how many alternatives of the set's patterns
// were tried for it.
func (set *Set) Tried(event []byte) (n int, err error) {
	s := set.program.scan()
	defer set.program.release(s)
	_, err = set.match(s, event, nil)
	for _, epoch := range s.hits.tried {
		if epoch == s.hits.epoch {
			n++
		}
	}
	return n, err
}
