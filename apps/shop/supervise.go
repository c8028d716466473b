package main

import (
	"context"
	"errors"
	"sync"
)

// supervise runs front until ctx ends, with everything of back running behind it. When anything fails, everything stops; back stops after
// front. It returns when all have ended.
func supervise(ctx context.Context, back []func(context.Context) error, front func(context.Context) error) error {
	ctx, fail := context.WithCancel(ctx)
	defer fail()
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	failures := make(chan error, len(back))
	var running sync.WaitGroup
	for _, run := range back {
		running.Go(func() {
			if err := run(behind); err != nil {
				failures <- err
				fail()
			}
		})
	}
	err := front(ctx)
	stop()
	running.Wait()
	close(failures)
	for failure := range failures {
		err = errors.Join(err, failure)
	}
	return err
}
