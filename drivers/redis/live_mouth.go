package redis

import (
	"context"
	"errors"
	"sync"

	"github.com/redis/rueidis"
)

const (
	mouthBuffer = 8192 // messages that wait to be sent
	mouthBatch  = 256  // and are sent together, at most
)

// errTooFast means that messages come faster than Redis takes them.
var errTooFast = errors.New("redis: live is behind: the message is dropped")

// mouth sends messages in the background, in their order and many at a time.
type mouth struct {
	live     *Live
	messages chan message
	running  sync.WaitGroup
}

type message struct {
	channel string
	data    []byte
}

func startMouth(l *Live) *mouth {
	m := &mouth{live: l, messages: make(chan message, mouthBuffer)}
	m.running.Go(m.run)
	return m
}

// say sends a message, or drops it when too many wait.
func (m *mouth) say(channel string, data []byte) error {
	select {
	case m.messages <- message{channel, data}:
		return nil
	default:
		return errTooFast
	}
}

// run sends until Live is closed, and then what was said before.
func (m *mouth) run() {
	for {
		select {
		case first := <-m.messages:
			m.send(m.take(first))
		case <-m.live.closed:
			return
		}
	}
}

func (m *mouth) take(first message) []message {
	batch := []message{first}
	for len(batch) < mouthBatch {
		select {
		case next := <-m.messages:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// send sends messages once. Those that do not arrive are lost.
func (m *mouth) send(batch []message) {
	ctx, cancel := context.WithTimeout(context.Background(), m.live.timeout)
	defer cancel()
	client, err := m.live.client(ctx)
	if err != nil {
		m.live.log.Debug("redis: live messages are lost", "count", len(batch), "error", err)
		return
	}
	commands := make([]rueidis.Completed, len(batch))
	for i, one := range batch {
		commands[i] = client.B().Publish().Channel(one.channel).Message(rueidis.BinaryString(one.data)).Build()
	}
	for _, r := range client.DoMulti(ctx, commands...) {
		if err := r.Error(); err != nil {
			m.live.log.Debug("redis: live messages are lost", "count", len(batch), "error", err)
			return
		}
	}
}
