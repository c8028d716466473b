package testserver

import (
	"net"
	"strings"
	"testing"
	"time"
)

func TestKillAndRestart(t *testing.T) {
	t.Parallel()
	kept, lost := Redis(t, "appendonly yes", "appendfsync always"), Redis(t)
	for _, s := range []*RedisServer{kept, lost} {
		if reply := s.Do("SET key value"); reply != "OK" {
			t.Fatalf("SET: %s", reply)
		}
		address, pid := s.Addr(), s.PID()
		s.Kill()
		if _, err := net.Dial("tcp", address); err == nil {
			t.Error("somebody answers at the address of a server that was killed")
		}
		s.Restart()
		if s.Addr() != address || s.PID() == pid {
			t.Errorf("restarted as process %d at %s; was %d at %s", s.PID(), s.Addr(), pid, address)
		}
	}
	if got := kept.Do("GET key"); got != "value" {
		t.Errorf("with an append-only file GET is %q after a restart", got)
	}
	if got := lost.Do("GET key"); got != "" {
		t.Errorf("without a file GET is %q after a restart", got)
	}
}

func TestStopAndContinue(t *testing.T) {
	t.Parallel()
	s := Redis(t)
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	s.Stop()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 16)
	if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(answer); err == nil {
		t.Errorf("a server that was stopped answers %q", answer[:n])
	}
	s.Continue()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(answer); err != nil || !strings.HasPrefix(string(answer[:n]), "+PONG") {
		t.Errorf("after the pause it answers %q, %v", answer[:n], err)
	}
}

func TestReplicaAndSentinel(t *testing.T) {
	t.Parallel()
	master := Redis(t)
	master.Do("SET key value")
	replica := RedisReplica(t, master)
	if got := replica.Do("GET key"); got != "value" {
		t.Errorf("the replica has %q", got)
	}
	sentinel := RedisSentinel(t, master)
	master.Kill()
	replica.awaitThat("it is the master", func() bool { return replica.Info("role") == "master" })
	sentinel.awaitThat("it says so", func() bool {
		return strings.Contains(sentinel.Do("INFO sentinel"), "address="+replica.Addr())
	})
}

func TestCluster(t *testing.T) {
	t.Parallel()
	moved := 0
	for _, node := range RedisCluster(t) {
		if strings.HasPrefix(node.Do("SET key value"), "-MOVED") {
			moved++
		}
	}
	if moved != 2 {
		t.Errorf("%d of 3 nodes say that a key is elsewhere", moved)
	}
}
