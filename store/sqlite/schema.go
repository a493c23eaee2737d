package sqlite

import (
	"fmt"

	"github.com/penstock/penstock/store"
)

// applicationID marks the files of this package: "pnst".
const applicationID = 0x706e7374

// migrations[i] brings a file of version i to version i+1. They are never
// changed once released, only added to.
var migrations = []string{`
	-- One row: the highest numbers given out, and the newest forgotten delete.
	CREATE TABLE counters (revision INTEGER NOT NULL, id INTEGER NOT NULL, token INTEGER NOT NULL, forgotten INTEGER NOT NULL);
	INSERT INTO counters VALUES (0, 0, 0, 0);

	-- A deleted key has no value.
	CREATE TABLE keys (revision INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value BLOB);
	CREATE INDEX deleted_keys ON keys (revision) WHERE value IS NULL;

	CREATE TABLE logs (log INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, last INTEGER NOT NULL);
	CREATE TABLE log_entries (log INTEGER NOT NULL, position INTEGER NOT NULL, value BLOB NOT NULL, UNIQUE (log, position));

	-- Times are nanoseconds since 1970.
	CREATE TABLE due (id INTEGER PRIMARY KEY, queue TEXT NOT NULL, due INTEGER NOT NULL, added INTEGER NOT NULL, note BLOB NOT NULL, payload BLOB NOT NULL);
	CREATE INDEX due_order ON due (queue, due, id);
	CREATE TABLE queues (name TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;

	CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, token INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
`}

// identify returns the version of the file, or says what else it is. It
// changes nothing.
func identify(c *conn, path string) (version int64, err error) {
	id, _, err := c.number("PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	version, _, err = c.number("PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	tables, _, err := c.number("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, err
	}
	switch {
	case id != applicationID && (tables > 0 || id != 0 || version != 0):
		return 0, &store.TroubleError{Path: path, Kind: store.ErrCorrupt, Err: fmt.Errorf("a SQLite file of another program (application_id %d)", id),
			Remedy: "choose another file"}
	case version > int64(len(migrations)):
		return 0, &store.TroubleError{Path: path, Kind: store.ErrNewer, Err: fmt.Errorf("version %d, this program knows up to %d", version, len(migrations)),
			Remedy: "run the newer program, or restore a backup from before the upgrade"}
	}
	return version, nil
}

// migrate is one transaction: a file is of one version or another.
func migrate(c *conn, from int64, migrations []string) error {
	if from == int64(len(migrations)) {
		return nil
	}
	if err := c.once("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for i, m := range migrations[from:] {
		if err := c.once(m); err != nil {
			_ = c.once("ROLLBACK")
			return fmt.Errorf("migration to version %d: %w", from+int64(i)+1, err)
		}
	}
	if err := c.once(fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT", applicationID, len(migrations))); err != nil {
		_ = c.once("ROLLBACK")
		return err
	}
	return nil
}
