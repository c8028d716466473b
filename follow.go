package headrace

import (
	"context"
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
)

// read reads the stream once.
func (w *worker) read(ctx context.Context, patience time.Duration) ([]driver.Batch, error) {
	err := w.follow(ctx)
	if err == nil {
		var batches []driver.Batch
		if batches, err = w.reader.Read(ctx, w.service.config.Batch, patience); err == nil {
			return batches, nil
		}
	}
	w.closeReader()
	return nil, fmt.Errorf("read stream: %w", err)
}

// follow makes the reader deliver the partitions that the stream can serve now, each from its cursor on, and no others.
func (w *worker) follow(ctx context.Context) error {
	if w.reader == nil {
		reader, err := w.broker.Reader(ctx, w.service.name)
		if err != nil {
			return err
		}
		w.reader = reader
	}
	for _, p := range w.held() {
		wanted := !p.behind && p.readable(w.now())
		if wanted && !p.followed {
			if err := w.reader.Seek(ctx, p.id, p.cursor()); err != nil {
				return fmt.Errorf("seek %s: %w", p.id, err)
			}
			p.followed = true
		} else if !wanted {
			w.unfollow(ctx, p)
		}
	}
	return nil
}

// unfollow makes the reader forget a partition.
func (w *worker) unfollow(ctx context.Context, p *partition) {
	if !p.followed || w.reader == nil {
		return
	}
	p.followed = false
	if err := w.reader.Leave(ctx, p.id); err != nil {
		w.service.log().DebugContext(ctx, "reader could not leave a partition", "partition", p.id.String(), "error", err)
	}
}

// closeReader ends the reader; the next read opens another. After an error that is the only safe way: what the reader had on its way may be
// lost, and the broker may not know it any more.
func (w *worker) closeReader() {
	if w.reader == nil {
		return
	}
	_ = w.reader.Close() // it is only a reader: there is nothing to lose
	w.reader = nil
	for _, p := range w.partitions {
		p.followed = false
	}
}
