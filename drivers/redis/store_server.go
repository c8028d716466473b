package redis

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// identify compares the server with the one that the service published to before. Another one, such as a replica that became the master or a
// server that came back with what it had on disk, may lack the newest events: their numbers must not be given to others, so a new epoch begins
// in every partition. What was published meanwhile is refused by the script itself.
func (s *Store) identify(ctx context.Context) error {
	server, err := s.server(ctx)
	if err != nil {
		return fmt.Errorf("redis: ask who the server is: %w", err)
	}
	s.mu.Lock()
	owned := s.owned
	s.mu.Unlock()
	return s.update(ctx, func(tx *transaction) error {
		known, err := tx.get(ctx, s.key("meta"), "server", true)
		if err != nil || known.is == server {
			return err
		}
		another := known.here
		known.set(server)
		if !another {
			return nil
		}
		for _, p := range owned {
			if err := tx.beginEpoch(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// server names the server, and the state it has: a replica that becomes the master gets another name.
func (s *Store) server(ctx context.Context) (string, error) {
	m, err := s.ask(ctx, func(b rueidis.Builder) rueidis.Completed { return b.Info().Section("replication").Build() })
	if err != nil {
		return "", err
	}
	info, err := m.ToString()
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(info) {
		if name, id, _ := strings.Cut(strings.TrimSpace(line), ":"); name == "master_replid" {
			return id, nil
		}
	}
	return "", fmt.Errorf("INFO replication has no master_replid")
}

// beginEpoch lets a partition that has events go on in a new epoch.
func (tx *transaction) beginEpoch(ctx context.Context, p driver.Partition) error {
	head, err := tx.get(ctx, tx.store.key("heads"), p.String(), true)
	if err != nil || !head.here {
		return err
	}
	at, err := driver.ParsePosition(head.is)
	if err != nil {
		return err
	}
	return tx.raise(ctx, p, head, driver.Position{Epoch: at.Epoch + 1, Seq: at.Seq})
}

// raise sets the head of a partition to where a new epoch begins.
func (tx *transaction) raise(ctx context.Context, p driver.Partition, head *row, to driver.Position) error {
	epochs, err := tx.get(ctx, tx.store.key("epochs"), p.String(), true)
	if err != nil {
		return err
	}
	head.set(to.String())
	epochs.set(strings.TrimSpace(epochs.is + " " + to.String()))
	return nil
}
