// Package memory holds backends of Headrace in this process: a [Store], a [Broker] and a [Live], on the standard library alone. Tests and
// examples run on them with nothing installed, and they are the reference for what each promise of package driver means.
//
//	store := memory.NewStore(memory.StoreConfig{})
//	service := headrace.NewService(headrace.ServiceConfig{Name: "orders", Store: store, Handlers: handlers})
//	app := headrace.App{
//		Broker:   memory.NewBroker(memory.BrokerConfig{}),
//		Live:     memory.NewLive(),
//		Services: []*headrace.Service{service},
//	}
//	err := app.Run(ctx)
//
// # What is kept
//
// A Store keeps everything as long as it exists, whatever becomes of the App that used it: it is to an App what a database is to a process.
// [Store.Crash] is the sudden death of that process. There is no SQL; a service keeps its state in [State], which is part of the transaction
// like rows of tables would be:
//
//	func count(ctx context.Context, tx *headrace.Tx, e headrace.Event[Placed]) error {
//		return memory.State(tx).Set("last", []byte(e.ID))
//	}
//
// A Broker keeps the newest entries of every partition and forgets everything with the process. Nothing is lost by that, because
// journals are the truth: with a store that lasts, a Broker and a Live in memory are a complete system in one process.
//
// # Not obvious
//
// A Store has one writer at a time, so a handler that takes long holds up all other writers of the same Store. Readers and heartbeats
// never wait.
//
// [Broker.Bound] is 0: a relay appends nothing again after it was restarted, and groups catch up from history.
//
// Bytes are shared, not copied, between the journal, the stream and all who read them. Nobody may change them.
package memory
