package redis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
)

func echo(_ context.Context, data []byte) []byte { return data }

func serve(t *testing.T, l *redis.Live, subject string, answer func(context.Context, []byte) []byte) driver.Server {
	t.Helper()
	s, err := l.Serve(subject, 1, answer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// eventually tries again until something works, for as long as a test may wait.
func eventually(t *testing.T, what string, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for again := time.NewTicker(10 * time.Millisecond); ; <-again.C {
		once, done := context.WithTimeout(ctx, time.Second)
		err := try(once)
		done()
		switch {
		case err == nil:
			return
		case ctx.Err() != nil:
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// TestLiveWhoseServerDies has a listener, a server and a question under way when Redis ends. The listener is told, the question fails, the
// server answers again when Redis is back, and nobody who comes meanwhile is held up.
func TestLiveWhoseServerDies(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	here, there := newLive(t, redis.LiveConfig{URL: server.URL()}), newLive(t, redis.LiveConfig{URL: server.URL()})
	begun := make(chan bool, 1)
	serve(t, there, "echo", echo)
	serve(t, there, "slow", func(ctx context.Context, _ []byte) []byte { begun <- true; <-ctx.Done(); return nil })
	sub, err := here.Subscribe("event.>", 10)
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := here.Request(t.Context(), "slow", nil)
		failed <- err
	}()
	<-begun
	server.Kill()
	for range sub.Messages() {
		t.Error("something was heard")
	}
	if !sub.Lost() {
		t.Error("a subscription whose connection broke is not lost")
	}
	if err := <-failed; err == nil {
		t.Error("a question whose answer cannot come has one")
	}
	start := time.Now()
	for range 100 {
		if _, err := here.Subscribe("event.>", 10); err == nil {
			t.Fatal("subscribing without a server is no error")
		}
		_ = here.Publish(t.Context(), "event.a", nil)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("a hundred attempts without a server took %v", d)
	}
	start = time.Now()
	for range 10 {
		serve(t, there, "echo", echo).Close()
	}
	if d := time.Since(start); d > 4*time.Second {
		t.Errorf("ten servers that close without Redis took %v", d)
	}
	server.Restart()
	eventually(t, "ask after the restart", func(ctx context.Context) error {
		reply, err := here.Request(ctx, "echo", []byte("again"))
		if err == nil && string(reply) != "again" {
			err = errors.New(string(reply))
		}
		return err
	})
	eventually(t, "listen after the restart", func(context.Context) error {
		sub, err := here.Subscribe("event.>", 10)
		if err != nil {
			return err
		}
		defer sub.Close()
		if err := there.Publish(t.Context(), "event.a", []byte("heard")); err != nil {
			return err
		}
		if m := <-sub.Messages(); string(m.Data) != "heard" {
			t.Errorf("heard %q", m.Data)
		}
		return nil
	})
}

// TestLiveThatIsClosedWhileItsServerIsDown must end all the same.
func TestLiveThatIsClosedWhileItsServerIsDown(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	l := newLive(t, redis.LiveConfig{URL: server.URL()})
	serve(t, l, "echo", echo)
	sub, err := l.Subscribe("event.>", 10)
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	for range sub.Messages() {
		t.Error("something was heard")
	}
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
}

// TestAServerThatStandsStillKeepsNoQuestion has two who serve, of which one hears every question and never has time.
func TestAServerThatStandsStillKeepsNoQuestion(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	stuck, well := newLive(t, redis.LiveConfig{URL: server.URL()}), newLive(t, redis.LiveConfig{URL: server.URL()})
	begun := make(chan bool, 1)
	serve(t, stuck, "echo", func(ctx context.Context, _ []byte) []byte { begun <- true; <-ctx.Done(); return nil })
	ctx, giveUp := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := well.Request(ctx, "echo", nil)
		ended <- err
	}()
	<-begun
	serve(t, well, "echo", echo)
	for range 50 {
		if reply, err := stuck.Request(t.Context(), "echo", []byte("hello")); err != nil || string(reply) != "hello" {
			t.Fatalf("answered %q, %v", reply, err)
		}
	}
	giveUp()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the question that was given up: %v", err)
	}
}

func TestLiveOnACluster(t *testing.T) {
	t.Parallel()
	nodes := testserver.RedisCluster(t)
	here, there := newLive(t, redis.LiveConfig{URL: nodes[0].URL()}), newLive(t, redis.LiveConfig{URL: nodes[2].URL()})
	serve(t, there, "echo", echo)
	eventually(t, "ask over the cluster", func(ctx context.Context) error {
		_, err := here.Request(ctx, "echo", []byte("hello"))
		return err
	})
	sub, err := here.Subscribe("event.*.placed", 10)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	eventually(t, "hear over the cluster", func(ctx context.Context) error {
		if err := there.Publish(ctx, "event.orders.placed", nil); err != nil {
			return err
		}
		select {
		case <-sub.Messages():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func TestLiveOfAUser(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, "user live on >secret resetchannels &headrace:* &headrace:live:event.* ~headrace:{claim}:* -@all "+
		"+hello +ping +publish +subscribe +unsubscribe +psubscribe +punsubscribe +set +info")
	l := newLive(t, redis.LiveConfig{URL: "redis://live:secret@" + server.Addr()})
	serve(t, l, "echo", echo)
	if _, err := l.Request(t.Context(), "echo", nil); err != nil {
		t.Error(err)
	}
	for _, pattern := range []string{"event.a", "event.*"} {
		sub, err := l.Subscribe(pattern, 1)
		if err != nil {
			t.Fatal(err)
		}
		sub.Close()
	}
	other := newLive(t, redis.LiveConfig{URL: "redis://live:secret@" + server.Addr(), Prefix: "other"})
	if _, err := other.Subscribe("event.a", 1); err == nil {
		t.Error("listening to somebody else's channels is no error")
	}
	if _, err := other.Serve("echo", 1, echo); err == nil {
		t.Error("serving on somebody else's channels is no error")
	}
}
