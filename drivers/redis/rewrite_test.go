package redis

import (
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/drivers/testserver"
)

// TestStreamsThatCannotBeSetBackAreWrittenAnew runs the script as servers since 8.0 do, which refuse to set a stream back behind what was deleted.
func TestStreamsThatCannotBeSetBackAreWrittenAnew(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	options, err := ClientOptions(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	client, err := rueidis.NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	refused := strings.ReplaceAll(removeScript, "redis.pcall('XSETID'", "redis.pcall('REFUSED'")
	if refused == removeScript {
		t.Fatal("the script does not set streams back")
	}
	const key = "headrace:{0}:orders:7"
	for _, command := range []string{
		"XADD KEY 1-1 m one d 1", "XADD KEY 1-2 m two d 2", "XGROUP CREATE KEY billing 1-1", "XADD KEY * some thing", "XGROUP CREATE KEY shipping $",
	} {
		if reply := server.Do(strings.ReplaceAll(command, "KEY", key)); strings.HasPrefix(reply, "-") {
			t.Fatalf("%s: %s", command, reply)
		}
	}
	foreign := server.Do("XADD " + key + " * another thing")
	remove := func(id string) {
		t.Helper()
		err := client.Do(t.Context(), client.B().Eval().Script(refused).Numkeys(2).Key(key, key+rewritten).Arg(id).Build()).Error()
		if err != nil {
			t.Fatal(err)
		}
	}
	remove(foreign)
	info, err := client.Do(t.Context(), client.B().XinfoStream().Key(key).Build()).AsMap()
	if err != nil {
		t.Fatal(err)
	}
	last := info["last-generated-id"]
	top, _ := last.ToString()
	remove(top)
	if reply := server.Do("XADD " + key + " 1-3 m three d 3"); reply != "1-3" {
		t.Errorf("the next event is answered %q", reply)
	}
	for group, want := range map[string]string{"billing": "1-2", "shipping": "1-3"} {
		read := client.B().Xreadgroup().Group(group, "owner").Count(1).Streams().Key(key).Id(">").Build()
		streams, err := client.Do(t.Context(), read).AsXRead()
		if err != nil || len(streams[key]) != 1 || streams[key][0].ID != want {
			t.Errorf("%s reads %v, %v; want %s", group, streams, err, want)
		}
	}
	if n := server.Do("XLEN " + key); n != ":3" {
		t.Errorf("the stream has %s entries, want 3", n)
	}
	if reply := server.Do("EXISTS " + key + rewritten); reply != ":0" {
		t.Error("a stream that was written anew is left under its other name")
	}
}
