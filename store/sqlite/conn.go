package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"

	modernc "modernc.org/sqlite"
)

// A conn is one connection, for one goroutine at a time. It is the driver's
// without the pool of database/sql, whose goroutine and locks the store does
// not need, with statements that stay prepared.
type conn struct {
	raw   driver.Conn
	stmts map[string]driver.Stmt
	err   error // the first trouble since it was last set to nil
}

func connect(path string, pragmas ...string) (*conn, error) {
	name := url.URL{Scheme: "file", Path: path, RawQuery: "mode=rw&_error_rc=1"}
	raw, err := new(modernc.Driver).Open(name.String())
	if err != nil {
		return nil, err
	}
	c := &conn{raw: raw, stmts: map[string]driver.Stmt{}}
	for _, p := range pragmas {
		if err := c.once("PRAGMA " + p); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.raw.Close())...)
}

// once runs SQL that is not worth keeping: one statement or several.
func (c *conn) once(sql string) error {
	s, err := c.raw.Prepare(sql)
	if err == nil {
		_, err = s.(driver.StmtExecContext).ExecContext(context.Background(), nil)
		err = errors.Join(err, s.Close())
	}
	return c.note(err)
}

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(sql string, args ...any) (int64, error) {
	s, err := c.stmt(sql)
	if err != nil {
		return 0, err
	}
	r, err := s.(driver.StmtExecContext).ExecContext(context.Background(), named(args))
	if err != nil {
		return 0, c.note(err)
	}
	n, err := r.RowsAffected()
	return n, c.note(err)
}

// query calls each for every row until it returns false. The row is valid
// during the call, what is in it for longer.
func (c *conn) query(each func(row []driver.Value) bool, sql string, args ...any) error {
	s, err := c.stmt(sql)
	if err != nil {
		return err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(context.Background(), named(args))
	if err != nil {
		return c.note(err)
	}
	row := make([]driver.Value, len(rows.Columns()))
	for {
		if err = rows.Next(row); err != nil || !each(row) {
			break
		}
	}
	if err == io.EOF {
		err = nil
	}
	return c.note(errors.Join(err, rows.Close()))
}

// row returns the first row, or nil. It runs the statement to its end, as one
// that writes and returns must be.
func (c *conn) row(sql string, args ...any) (found []driver.Value, err error) {
	err = c.query(func(row []driver.Value) bool {
		if found == nil {
			found = slices.Clone(row)
		}
		return true
	}, sql, args...)
	return found, err
}

// number returns the first column of the first row, or 0 and false.
func (c *conn) number(sql string, args ...any) (int64, bool, error) {
	row, err := c.row(sql, args...)
	if err != nil || row == nil {
		return 0, false, err
	}
	n, ok := row[0].(int64)
	if !ok {
		return 0, false, c.note(fmt.Errorf("%s: a %T is no number", sql, row[0]))
	}
	return n, true, nil
}

func (c *conn) stmt(sql string) (driver.Stmt, error) {
	if s := c.stmts[sql]; s != nil {
		return s, nil
	}
	s, err := c.raw.Prepare(sql)
	if err != nil {
		return nil, c.note(err)
	}
	c.stmts[sql] = s
	return s, nil
}

func (c *conn) note(err error) error {
	if err != nil && c.err == nil {
		c.err = err
	}
	return err
}

func named(args []any) []driver.NamedValue {
	list := make([]driver.NamedValue, len(args))
	for i, a := range args {
		if b, ok := a.([]byte); ok && b == nil {
			a = []byte{} // nil would be NULL
		}
		list[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return list
}

// text and bytes read columns; what has another type, since somebody wrote
// into the file, is empty.
func text(v driver.Value) string { s, _ := v.(string); return s }

func number(v driver.Value) int64 { n, _ := v.(int64); return n }

func blob(v driver.Value) []byte {
	if b, _ := v.([]byte); b != nil {
		return b
	}
	return []byte{}
}
