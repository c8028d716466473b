package provider

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// TestManyProcessesOneFile: they open the provider's file at the same moment, when it does not exist, and ask the same things.
func TestManyProcessesOneFile(t *testing.T) {
	t.Parallel()
	const processes, keys = 8, 10
	for range 10 {
		path := filepath.Join(t.TempDir(), "provider.db")
		providers := make([]*Provider, processes)
		var all sync.WaitGroup
		for n := range providers {
			all.Go(func() {
				p, err := Open(t.Context(), Config{Path: path})
				if err != nil {
					t.Error(err)
					return
				}
				providers[n] = p
				for key := range keys {
					if _, err := p.Authorize(t.Context(), ask(fmt.Sprint("k", key), cardPays)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if t.Failed() {
			return
		}
		if holds, held, _, _ := providers[0].took(t); holds != keys || held != keys*500 {
			t.Errorf("%d holds of %d together, want %d", holds, held, keys)
		}
		for _, p := range providers {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
