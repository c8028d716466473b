package headrace

import "sync"

// solitude keeps what may kill the process apart from everything else in it. It is made of condition variables rather than a RWMutex
// because a wait for it can be long: as long as a handler runs.
type solitude struct {
	mu      sync.Mutex
	changed sync.Cond
	running int  // transactions that run beside each other
	careful bool // one event that may have killed a process runs
	alone   bool // somebody runs, or waits to run, with nothing beside it
}

func newSolitude() *solitude {
	s := &solitude{}
	s.changed.L = &s.mu
	return s
}

// alongside runs work beside other work, once nobody needs to be alone.
func (s *solitude) alongside(work func() error) error {
	s.mu.Lock()
	for s.alone {
		s.changed.Wait()
	}
	s.running++
	s.mu.Unlock()
	defer s.update(func() { s.running-- })
	return work()
}

// oneAtATime runs work that may kill the process, one at a time.
func (s *solitude) oneAtATime(work func() error) error {
	s.mu.Lock()
	for s.careful {
		s.changed.Wait()
	}
	s.careful = true
	s.mu.Unlock()
	defer s.update(func() { s.careful = false })
	return work()
}

// byItself runs work with nothing beside it. It waits for what runs now and keeps everything else waiting.
func (s *solitude) byItself(work func() error) error {
	s.mu.Lock()
	for s.alone {
		s.changed.Wait()
	}
	s.alone = true
	for s.running > 0 {
		s.changed.Wait()
	}
	s.mu.Unlock()
	defer s.update(func() { s.alone = false })
	return work()
}

// apart runs work that was tried so many times before without an answer: the first time beside other work, then by itself.
func (s *solitude) apart(tries int, work func() error) error {
	if tries == 0 {
		return s.alongside(work)
	}
	return s.byItself(work)
}

func (s *solitude) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.changed.Broadcast()
}
