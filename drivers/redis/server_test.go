package redis

import "testing"

func TestServersThatAreTooOld(t *testing.T) {
	t.Parallel()
	for version, fit := range map[string]bool{
		"5.0.14": false, "6.0.16": false, "6.1.240": false, "6.2.0": true, "6.10.1": true, "7.0.15": true, "8.2": true, "10.0.0": true,
		"": true, "unstable": true, "6": true,
	} {
		s := readInfo("# Server\r\nredis_version:" + version + "\r\nuptime_in_seconds:1\r\n")
		if err := s.check(); (err == nil) != fit {
			t.Errorf("version %q: %v", version, err)
		}
	}
}

func TestServersThatEvict(t *testing.T) {
	t.Parallel()
	for policy, evicts := range map[string]bool{"noeviction": false, "allkeys-lru": true, "volatile-ttl": true, "": false} {
		if s := readInfo("maxmemory:0\r\nmaxmemory_policy:" + policy + "\r\n"); s.evicts() != evicts {
			t.Errorf("policy %q: evicts is %v", policy, s.evicts())
		}
	}
	if readInfo("").evicts() {
		t.Error("a server that says nothing evicts")
	}
}
