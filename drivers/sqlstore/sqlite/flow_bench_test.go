package sqlite_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/sqlstore/sqlite"
	"github.com/headrace/headrace/memory"
)

type reading struct {
	Meter  string    `json:"meter"`
	Sent   time.Time `json:"sent"`
	Filler string    `json:"filler"`
}

var (
	readings = headrace.Topic{Name: "readings"}
	measured = headrace.Define(readings, "reading.measured", 1, func(r reading) string { return r.Meter })
)

// flow is two services on SQLite: one publishes readings, the other handles each with one INSERT.
type flow struct {
	publisher *headrace.Service
	arrived   chan time.Duration // from publish to commit of the call that handled it, one per event
}

func newFlow(b *testing.B, batch bool) *flow {
	f := &flow{arrived: make(chan time.Duration, 1<<16)}
	dir := b.TempDir()
	open := func(name, schema string) headrace.ServiceConfig {
		store, err := sqlite.Open(b.Context(), sqlite.Config{Path: filepath.Join(dir, name+".db"), Schema: schema})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = store.Close() })
		return headrace.ServiceConfig{Name: name, Store: store}
	}
	meters := open("meters", "")
	meters.Owns = []headrace.Topic{readings}
	bills := open("bills", "CREATE TABLE IF NOT EXISTS bill (event_id TEXT PRIMARY KEY, meter TEXT NOT NULL)")
	bills.Handlers = []headrace.Handler{f.handler(batch)}
	f.publisher = headrace.NewService(meters)
	app := &headrace.App{
		Broker: memory.NewBroker(memory.BrokerConfig{}), Logger: slog.New(slog.DiscardHandler),
		Services: []*headrace.Service{f.publisher, headrace.NewService(bills)},
	}
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := app.Run(ctx); err != nil {
			b.Error(err)
		}
	})
	b.Cleanup(func() { cancel(); running.Wait() })
	<-app.Ready()
	return f
}

func (f *flow) handler(batch bool) headrace.Handler {
	if batch {
		return headrace.OnBatch(measured, func(ctx context.Context, tx *headrace.Tx, events []headrace.Event[reading]) error {
			rows, args := make([]string, len(events)), make([]any, 0, 2*len(events))
			for i, e := range events {
				rows[i] = fmt.Sprintf("($%d, $%d)", 2*i+1, 2*i+2)
				args = append(args, e.ID, e.Data.Meter)
			}
			_, err := tx.SQL().ExecContext(ctx, "INSERT INTO bill (event_id, meter) VALUES "+strings.Join(rows, ", "), args...)
			for _, e := range events {
				f.arrived <- time.Since(e.Data.Sent)
			}
			return err
		})
	}
	return headrace.On(measured, func(ctx context.Context, tx *headrace.Tx, e headrace.Event[reading]) error {
		_, err := tx.SQL().ExecContext(ctx, "INSERT INTO bill (event_id, meter) VALUES ($1, $2)", e.ID, e.Data.Meter)
		f.arrived <- time.Since(e.Data.Sent)
		return err
	})
}

func (f *flow) publish(ctx context.Context, first, n int) error {
	return f.publisher.In(ctx, func(_ context.Context, tx *headrace.Tx) error {
		for i := first; i < first+n; i++ {
			r := reading{Meter: fmt.Sprint("meter-", i%1000), Sent: time.Now(), Filler: strings.Repeat("x", 220)}
			if err := measured.Publish(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkFlow is publish → relay → handler with one INSERT → cursor, all durable (synchronous=FULL), 50 events per publishing transaction, as
// fast as it goes.
func BenchmarkFlow(b *testing.B) {
	for _, kind := range []string{"On", "OnBatch"} {
		b.Run(kind, func(b *testing.B) {
			f := newFlow(b, kind == "OnBatch")
			const burst, window = 50, 2000
			sent, got := 0, 0
			for b.Loop() {
				if err := f.publish(b.Context(), sent, burst); err != nil {
					b.Fatal(err)
				}
				for sent += burst; sent-got > window; got++ {
					<-f.arrived
				}
			}
			for ; got < sent; got++ {
				<-f.arrived
			}
			b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(sent), "µs/event")
		})
	}
}

// BenchmarkLatency publishes one event at a time, each when the one before has been handled, and reports how long that takes.
func BenchmarkLatency(b *testing.B) {
	f := newFlow(b, false)
	var took []time.Duration
	for b.Loop() {
		if err := f.publish(b.Context(), len(took), 1); err != nil {
			b.Fatal(err)
		}
		took = append(took, <-f.arrived)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
