package store

import "context"

// Set puts a single key, under a condition (Any: none), and returns its new
// revision. Errors as of Commit.
func Set(ctx context.Context, c Committer, key string, value []byte, condition Revision) (Revision, error) {
	done, err := c.Commit(ctx, Txn{Put: []Put{{Key: key, Value: value, If: condition}}})
	if err != nil {
		return 0, err
	}
	return done.Revisions[0], nil
}

// Remove deletes a single key, under a condition (Any: none; a key that is not
// there is then no error). Errors as of Commit.
func Remove(ctx context.Context, c Committer, key string, condition Revision) error {
	_, err := c.Commit(ctx, Txn{Delete: []Delete{{Key: key, If: condition}}})
	return err
}
