package sqlite

import (
	"context"
	sqldriver "database/sql/driver"
	"sync"

	"modernc.org/sqlite"
)

// faults makes statements of a store fail.
type faults struct {
	mu    sync.Mutex
	fail  func(query string) error
	onRow func()
}

// watch calls a function for every row that a statement is about to write.
func (f *faults) watch(onRow func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onRow = onRow
}

func (f *faults) row(sqlite.SQLitePreUpdateData) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.onRow != nil {
		f.onRow()
	}
}

// set says from now on which statements fail, instead of being run.
func (f *faults) set(fail func(query string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func (f *faults) of(query string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail == nil {
		return nil
	}
	return f.fail(query)
}

// connect is a [base].
func (f *faults) connect(name string) (sqldriver.Connector, error) {
	c, err := sqlite.NewConnector(name)
	return faultyConnector{c, f}, err
}

type faultyConnector struct {
	sqldriver.Connector
	faults *faults
}

func (c faultyConnector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn.(baseConn).RegisterPreUpdateHook(c.faults.row)
	return faultyConn{conn.(baseConn), c.faults}, nil
}

type faultyConn struct {
	baseConn
	faults *faults
}

func (c faultyConn) PrepareContext(ctx context.Context, query string) (sqldriver.Stmt, error) {
	s, err := c.baseConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return faultyStmt{s.(baseStmt), query, c.faults}, nil
}

type faultyStmt struct {
	baseStmt
	query  string
	faults *faults
}

func (s faultyStmt) ExecContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	if err := s.faults.of(s.query); err != nil {
		return nil, err
	}
	return s.baseStmt.ExecContext(ctx, args)
}

func (s faultyStmt) QueryContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	if err := s.faults.of(s.query); err != nil {
		return nil, err
	}
	return s.baseStmt.QueryContext(ctx, args)
}
