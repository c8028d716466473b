package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/headrace/headrace/driver"
)

// Config is what a store is made of. A package with a dialect fills it in; users meet that package's own Config.
type Config struct {
	// Dialect is how the database differs from others. Required.
	Dialect Dialect
	// Writer is where writing transactions run. Required.
	Writer *sql.DB
	// Reader is where everything runs that only reads. Default: Writer.
	Reader *sql.DB
	// Writers is how many transactions may sensibly write at once. With 1 they queue, in the order in which they come. Default 1.
	Writers int
	// Transactions is how many transactions of [Store.Begin] may be open at once; more wait for their turn. What the store does by itself, such
	// as heartbeats, does not count, so that it has connections when handlers keep all others. Default: no limit.
	Transactions int
	// Clock is for times that people look at, such as since when an event waits. Default: the machine's clock.
	Clock driver.Clock
	// Close closes what was opened for the store. It is called once, when the last transaction has ended.
	Close func() error
}

// Store is the database of one service. Create it with the Open of a package with a dialect. It is safe for concurrent use.
type Store struct {
	dialect Dialect
	writer  *sql.DB
	reader  *sql.DB
	writers int
	clock   driver.Clock
	gate    *gate
	texts   sync.Map // of statements: as written here → as the database wants it
	close   func() error
}

var (
	_ driver.Store           = (*Store)(nil)
	_ driver.ConflictChecker = (*Store)(nil)
)

// New makes a store of a database that has Headrace's tables.
func New(c Config) *Store {
	writers := cmp.Or(c.Writers, 1)
	s := &Store{
		dialect: c.Dialect, writer: c.Writer, reader: cmp.Or(c.Reader, c.Writer), writers: writers, clock: c.Clock,
		gate: newGate(writers == 1, c.Transactions),
	}
	s.close = sync.OnceValue(func() error {
		s.gate.close()
		if c.Close == nil {
			return nil
		}
		return c.Close()
	})
	return s
}

// DB is the database for reading outside of transactions. Where the database can tell, it refuses to write. The caller must not close it;
// it is closed with the store.
func (s *Store) DB() *sql.DB { return s.reader }

// Concurrency implements [driver.Store].
func (s *Store) Concurrency() int { return s.writers }

// Close waits for the transactions under way, while new ones fail with [driver.ErrClosed], and closes the database. Closing again returns
// what closing returned.
func (s *Store) Close() error { return s.close() }

// Setup implements [driver.Store]. Rows are added in the order of the topics' names, so that processes that begin at once do not wait for each
// other in a circle.
func (s *Store) Setup(ctx context.Context, setup driver.Setup) error {
	byName := func(a, b driver.TopicSize) int { return strings.Compare(a.Topic, b.Topic) }
	return s.write(ctx, "set up service "+setup.Service, func(t *Tx) error {
		for _, topic := range slices.SortedStableFunc(slices.Values(slices.Concat(setup.Owns, setup.Follows)), byName) {
			if err := t.setupTopic(ctx, topic); err != nil {
				return err
			}
		}
		for _, topic := range slices.SortedFunc(slices.Values(setup.Owns), byName) {
			if err := t.setupHeads(ctx, topic); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *Tx) setupTopic(ctx context.Context, topic driver.TopicSize) error {
	_, err := t.exec(ctx, `INSERT INTO headrace_topic (topic, partitions) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
		topic.Topic, topic.Partitions)
	if err != nil {
		return fmt.Errorf("record topic %q: %w", topic.Topic, err)
	}
	var recorded int
	_, err = t.one(ctx, `SELECT partitions FROM headrace_topic WHERE topic = $1`, args(topic.Topic), &recorded)
	if err != nil {
		return fmt.Errorf("read topic %q: %w", topic.Topic, err)
	}
	if recorded != topic.Partitions {
		return fmt.Errorf("topic %q: %w: it was first used with %d and is now said to have %d; publish to a topic of another name instead",
			topic.Topic, driver.ErrPartitions, recorded, topic.Partitions)
	}
	return nil
}

func (t *Tx) setupHeads(ctx context.Context, topic driver.TopicSize) error {
	for n := range topic.Partitions {
		_, err := t.exec(ctx, `INSERT INTO headrace_head (topic, partition, epoch, seq, floor_epoch, floor_seq)
			VALUES ($1, $2, 1, 0, 1, 0) ON CONFLICT DO NOTHING`, topic.Topic, n)
		if err != nil {
			return fmt.Errorf("create head %d of topic %q: %w", n, topic.Topic, err)
		}
	}
	return nil
}

// Conflict implements [driver.ConflictChecker].
func (s *Store) Conflict(err error) bool { return err != nil && s.dialect.Conflict(err) }

// sql is a statement's text with the dialect's words in the place of {now} and {lock}, and the full names of tables.
func (s *Store) sql(text string) string {
	if known, ok := s.texts.Load(text); ok {
		return known.(string)
	}
	filled := strings.NewReplacer("{now}", s.dialect.Now(), "{lock}", s.dialect.Lock(), "headrace_", s.dialect.Prefix()+"headrace_").Replace(text)
	s.texts.Store(text, filled)
	return filled
}

// classify makes the errors of the database those of package driver.
func (s *Store) classify(err error) error {
	if err != nil && !errors.Is(err, driver.ErrConflict) && s.dialect.Conflict(err) {
		return fmt.Errorf("%w: %w", driver.ErrConflict, err)
	}
	return err
}
