// Package testserver starts servers of a test's own: on a free port of the loopback interface, with a folder that goes with the test, and
// ended by their process ids. A test may kill, pause and restart them; nobody else has them.
//
//	server := testserver.Redis(t, "appendonly yes", "appendfsync always")
//	broker, err := redis.NewBroker(redis.BrokerConfig{URL: server.URL()})
//	...
//	server.Kill()
//	server.Restart()
//
// The programs come from the machine; scripts/servers.sh installs what is missing. A test that needs one which is not there is skipped, and
// fails where CI is true. Functions and methods end the test when they cannot do what they say; call them from the test's goroutine.
package testserver
