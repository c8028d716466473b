package drivertest

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"

	"github.com/headrace/headrace/driver"
)

func (w *liveWorld) serve(subject string, limit int, answer func(context.Context, []byte) []byte) driver.Server {
	w.Helper()
	s, err := w.live.Serve(subject, limit, answer)
	w.must(err, "serve "+subject)
	w.Cleanup(s.Close)
	return s
}

// ask asks and wants an answer.
func (w *liveWorld) ask(subject, question string) string {
	w.Helper()
	reply, err := w.live.Request(w.ctx, subject, []byte(question))
	w.must(err, "ask "+subject)
	return string(reply)
}

func liveOneAnswers(w *liveWorld) {
	var answers [3]atomic.Int64
	for i := range answers {
		w.serve("history.orders", 2, func(_ context.Context, question []byte) []byte {
			answers[i].Add(1)
			return append([]byte("re: "), question...)
		})
	}
	w.serve("history.stock", 1, func(context.Context, []byte) []byte { return []byte("another subject") })
	const questions = 60
	w.each(questions, "ask", func(i int) error {
		question := fmt.Sprint("question ", i)
		reply, err := w.live.Request(w.ctx, "history.orders", []byte(question))
		if err == nil && string(reply) != "re: "+question {
			err = fmt.Errorf("%s is answered %q", question, reply)
		}
		return err
	})
	total := int64(0)
	for i := range answers {
		total += answers[i].Load()
	}
	equal(w.world, total, questions, "answers given")
}

func liveNobody(w *liveWorld) {
	_, err := w.live.Request(w.ctx, "history.orders", nil)
	w.wantError(err, driver.ErrNobody, "ask before somebody serves")
	s := w.serve("history.orders", 1, func(context.Context, []byte) []byte { return []byte("yes") })
	equal(w.world, w.ask("history.orders", ""), "yes", "answer")
	s.Close()
	_, err = w.live.Request(w.ctx, "history.orders", nil)
	w.wantError(err, driver.ErrNobody, "ask after the server has closed")
}

func liveGivesUp(w *liveWorld) {
	begun, ended := make(chan bool, 1), make(chan bool, 1)
	w.serve("slow", 1, func(ctx context.Context, _ []byte) []byte {
		begun <- true
		<-ctx.Done()
		ended <- true
		return nil
	})
	ctx, cancel := context.WithCancel(w.ctx)
	asked := beside(w.world, func() ([]byte, error) { return w.live.Request(ctx, "slow", nil) })
	w.signalled(begun, "the question arrives")
	cancel()
	_, err := asked.wait(w.world, "a question that was given up")
	w.wantError(err, context.Canceled, "ask and give up")

	short, cancel := context.WithTimeout(w.ctx, moment)
	defer cancel()
	w.signalled(ended, "the answer of a question that was given up ends")
	_, err = w.live.Request(short, "slow", nil)
	w.wantError(err, context.DeadlineExceeded, "ask until a deadline")
	w.signalled(ended, "the answer of a question whose time is over ends")
}

func liveLimit(w *liveWorld) {
	var now, most atomic.Int64
	begun, release := make(chan bool, 100), make(chan bool)
	w.serve("busy", 2, func(context.Context, []byte) []byte {
		defer now.Add(-1)
		for n := now.Add(1); ; {
			if before := most.Load(); n <= before || most.CompareAndSwap(before, n) {
				break
			}
		}
		begun <- true
		<-release
		return nil
	})
	asked := make([]*call[[]byte], 8)
	for i := range asked {
		asked[i] = beside(w.world, func() ([]byte, error) { return w.live.Request(w.ctx, "busy", nil) })
	}
	w.signalled(begun, "a first answer begins")
	w.signalled(begun, "a second answer begins")
	close(release)
	for _, a := range asked {
		_, err := a.wait(w.world, "a question that had to wait")
		w.must(err, "ask a busy server")
	}
	equal(w.world, most.Load(), 2, "answers at the same time")
}

func liveServerCloses(w *liveWorld) {
	begun := make(chan bool, 1)
	var finished atomic.Bool
	s := w.serve("closing", 1, func(ctx context.Context, _ []byte) []byte {
		begun <- true
		<-ctx.Done() // Close says so
		finished.Store(true)
		return []byte("done")
	})
	asked := beside(w.world, func() ([]byte, error) { return w.live.Request(w.ctx, "closing", nil) })
	w.signalled(begun, "the question arrives")
	w.each(2, "close at once", func(int) error { s.Close(); return nil })
	equal(w.world, finished.Load(), true, "the answer had ended when Close returned")
	reply, err := asked.wait(w.world, "a question that was being answered")
	w.must(err, "ask a server that closes")
	equal(w.world, string(reply), "done", "the last answer")
}

func liveLarge(w *liveWorld) {
	w.serve("large", 1, func(_ context.Context, question []byte) []byte { return question })
	large := bytes.Repeat([]byte("headrace"), driver.MaxLiveSize/8)
	equal(w.world, len(w.ask("large", string(large))), len(large), "size of the answer")
	if _, err := w.live.Request(w.ctx, "large", append(large, '!')); err == nil {
		w.Error("a question over MaxLiveSize is no error")
	}
}

// signalled waits for a signal.
func (w *world) signalled(c <-chan bool, what string) {
	w.Helper()
	select {
	case <-c:
	case <-w.ctx.Done():
		w.Fatalf("waited in vain until %s", what)
	}
}
