package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
)

// baseStmt and baseRows are what statements and rows of the SQLite driver can do.
type (
	baseStmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	baseRows interface {
		driver.Rows
		driver.RowsColumnTypeDatabaseTypeName
		driver.RowsColumnTypeLength
		driver.RowsColumnTypeNullable
		driver.RowsColumnTypePrecisionScale
		driver.RowsColumnTypeScanType
	}
)

// statement is one that its connection keeps prepared. It is busy as long as its rows are read; the same text gets another one meanwhile.
type statement struct {
	base baseStmt
	kept bool
	busy bool
}

// statement returns a statement that nobody uses. Every one is released.
func (c *conn) statement(ctx context.Context, query string) (*statement, error) {
	if err := c.aborted(); err != nil {
		return nil, err
	}
	if s := c.statements[query]; s != nil && !s.busy {
		s.busy = true
		return s, nil
	}
	base, err := c.baseConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &statement{base: base.(baseStmt), busy: true}
	if c.statements[query] == nil {
		if len(c.statements) >= maxStatements {
			c.forget()
		}
		s.kept = true
		c.statements[query] = s
	}
	return s, nil
}

// forget makes room for other statements.
func (c *conn) forget() {
	for query, s := range c.statements {
		delete(c.statements, query)
		s.kept = false
		if !s.busy {
			_ = s.base.Close() // it reports the error of its last run again
		}
	}
}

func (c *conn) release(s *statement) {
	s.busy = false
	if !s.kept {
		_ = s.base.Close() // it reports the error of its last run again
	}
}

// Close implements [driver.Conn].
func (c *conn) Close() error {
	c.forget()
	return c.baseConn.Close()
}

// rows are rows of a kept statement.
type rows struct {
	baseRows
	conn      *conn
	statement *statement
}

// Next implements [driver.Rows].
func (r *rows) Next(row []driver.Value) error { return r.conn.note(r.baseRows.Next(row)) }

// Close implements [driver.Rows].
func (r *rows) Close() error {
	err := r.baseRows.Close()
	if r.statement != nil {
		r.conn.release(r.statement)
		r.statement = nil
	}
	return err
}

// preparedStmt is a statement that the caller has prepared.
type preparedStmt struct {
	baseStmt
	conn *conn
}

// ExecContext implements [driver.StmtExecContext].
func (s *preparedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.conn.aborted(); err != nil {
		return nil, err
	}
	result, err := s.baseStmt.ExecContext(ctx, args)
	return result, s.conn.note(err)
}

// QueryContext implements [driver.StmtQueryContext].
func (s *preparedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.conn.aborted(); err != nil {
		return nil, err
	}
	found, err := s.baseStmt.QueryContext(ctx, args)
	if err != nil {
		return nil, s.conn.note(err)
	}
	return &rows{baseRows: found.(baseRows), conn: s.conn}, nil
}

var errBeginTx = errors.New("connection begins transactions with BeginTx")

// Begin implements [driver.Conn].
func (c *conn) Begin() (driver.Tx, error) { return nil, errBeginTx }
