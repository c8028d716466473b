package headrace

import "context"

// Run runs the services until ctx ends, then stops them in an orderly way: it stops reading, finishes what runs, commits, and gives its
// leases back. It returns nil after such a stop, and an error if it could not start. All its goroutines have ended when it returns. A
// process that dies instead loses nothing either.
func (a *App) Run(ctx context.Context) error {
	a.Ready()
	if err := a.Check(); err != nil {
		return err
	}
	panic("being written")
}
